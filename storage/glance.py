"""A glance into a store: its models and the words that begin so, read in milliseconds, without NumPy.

For completion in a shell, where even importing NumPy would be felt at each press of a key.
"""

from contextlib import closing
from pathlib import Path

from storage.catalog import Catalog
from storage.connection import explained, open_for_reading
from storage.models import ModelInfo

_PATIENCE = 0.2  # seconds; whoever writes meanwhile is more important than a completion
_LAST_LETTER = "\U0010ffff"


def catalog_of(path: Path) -> Catalog:
    """The models and their tags.

    Raises:
        StoreError: the file cannot be read.
    """
    connection, _ = open_for_reading(path, _PATIENCE)
    with closing(connection), explained(path):
        return Catalog.read(connection)


def words_beginning(path: Path, info: ModelInfo, beginning: str, most: int) -> list[str]:
    """At most `most` words of a model that begin so, with these very capitals and accents, the most frequent first.

    Raises:
        StoreError: the file cannot be read.
    """
    connection, _ = open_for_reading(path, _PATIENCE)
    # rows were stored in the order of their ranks, so the index on (model, word) answers without reading any vector
    query = "SELECT word FROM words WHERE model = ? AND word >= ? AND word <= ? ORDER BY rowid LIMIT ?"
    with closing(connection), explained(path):
        rows = connection.execute(query, [info.order, beginning, beginning + _LAST_LETTER, most]).fetchall()
    return [word for (word,) in rows]
