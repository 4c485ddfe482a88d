"""The formats there are: found by name, by a file's name, and by what a file holds."""

from pathlib import Path

from storage.errors import InputError, SettingError
from storage.formats.arrow import Arrow
from storage.formats.fasttext_bin import FastTextBin
from storage.formats.fasttext_vec import FasttextVec
from storage.formats.format import Format
from storage.formats.gensim_saved import GensimSaved
from storage.formats.glove import Glove
from storage.formats.llm_tables import LlmTables
from storage.formats.numpy_array import NumpyArray
from storage.formats.parquet import Parquet
from storage.formats.projector import Projector
from storage.formats.safetensors import Safetensors
from storage.formats.source import Source
from storage.formats.target import unpacked_name
from storage.formats.word2vec_binary import Word2vecBinary
from storage.formats.word2vec_text import Word2vecText

FORMATS: tuple[Format, ...] = (
    LlmTables(),
    GensimSaved(),
    Parquet(),
    Arrow(),
    NumpyArray(),
    Safetensors(),
    Projector(),
    Word2vecText(),
    Word2vecBinary(),
    Glove(),
    FasttextVec(),
    FastTextBin(),
)
"""In the order in which a file is tried, the surest signs first."""
NAMES = tuple(sorted(format_.name for format_ in FORMATS))


def named(name: str) -> Format:
    """The format of a name.

    Raises:
        SettingError: there is none.
    """
    for format_ in FORMATS:
        if format_.name == name:
            return format_
    raise SettingError(f"format is {name!r}; allowed: {', '.join(NAMES)}")


def meant(path: Path) -> Format:
    """The format that a file's name stands for.

    Raises:
        SettingError: it stands for none.
    """
    suffix = unpacked_name(path).suffix.lower()
    for format_ in FORMATS:
        if suffix in format_.suffixes:
            return format_
    known = ", ".join(f"{suffix} ({format_.name})" for format_ in FORMATS for suffix in format_.suffixes)
    raise SettingError(f"{path.name}: the suffix says no format; name it with --format, or use one of {known}")


def detect(source: Source) -> Format:
    """The format of a file, by what it holds.

    Raises:
        InputError: it is none of these, or cannot be read.
    """
    head = source.head()
    for format_ in FORMATS:
        if format_.recognizes(head):
            return format_
    raise InputError(f"{source.name} is recognized as none of {', '.join(NAMES)}; --format says what it is")
