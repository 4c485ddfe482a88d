"""`Model`: what `firth train` wrote, read again."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pipeline.settings import TrainSettings
from pipeline.stages import Manifest, StageFolder
from pipeline.training.pieces import ngrams_of
from storage.declared import Declared
from storage.embeddings import Embeddings, Floats
from storage.errors import InputError
from storage.ngrams import Ids
from storage.subwords import Subwords

STAGE = "train"
HASHES = {"vectors_sha256": "vectors.npy", "contexts_sha256": "contexts.npy"}
"""What the report calls the sha256 of each matrix's file."""
ROWS = {"rows_sha256": "rows.npy", "buckets_sha256": "buckets.npy"}
"""The same of what fastText's vectors are made of."""
BIASES = {"biases_sha256": "biases.npy"}
"""The same of what GloVe has besides its vectors."""
_Chosen = TypeVar("_Chosen", bound=Declared)


@dataclass(frozen=True, eq=False)
class Model:
    """What `firth train` wrote.

    Attributes:
        manifest: settings, inputs, losses.
        embeddings: words, counts and center vectors: the result.
        contexts: (V, D) the output vectors.
        rows: (V + B, D) with fastText each word's own row, then those of buckets.
        buckets: (B,) with fastText.
        biases: (V, 2) with GloVe, of each word and of it as a context.
        tokens: folder of the token files it was trained on.
    """

    manifest: Manifest
    embeddings: Embeddings
    contexts: Floats
    rows: Floats | None
    buckets: Ids | None
    biases: Floats | None
    tokens: Path

    @property
    def settings(self) -> TrainSettings:
        """Of its training; an older model lacks what was then always the default."""
        return settings_of(TrainSettings, self.manifest)

    @property
    def subwords(self) -> Subwords | None:
        """With fastText the rows of pieces, from which unknown words can be made; None where no word has a piece."""
        ngrams = ngrams_of(self.settings)
        if ngrams is None or self.rows is None or self.buckets is None or not len(self.buckets):
            return None
        order = np.argsort(self.buckets)
        return Subwords(ngrams, self.buckets[order], self.rows[len(self.embeddings.words) + order])


def hashes_of(settings: TrainSettings) -> dict[str, str]:
    """The matrices that training goes on from, by what the report calls their hashes."""
    return HASHES | (ROWS if ngrams_of(settings) else {}) | (BIASES if settings.model == "glove" else {})


def load_model(folder: Path) -> Model:
    """Read what `train_stage` wrote.

    Raises:
        InputError: nothing finished is there, or its files do not fit each other.
    """
    stage = StageFolder(folder)
    manifest = stage.manifest(STAGE)
    data = stage.data(manifest)
    try:
        words = tuple((data / "words.txt").read_text("utf-8").split("\n")[:-1])
        counts, vectors = np.load(data / "counts.npy"), np.load(data / "vectors.npy", mmap_mode="r")
        others = "contexts", "rows", "buckets", "biases"
        contexts, rows, buckets, biases = (_mapped(data / f"{name}.npy") for name in others)
        embeddings = Embeddings(words, counts, np.asarray(vectors))  # read from the file, not into memory
        if contexts is None:
            raise ValueError("contexts.npy is missing")
    except (OSError, ValueError, InputError) as error:
        raise InputError(f"{data} is damaged ({error}); run `firth train` again") from None
    where = (folder / manifest.report["tokens_folder"]).resolve()
    return Model(manifest, embeddings, contexts, rows, buckets, biases, where)


def _mapped(file: Path) -> Any:
    """An array that is read where it is looked at; None where there is none."""
    return np.load(file, mmap_mode="r") if file.is_file() else None


def settings_of(kind: type[_Chosen], manifest: Manifest) -> _Chosen:
    """The settings of one kind that a model was made with; an older one lacks what was then always the default."""
    kept, names = manifest.settings, [field.name for field in dataclasses.fields(kind)]
    return kind(**{name: kept[name] for name in names if name in kept})
