"""Arrow: its IPC file, which Feather is too, and its stream; its messages say beforehand what they will take."""

from collections.abc import Iterator
from typing import IO, Any

from storage.formats.arrow_messages import promised, unpacked
from storage.formats.columns import Columns, check_swelling
from storage.formats.source import Source

_ARROW = b"ARROW1\0\0"


class Arrow(Columns):
    """A file of Arrow's IPC format, which is Feather's too; a stream of it is read as well."""

    name = "arrow"
    title = "Arrow's IPC file, or Feather (needs the extra `parquet`)"
    suffixes = (".arrow", ".feather")

    def recognizes(self, head: bytes) -> bool:
        """The first bytes of a file, or of a stream."""
        return head.startswith((_ARROW, b"\xff\xff\xff\xff"))

    def _batches(self, source: Source, file: IO[bytes]) -> Iterator[Any]:
        from pyarrow import ipc

        is_file = file.read(len(_ARROW)) == _ARROW
        batches = promised(file) if is_file else None
        first, needed, came = len(_ARROW) if is_file else 0, 0, 0  # in a file, too, stands a stream
        file.seek(first)
        for message in unpacked(file):
            needed += message
            check_swelling(source, needed)
        file.seek(first)
        for batch in ipc.open_stream(file, options=ipc.IpcReadOptions(use_threads=False)):
            came += 1
            yield batch
        if batches not in (None, came):
            raise source.wrong(f"{came} record batches came of {batches}")

    def _writer(self, file: IO[bytes], schema: Any) -> Any:
        from pyarrow import ipc

        return ipc.new_file(file, schema)
