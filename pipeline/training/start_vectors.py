"""Vectors to start from, out of a file of any format that `storage.formats` reads.

Of a word that stands twice the first vector counts. Words that are in no vocabulary, such as GloVe's few with blanks in
them, are passed over.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.batch import Floats
from pipeline.training.beginning import Beginning, from_nothing
from pipeline.training.glove.factors import Factors
from pipeline.training.parameters import Parameters
from storage.embeddings import is_finite
from storage.errors import InputError
from storage.files import sha256_of_file
from storage.formats.format import Block
from storage.formats.known import detect
from storage.formats.left_out import shown
from storage.formats.source import Source


@dataclass(frozen=True)
class StartVectors:
    """A file of vectors, packed or not.

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
        return cls(path, sha256_of_file(path))

    def fill(self, vectors: Floats, vocabulary: Vocabulary) -> dict[str, Any]:
        """Put the vectors of words that the vocabulary has into their rows; returns what to tell of it.

        Args:
            vectors: (V, D), changed in place.
            vocabulary: the V words.

        Raises:
            InputError: the file is damaged or of no known format, or its vectors have not D finite numbers: the message
                names file and line.
        """
        source, found, read = Source(self.path), set[int](), 0
        for block in detect(source).read(source):
            _check(source, block, vectors.shape[1], read)
            read += len(block.words)
            for word, vector in zip(block.words, block.rows, strict=True):
                row = vocabulary.ids.get(word)
                if row is not None and row not in found:
                    found.add(row)
                    vectors[row] = vector
        if not read:
            raise source.wrong("no vectors")
        return {"file": str(self.path), "sha256": self.sha256, "vectors": read, "found": len(found)}


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


def _check(source: Source, block: Block, dimensions: int, before: int) -> None:
    """Refuse vectors of other dimensions, and numbers that are not finite."""
    if block.rows.shape[1] != dimensions:
        raise source.wrong(f"vectors of {block.rows.shape[1]} dimensions, not {dimensions}", line=block.line)
    if is_finite(block.rows):
        return
    place = next(place for place, row in enumerate(block.rows) if not is_finite(row))
    line = None if block.line is None else block.line + place
    word = f"word {before + place + 1:,}, {shown(block.words[place])},"
    raise source.wrong(f"the vector of {word} has a number that is not finite", line=line)
