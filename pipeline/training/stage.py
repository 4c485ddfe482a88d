"""The stage `firth train`: token files in, a folder with both matrices out."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.stages import Manifest, StageFolder, stage_key
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary, final_min_count
from pipeline.training.parameters import Parameters
from pipeline.training.training import Progress, Trained, ignore, train
from storage.embeddings import Embeddings
from storage.errors import InputError
from storage.files import sha256_of_file, whole_file

STAGE = "train"


@dataclass(frozen=True, eq=False)
class Model:
    """What `firth train` wrote.

    Attributes:
        manifest: settings, inputs, losses.
        embeddings: words, counts and center vectors: the result.
        contexts: (V, D) the output vectors.
        tokens: folder of the token files it was trained on.
    """

    manifest: Manifest
    embeddings: Embeddings
    contexts: np.ndarray[Any, np.dtype[np.float32]]
    tokens: Path


def train_stage(
    tokens: Path,
    folder: StageFolder,
    vocabulary: VocabularySettings,
    settings: TrainSettings,
    *,
    force: bool = False,
    report: Callable[[Progress], None] = ignore,
) -> tuple[Manifest, bool]:
    """Train, unless this has been done with the same tokens, settings and code; says whether it ran.

    Raises:
        InputError: no token files there, or no word left in the vocabulary.
        Diverged: training left the finite numbers.
    """
    corpus = TokenCorpus.open(tokens)
    chosen = {**vocabulary.as_dict(), **settings.as_dict()}
    inputs = {"tokens": corpus.manifest.key}
    if not force and folder.is_current(STAGE, stage_key(STAGE, chosen, inputs)):
        return _found_again(folder, tokens), False

    def fill(data: Path) -> Mapping[str, Any]:
        words = corpus.vocabulary(vocabulary)
        trained = train(corpus, words, settings, report=report)
        hashes = _write(data, words, trained.parameters)
        min_count = final_min_count(corpus.counts, vocabulary)
        return {"tokens_folder": _way(folder, tokens), "min_count": min_count, **_report(words, trained), **hashes}

    return folder.write(STAGE, chosen, inputs, fill), True


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
        counts, vectors = (np.load(data / f"{name}.npy") for name in ("counts", "vectors"))
        contexts = np.load(data / "contexts.npy", mmap_mode="r")  # few want it
        embeddings = Embeddings(words, counts, vectors)
    except (OSError, ValueError, InputError) as error:
        raise InputError(f"{data} is damaged ({error}); run `firth train` again") from None
    return Model(manifest, embeddings, contexts, (folder / manifest.report["tokens_folder"]).resolve())


def _write(data: Path, words: Vocabulary, parameters: Parameters) -> dict[str, str]:
    """Write the model's files; returns the hashes of the matrices."""
    with whole_file(data / "words.txt") as file:
        file.writelines(f"{word}\n".encode() for word in words.words)
    arrays = {"counts": words.counts, "vectors": parameters.vectors, "contexts": parameters.contexts}
    for name, array in arrays.items():
        with whole_file(data / f"{name}.npy") as file:
            np.save(file, array, allow_pickle=False)
    return {f"{name}_sha256": sha256_of_file(data / f"{name}.npy") for name in ("vectors", "contexts")}


def _way(folder: StageFolder, tokens: Path) -> str:
    """The way from the model to its tokens, so that both can move together; absolute where there is none."""
    try:
        return os.path.relpath(tokens.resolve(), folder.path.resolve())
    except ValueError:  # another drive of Windows
        return str(tokens.resolve())


def _found_again(folder: StageFolder, tokens: Path) -> Manifest:
    """The finished stage's manifest, brought up to date where its tokens have moved."""
    manifest = folder.manifest(STAGE)
    way = _way(folder, tokens)
    return manifest if manifest.report["tokens_folder"] == way else folder.amend(manifest, tokens_folder=way)


def _report(words: Vocabulary, trained: Trained) -> dict[str, Any]:
    total = int(words.counts.sum())
    return {
        "words": len(words),
        "tokens": total,
        "losses": list(trained.losses),
        "pairs": list(trained.pairs),
        "largest_norm": trained.largest_norm,
        "seconds": round(trained.seconds, 3),
        "words_per_s": round(total * len(trained.losses) / trained.seconds),
    }
