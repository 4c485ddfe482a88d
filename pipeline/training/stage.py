"""The stage `firth train`: token files in, a folder with both matrices out."""

import logging
import os
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.settings import TrainSettings, VocabularySettings, WorkerSettings
from pipeline.stages import MANIFEST, Manifest, StageFolder, code_version, stage_key
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.beginning import Beginning, from_nothing
from pipeline.training.checkpoint import Checkpoint, Checkpoints
from pipeline.training.continuing import Parent, from_parent, require_same_shape
from pipeline.training.course import Trained
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.kept_counts import KeptCounts, remove_counts
from pipeline.training.glove.training import Watching, train_glove, uncounted
from pipeline.training.interrupt import Interrupt
from pipeline.training.keeping import Keeping
from pipeline.training.ledger import Progress, ignore
from pipeline.training.model import BIASES, HASHES, ROWS, STAGE, hashes_of, load_model
from pipeline.training.parameters import Parameters
from pipeline.training.probes import Probed, Probes, unseen
from pipeline.training.start_vectors import StartVectors, from_file
from pipeline.training.training import train
from pipeline.training.wishes import Wishes
from storage.errors import InputError, SettingError
from storage.files import sha256_of_file, whole_file, write_array
from storage.seals import sha256_of_vocabulary

_LOG = logging.getLogger(__name__)


def train_stage(
    tokens: Path,
    folder: StageFolder,
    vocabulary: VocabularySettings,
    settings: TrainSettings,
    *,
    wishes: Wishes | None = None,
    force: bool = False,
    interrupt: Interrupt | None = None,
    report: Callable[[Progress], None] = ignore,
    probed: Callable[[Probed], None] = unseen,
    counted: Callable[[int], None] = uncounted,
) -> tuple[Manifest, bool]:
    """Train, unless this has been done with the same tokens, settings and code; says whether it ran.

    Raises:
        InputError: no word is left; or tokens, a parent, start vectors or a checkpoint cannot be read or written.
        SettingError: settings that do not fit the parent, or the parent's folder is the one to write.
        UnknownWord: the vocabulary lacks a probe.
        Diverged: training left the finite numbers.
        Interrupted: what was done is kept in a checkpoint.
    """
    wishes = wishes or Wishes()
    work = wishes.work
    if wishes.parent and wishes.parent.resolve() == folder.path.resolve():
        raise SettingError(f"{folder.path} is the model to continue from, which would be replaced; give another --out")
    chosen = _settings(vocabulary, settings, wishes)
    begin, inputs = _beginning(TokenCorpus.open(tokens), vocabulary, settings, wishes)
    checkpoints = Checkpoints(folder.path, work.checkpoint_minutes, _named(chosen, inputs))
    if not force and folder.is_current(STAGE, checkpoints.training["key"]):
        checkpoints.remove_own()
        KeptCounts.beside(checkpoints).remove()
        return _found_again(folder, tokens), False

    def fill(data: Path) -> Mapping[str, Any]:
        beginning = begin()
        probes = Probes(wishes.probes, beginning.words, probed)
        keeping = Keeping(checkpoints, _checkpoint(checkpoints, wishes.resume), interrupt)
        watching = Watching(probes=probes, keeping=keeping, report=report, counted=counted)
        trained = _train(beginning, settings, wishes, watching, folder.path)
        hashes = _write(data, beginning.words, trained)
        return {"tokens_folder": _way(folder, tokens), **_report(beginning, settings, trained, work), **hashes}

    made = folder.write(STAGE, chosen, inputs, fill)
    checkpoints.remove()
    remove_counts(folder.path)
    return made, True


def _train(beginning: Beginning, settings: TrainSettings, wishes: Wishes, watching: Watching, folder: Path) -> Trained:
    """Train what the settings ask for; what that needs besides is kept in `folder` meanwhile."""
    if settings.model == "glove":
        return train_glove(
            beginning.text,
            beginning.words,
            settings,
            folder / f".data-{secrets.token_hex(6)}",  # a name of the stage: where a kill leaves it, it goes later
            work=wishes.work,
            watch=wishes.watch,
            watching=watching,
            start=beginning.start if isinstance(beginning.start, Factors) else None,
            tokens=beginning.tokens,
        )
    return train(
        beginning.text,
        beginning.words,
        settings,
        workers=wishes.work.workers,
        deterministic=wishes.work.deterministic,
        start=beginning.start if isinstance(beginning.start, Parameters) else None,
        tokens=beginning.tokens,
        watch=wishes.watch,
        probes=watching.probes,
        keeping=watching.keeping,
        report=watching.report,
    )


