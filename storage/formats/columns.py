"""Tables with the columns `word`, `count` and `vector`, as Parquet and Arrow have them; pyarrow is an optional extra.

pyarrow reads without threads of its own: these would call our files, which are Python's, and could wait for each other.
What a file will take when it is unpacked is looked up before pyarrow unpacks any of it.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np

from storage.embeddings import Floats
from storage.errors import InputError, SettingError
from storage.formats.format import Block, Format, Table
from storage.formats.numpy_array import as_float32
from storage.formats.source import LONGEST_WORD, Source
from storage.formats.target import Target
from storage.formats.text_rows import check_dimensions

_WORDS = ("word", "token", "text", "id", "key", "name")
_VECTORS = ("vector", "embedding", "embeddings", "vectors")
_COUNTS = ("count", "freq", "frequency")
_ROWS_AT_ONCE = 1 << 10
_MOST_UNPACKED = 100  # times the bytes of the file
_UNPACKED_ANYWAY = 1 << 26


class Columns(Format):
    """What both have in common: a column of words, one of vectors and, where counts are known, one of these."""

    counts = True

    def read(self, source: Source) -> Iterator[Block]:
        """Its words and vectors."""
        row, held = 0, 0
        pyarrow_itself()
        with source.seekable() as file, _explained(source):
            for batch in self._batches(source, file):
                held += batch.nbytes
                check_swelling(source, held)
                batch.validate(full=True)  # else pyarrow would follow a damaged file's offsets out of its memory
                yield from _blocks(source, batch, row)
                row += batch.num_rows

    def write(self, table: Table, target: Target) -> None:
        """Write it, some rows at a time."""
        arrow = pyarrow_itself()
        columns = {"word": arrow.string(), "vector": arrow.list_(arrow.float32(), table.dimensions)}
        counts = {"count": arrow.int64()} if table.counted else {}
        about = {f"firth.{name}": str(value) for name, value in table.about.items()}
        schema = arrow.schema({**columns, **counts}, metadata=about)
        with self._writer(target.open(), schema) as writer:
            for block in table.blocks():
                writer.write_batch(_batch(arrow, block, schema))

    @abstractmethod
    def _batches(self, source: Source, file: IO[bytes]) -> Iterator[Any]:
        """Record batches of the file.

        Raises:
            InputError: it would take too much, or is cut off.
        """

    @abstractmethod
    def _writer(self, file: IO[bytes], schema: Any) -> Any:
        """What record batches are written to."""


def check_swelling(source: Source, unpacked: int) -> None:
    """Refuse a file that has swollen so far that it is no file of vectors."""
    if unpacked > _UNPACKED_ANYWAY + _MOST_UNPACKED * source.tally.bytes_read:
        raise source.wrong(f"more than {_MOST_UNPACKED} times its bytes come out of it, which no vectors do")


def pyarrow_itself() -> Any:
    """The package, imported where it is needed.

    Raises:
        SettingError: it is not installed; names the extra.
    """
    try:
        import pyarrow
    except ImportError:
        raise SettingError(
            "Parquet and Arrow need pyarrow: pip install 'firth[parquet]', or pip install pyarrow"
        ) from None
    return pyarrow


@contextmanager
def _explained(source: Source) -> Iterator[None]:
    """Whatever pyarrow says about a damaged file, as an `InputError` that names it."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged bytes have led to each of Python's errors there
        raise source.wrong(f"is damaged or cannot be read: {error}") from None


def _batch(arrow: Any, block: Block, schema: Any) -> Any:
    rows = np.ascontiguousarray(block.rows, np.float32)
    values = {"word": block.words, "count": block.counts}
    arrays = [arrow.array(values[name], schema.field(name).type) for name in schema.names if name in values]
    vectors = arrow.FixedSizeListArray.from_arrays(arrow.array(rows.ravel()), rows.shape[1])
    arrays.insert(schema.get_field_index("vector"), vectors)
    return arrow.record_batch(arrays, schema=schema)


def _blocks(source: Source, batch: Any, row: int) -> Iterator[Block]:
    """A batch of any length as blocks."""
    words, vectors, *counted = map(batch.column, names_of(source, batch.schema))
    counts = counted[0] if counted else None
    _check_dictionary(source, words)
    for begin in range(0, batch.num_rows, _ROWS_AT_ONCE):
        first, some = row + begin, slice(begin, begin + _ROWS_AT_ONCE)
        texts = _whole(source, words[some], first).to_pylist()
        numbers = None if counts is None else _whole(source, counts[some], first).to_pylist()
        yield Block(texts, _matrix(source, vectors[some], first), numbers)


def names_of(source: Source, schema: Any) -> list[str]:
    """The columns of words, of vectors and, where there is one, of counts."""
    import pyarrow.types as kinds

    words = _name(source, schema, "words", _WORDS, _is_text)
    vectors = _name(source, schema, "vectors", _VECTORS, _is_vector)
    counts = [field for field in schema if field.name.lower() in _COUNTS][:1]
    return [words, vectors, *(field.name for field in counts if kinds.is_integer(field.type))]


def _name(source: Source, schema: Any, what: str, names: Sequence[str], fits: Callable[[Any], bool]) -> str:
    """The column of words or of vectors: the first that is named so, or the only one of such a type."""
    fitting = [field.name for field in schema if fits(field.type)]
    named = [name for name in fitting if name.lower() in names]
    if not named and len(fitting) != 1:
        found = ", ".join(f"{field.name} ({field.type})" for field in schema)
        raise source.wrong(f"no column is surely that of the {what}; call it {names[0]!r}. There are: {found}")
    return str((named or fitting)[0])


def _check_dictionary(source: Source, words: Any) -> None:
    """Refuse words in a dictionary that are too long, since each can stand there once for a thousand rows."""
    import pyarrow.types as kinds
    from pyarrow import compute

    if kinds.is_dictionary(words.type):
        longest = compute.max(compute.binary_length(words.dictionary)).as_py() or 0
        if longest > LONGEST_WORD:
            raise source.wrong(f"a word of {longest:,} bytes, of {LONGEST_WORD:,} at most")


def _is_text(kind: Any) -> bool:
    import pyarrow.types as kinds

    if kinds.is_dictionary(kind):
        return _is_text(kind.value_type)
    return any(check(kind) for check in (kinds.is_string, kinds.is_large_string, kinds.is_string_view))


def _is_vector(kind: Any) -> bool:
    import pyarrow.types as kinds

    is_list = kinds.is_fixed_size_list(kind) or kinds.is_list(kind) or kinds.is_large_list(kind)
    return bool(is_list and (kinds.is_floating(kind.value_type) or kinds.is_integer(kind.value_type)))


def _whole(source: Source, column: Any, row: int) -> Any:
    """A column in which nothing is missing."""
    if column.null_count:
        place = column.is_null().to_pylist().index(True)
        raise source.wrong(f"row {row + place} (the first is 0) has a missing value")
    return column


def _matrix(source: Source, vectors: Any, row: int) -> Floats:
    """(n, D) float32, of a column of lists that are all of one length."""
    from pyarrow import compute

    lengths = compute.list_value_length(_whole(source, vectors, row)).unique().to_pylist()
    if len(lengths) != 1:
        raise source.wrong(f"after row {row} (the first is 0) are vectors of different lengths: {lengths[:5]}")
    check_dimensions(source, lengths[0])
    flat = _whole(source, vectors.flatten(), row)
    return as_float32(flat.to_numpy(zero_copy_only=False).reshape(-1, lengths[0]))
