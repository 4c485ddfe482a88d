"""Parquet: read some rows at a time, once the heads of its pages have said what they will take."""

import os
from collections.abc import Iterator, Sequence
from typing import IO, Any

from storage.formats.columns import Columns, check_swelling, names_of, pyarrow_itself
from storage.formats.format import rows_at_once
from storage.formats.parquet_pages import Chunk, chunks, pages
from storage.formats.source import Source

_ROWS_OF_A_GROUP = 1 << 15
_BYTES_AT_ONCE = 1 << 20
_OF_A_VALUE = 4  # bytes of the smallest values that are read


class Parquet(Columns):
    """A Parquet file."""

    name = "parquet"
    title = "Parquet, for pandas, Polars, DuckDB (needs the extra `parquet`)"
    suffixes = (".parquet",)

    def recognizes(self, head: bytes) -> bool:
        """Parquet's first bytes."""
        return head.startswith(b"PAR1")

    def _batches(self, source: Source, file: IO[bytes]) -> Iterator[Any]:
        from pyarrow.parquet import ParquetFile

        options = {"pre_buffer": False, "buffer_size": _BYTES_AT_ONCE}
        columns = names_of(source, ParquetFile(file, **options).schema_arrow)
        found = chunks(file)
        _check_chunks(source, file, found)
        longest = max((-(-chunk.values // max(chunk.rows, 1)) for chunk in found), default=1)
        # a dictionary's words stay in it, else one that is long could be repeated a thousand times
        in_dictionary = columns[:1] if any(chunk.in_dictionary for chunk in found) else []
        reader = ParquetFile(file, read_dictionary=in_dictionary, **options)
        yield from reader.iter_batches(rows_at_once(max(longest, 1)), columns=columns, use_threads=False)

    def _writer(self, file: IO[bytes], schema: Any) -> Any:
        from pyarrow.parquet import ParquetWriter

        return _RowGroups(ParquetWriter(file, schema, compression="zstd", use_dictionary=False))


class _RowGroups:
    """A Parquet writer that gathers blocks until they are worth a row group."""

    def __init__(self, writer: Any) -> None:
        self.writer, self.rows = writer, 0
        self.held: list[Any] = []

    def __enter__(self) -> "_RowGroups":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if error is None:
            self.flush()
        self.writer.close()

    def write_batch(self, batch: Any) -> None:
        self.held.append(batch)
        self.rows += batch.num_rows
        if self.rows >= _ROWS_OF_A_GROUP:
            self.flush()

    def flush(self) -> None:
        if self.held:
            self.writer.write_table(pyarrow_itself().Table.from_batches(self.held))
        self.held, self.rows = [], 0


def _check_chunks(source: Source, file: IO[bytes], found: Sequence[Chunk]) -> None:
    """Refuse a file whose pages would take too much.

    Raises:
        InputError: they would, or they lie over each other, so that looking at them all could take any time.
    """
    if sum(chunk.length for chunk in found) > file.seek(0, os.SEEK_END):
        raise source.wrong("its columns have more bytes than the file")
    needed = 0
    for chunk in found:
        for page in pages(file, chunk.first, chunk.length):
            needed += max(page.unpacked, _OF_A_VALUE * page.values)
            check_swelling(source, needed)