def _settings(vocabulary: VocabularySettings, settings: TrainSettings, wishes: Wishes) -> dict[str, Any]:
    """All that decides the bytes besides inputs and code."""
    chosen = {**vocabulary.as_dict(), **settings.as_dict(), **wishes.watch.as_dict()}
    return {**chosen, "scheme": _scheme(settings, wishes.work)}


def _scheme(settings: TrainSettings, work: WorkerSettings) -> str:
    """How the work is shared; GloVe's workers leave the bytes as one alone would."""
    return "solo" if settings.model == "glove" else work.scheme


def _named(settings: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint knows its training by."""
    return {"key": stage_key(STAGE, settings, inputs), "settings": settings, "inputs": inputs, "code": code_version()}


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


def _beginning(
    corpus: TokenCorpus, vocabulary: VocabularySettings, settings: TrainSettings, wishes: Wishes
) -> tuple[Callable[[], Beginning], dict[str, Any]]:
    """How to begin, and from which inputs."""
    inputs: dict[str, Any] = {"tokens": corpus.manifest.key}
    if wishes.parent:
        manifest = StageFolder(wishes.parent).manifest(STAGE)
        require_same_shape(manifest.settings, settings)
        names = hashes_of(settings)
        if missing := [name for name in names if name not in manifest.report]:
            raise InputError(f"{wishes.parent / MANIFEST} is damaged (it has no {missing[0]}); train that model again")
        inputs["parent"] = {"key": manifest.key, **{name: manifest.report[name] for name in names}}
        return lambda: from_parent(corpus, vocabulary, settings, _parent(wishes.parent)), inputs
    if wishes.start_vectors:
        file = StartVectors.of(wishes.start_vectors)
        inputs["start_vectors"] = file.sha256
        return partial(from_file, corpus, vocabulary, settings, file), inputs
    return partial(from_nothing, corpus, vocabulary), inputs


def _parent(folder: Path) -> Parent:
    """A finished model to go on with, whose bytes are those that were trained."""
    model = load_model(folder)
    report, data, names = model.manifest.report, StageFolder(folder).data(model.manifest), hashes_of(model.settings)
    for name, matrix in names.items():
        if sha256_of_file(data / matrix) != report[name]:
            raise InputError(f"{data / matrix} is damaged; run `firth train` again")
    words = Vocabulary(model.embeddings.words, model.embeddings.counts)
    hashes = {name: report[name] for name in names}
    arrays = model.embeddings.matrix if model.rows is None else model.rows, model.contexts, model.buckets, model.biases
    return Parent(model.manifest.key, model.manifest.settings, words, *arrays, hashes, report.get("parent"))


def _write(data: Path, words: Vocabulary, trained: Trained) -> dict[str, str]:
    """Write the model's files; returns the hashes of the words with their counts and of the matrices."""
    parameters = trained.parameters
    with whole_file(data / "words.txt") as file:
        file.writelines(f"{word}\n".encode() for word in words.words)
    arrays = {"counts": words.counts, "vectors": parameters.word_vectors(), "contexts": parameters.contexts}
    names = HASHES
    if parameters.pieces:
        arrays |= {"rows": parameters.vectors, "buckets": parameters.pieces.buckets}
        names = HASHES | ROWS
    if trained.biases is not None:
        arrays |= {"biases": trained.biases}
        names = HASHES | BIASES
    for name, array in arrays.items():
        write_array(data / f"{name}.npy", array)
    hashes = {name: sha256_of_file(data / matrix) for name, matrix in names.items()}
    return {"vocabulary_sha256": sha256_of_vocabulary(words.words, words.counts), **hashes}


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


def _report(beginning: Beginning, settings: TrainSettings, trained: Trained, work: WorkerSettings) -> dict[str, Any]:
    watched = {
        **({} if settings.model == "glove" else {"held_out_tokens": trained.held_out_tokens}),
        "held_out_losses": list(trained.held_out),
        "stopped_early": len(trained.losses) < settings.epochs,
    }
    return {
        "words": len(beginning.words),
        "tokens": trained.tokens,
        "losses": list(trained.losses),
        "pairs": list(trained.pairs),
        **(watched if trained.held_out else {}),
        **({"buckets": len(trained.parameters.pieces.buckets)} if trained.parameters.pieces else {}),
        **beginning.report,
        "ignorance": trained.ignorance,
        "largest_norm": trained.largest_norm,
        "seconds": round(trained.seconds, 3),
        "words_per_s": round(trained.words_per_s),
        "pairs_per_s": round(trained.pairs_per_s),
        "workers": work.workers,
        "reproducible": _scheme(settings, work) != "free",
    }
