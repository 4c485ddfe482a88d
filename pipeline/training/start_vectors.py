"""Vectors to start from, out of a text file: a word and its D numbers on each line.

That is word2vec's text format, whose first line has the number of words and D, and GloVe's, which has no such line.
Blanks or tabs are between them. A first line of two whole numbers is the one of word2vec, unless D is 1 and the second
is not 1. Of a word that stands twice the first line counts. Words with blanks in them, of which GloVe has a few, can be
in no vocabulary and are passed over.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.text.corpus import Source, blocks
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.batch import Floats
from pipeline.training.beginning import Beginning, from_nothing
from pipeline.training.glove.factors import Factors
from pipeline.training.parameters import Parameters
from storage.errors import InputError
from storage.packed import Tally

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class StartVectors:
    """A file of vectors, in UTF-8, packed or not as its name says.

    Attributes:
        path: of the file.
        sha256: of its bytes.
    """

    path: Path
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "StartVectors":
        """A file that is there.

        Raises:
            InputError: it is none, or cannot be read.
        """
        if not path.is_file():
            raise InputError(f"--start-vectors {path} is not a file")
        return cls(path, Source(str(path), path).tally().digest.hexdigest())

    def fill(self, vectors: Floats, vocabulary: Vocabulary) -> dict[str, Any]:
        """Put the vectors of words that the vocabulary has into their rows; returns what to tell of it.

        Args:
            vectors: (V, D), changed in place.
            vocabulary: the V words.

        Raises:
            InputError: the file is damaged or no text, its vectors have not D dimensions, or a line is wrong: the
                message names file and line.
        """
        found: set[int] = set()
        dimensions, number, total = vectors.shape[1], 0, None
        for number, line in self._lines():
            if number == 1 and (header := _header(line, dimensions)):
                total = header[0]
                self._require(header[1] == dimensions, 1, f"vectors of {header[1]} dimensions, not {dimensions}")
                continue
            word, values = self._read(number, line, dimensions)
            row = vocabulary.ids.get(word)
            if row is not None and row not in found:
                found.add(row)
                vectors[row] = values
        read = number - (total is not None)
        self._require(read > 0, max(number, 1), "no vector")
        self._require(total in (None, read), number, f"the last line; {total} vectors were to come, {read} came")
        return {"file": str(self.path), "sha256": self.sha256, "vectors": read, "found": len(found)}

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Each line with its number, from 1, without blanks at its ends; empty ones at the end of the file are none."""
        number, held, empty = 0, "", 0
        for block in self._blocks():
            *lines, held = (held + block).split("\n")
            for line in lines:
                number += 1
                if stripped := line.strip(" \t\r"):
                    self._require(not empty, empty, "an empty line")
                    yield number, stripped
                else:
                    empty = empty or number

    def _blocks(self) -> Iterator[str]:
        try:
            yield from blocks(Source(str(self.path), self.path), TokenSettings(), Tally())
        except InputError as error:
            what = str(error).partition(";")[0]  # the rest is about options for a corpus
            raise InputError(
                f"--start-vectors: {what}; vectors are read as text in UTF-8: save them so, not in a binary format"
            ) from error

    def _read(self, number: int, line: str, dimensions: int) -> tuple[str, list[float]]:
        """A line's word and numbers."""
        fields = [field for field in line.replace("\t", " ").split(" ") if field]
        wanted = f"a word and {dimensions} numbers"
        self._require(len(fields) > dimensions, number, f"{len(fields)} fields, not {wanted}")
        word, values = fields[:-dimensions], [_number(field) for field in fields[-dimensions:]]
        self._require(not any(map(_is_number, word[1:])), number, f"{len(fields)} fields, not {wanted}")
        for field, value in zip(fields[-dimensions:], values, strict=True):
            self._require(abs(value) <= LARGEST, number, f"{field!r} is no finite number; {wanted} are wanted")
        return " ".join(word), values

    def _require(self, fine: bool, number: int, complaint: str) -> None:
        if not fine:
            raise InputError(f"--start-vectors {self.path}, line {number}: {complaint}")


def from_file(
    corpus: TokenCorpus, vocabulary: VocabularySettings, settings: TrainSettings, file: StartVectors
) -> Beginning:
    """As `from_nothing`, but for the words that are in the file, which start with the vectors there.

    Raises:
        InputError: no word would be left, or the file is not as it has to be.
    """
    usual = from_nothing(corpus, vocabulary)
    start, found = (_factors if settings.model == "glove" else _parameters)(usual.words, settings, file)
    return replace(usual, start=start, report={**usual.report, "start_vectors": found})


def _factors(words: Vocabulary, settings: TrainSettings, file: StartVectors) -> tuple[Factors, dict[str, Any]]:
    """GloVe's start, with the vectors of words as words from the file; and what is to be told of that."""
    start = Factors.start(len(words), settings.vector_size, settings.seed)
    return start, file.fill(start.vectors, words)


def _parameters(words: Vocabulary, settings: TrainSettings, file: StartVectors) -> tuple[Parameters, dict[str, Any]]:
    """The start of the other models."""
    start = Parameters.for_settings(words.words, settings)
    vectors = start.word_vectors()
    found = file.fill(vectors, words)
    if start.pieces:
        start.become(vectors)
    return start, found


def _header(line: str, dimensions: int) -> tuple[int, int] | None:
    """The number of words and of dimensions, if this is word2vec's first line."""
    fields = line.split()
    if len(fields) != 2 or not all(field.isascii() and field.isdecimal() for field in fields):
        return None
    words, said = map(int, fields)
    return (words, said) if dimensions != 1 or said == 1 else None


def _number(field: str) -> float:
    """What a field says; NaN where that is no number."""
    try:
        return float(field)
    except ValueError:
        return math.nan


def _is_number(field: str) -> bool:
    return math.isfinite(_number(field))
