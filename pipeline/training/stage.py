"""The stage `firth train`: token files in, a folder with both matrices out."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.settings import TrainSettings, VocabularySettings, WatchSettings, WorkerSettings
from pipeline.stages import Manifest, StageFolder, code_version, stage_key
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary, final_min_count
from pipeline.training.checkpoint import Checkpoint, Checkpoints
from pipeline.training.interrupt import Interrupt
from pipeline.training.ledger import Progress, ignore
from pipeline.training.parameters import Parameters
from pipeline.training.probes import Probed, Probes
from pipeline.training.training import Trained, train
from storage.embeddings import Embeddings
from storage.errors import InputError
from storage.files import sha256_of_file, whole_file

STAGE = "train"
_LOG = logging.getLogger(__name__)


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
    watch: WatchSettings | None = None,
    work: WorkerSettings | None = None,
    probes: Sequence[str] = (),
    resume: bool = False,
    force: bool = False,
    interrupt: Interrupt | None = None,
    report: Callable[[Progress], None] = ignore,
    probed: Callable[[Probed], None] = print,
) -> tuple[Manifest, bool]:
    """Train, unless this has been done with the same tokens, settings and code; says whether it ran.

    Args:
        tokens: folder of the token files.
        folder: of the stage.
        vocabulary: which words.
        settings: of the training.
        watch: what is held out.
        work: how many processes, how many checkpoints.
        probes: words whose neighbors are looked at.
        resume: go on from the checkpoint in the folder, if there is one.
        force: train in any case.
        interrupt: ends the training after a checkpoint.
        report: is told how far it is.
        probed: is told the neighbors of each probe.

    Raises:
        InputError: no token files there, no word left in the vocabulary, or a checkpoint that does not fit or that
            cannot be written.
        UnknownWord: the vocabulary lacks a probe.
        Diverged: training left the finite numbers.
        Interrupted: what was done is kept in a checkpoint.
    """
    watch, work = watch or WatchSettings(), work or WorkerSettings()
    corpus = TokenCorpus.open(tokens)
    chosen = {**vocabulary.as_dict(), **settings.as_dict(), **watch.as_dict(), "free_running": not work.reproducible}
    inputs = {"tokens": corpus.manifest.key}
    key = stage_key(STAGE, chosen, inputs)
    training = {"key": key, "settings": chosen, "inputs": inputs, "code": code_version()}
    checkpoints = Checkpoints(folder.path, work.checkpoint_minutes, training)
    if not force and folder.is_current(STAGE, key):
        checkpoints.remove_own()
        return _found_again(folder, tokens), False

    def fill(data: Path) -> Mapping[str, Any]:
        words = corpus.vocabulary(vocabulary)
        trained = train(
            corpus,
            words,
            settings,
            workers=work.workers,
            deterministic=work.deterministic,
            watch=watch,
            probes=Probes(probes, words, probed),
            checkpoints=checkpoints,
            resume=_checkpoint(checkpoints, resume),
            interrupt=interrupt,
            report=report,
        )
        hashes = _write(data, words, trained.parameters)
        how = {"workers": work.workers, "reproducible": work.reproducible}
        where = {"tokens_folder": _way(folder, tokens), "min_count": final_min_count(corpus.counts, vocabulary)}
        return {**where, **_report(words, settings, trained), **how, **hashes}

    made = folder.write(STAGE, chosen, inputs, fill)
    checkpoints.remove()
    return made, True


def _checkpoint(checkpoints: Checkpoints, resume: bool) -> Checkpoint | None:
    """Where to go on, if that is wished and can be."""
    if not resume:
        checkpoints.warn_of_unused()
        return None
    found = checkpoints.load()
    if found:
        _LOG.info("going on from %s, after %.1f %% of the training", found.folder, 100 * found.position.progress)
    else:
        _LOG.info("no checkpoint in %s: the training begins at its beginning", checkpoints.folder)
    return found


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


def _report(words: Vocabulary, settings: TrainSettings, trained: Trained) -> dict[str, Any]:
    watched = {
        "held_out_tokens": trained.held_out_tokens,
        "held_out_losses": list(trained.held_out),
        "stopped_early": len(trained.losses) < settings.epochs,
    }
    return {
        "words": len(words),
        "tokens": trained.tokens,
        "losses": list(trained.losses),
        "pairs": list(trained.pairs),
        **(watched if trained.held_out else {}),
        "ignorance": trained.ignorance,
        "largest_norm": trained.largest_norm,
        "seconds": round(trained.seconds, 3),
        "words_per_s": round(trained.words_per_s),
    }
