"""`Reproduction`: a stored model is made again from its text by its recorded settings, and compared link by link.

The first link that differs ends it: whatever follows would differ as well. Which bytes come out is decided by text,
settings, seed and code; and by how the machine rounds, which is why a difference is told with what else was different.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipeline.circumstances import circumstances
from pipeline.settings import (
    PhraseSettings,
    TokenSettings,
    TrainSettings,
    VocabularySettings,
    WatchSettings,
    WorkerSettings,
)
from pipeline.stages import StageFolder, code_version
from pipeline.text.corpus import Source, find_sources
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import ignore as ignore_reading
from pipeline.text.tokenizing import tokenize
from pipeline.training.ledger import Progress, ignore
from pipeline.training.model import load_model
from pipeline.training.stage import train_stage
from pipeline.training.wishes import Wishes
from storage.declared import Declared
from storage.dtypes import as_kept
from storage.embeddings import Floats
from storage.errors import InputError
from storage.models import ModelInfo
from storage.provenance import Json, manifests
from storage.seals import sha256_of_vocabulary
from storage.verification.checks import Check

Settings = TypeVar("Settings", bound=Declared)


@dataclass(eq=False)
class Reproduction:
    """A model to be made again.

    Attributes:
        info: the model.
        card: what was published with it.
        corpus: files and folders that hold its text, under whatever names.
        work: an empty folder for tokens and vectors.
        workers: processes that train at once, for a model that was trained in shards.
        reading: called now and then with the bytes read of the text and the tokens written.
        training: called now and then with how far the training is.

    Raises:
        InputError: what is recorded of the model does not suffice to make it again, or it was made in a way that never
            gives the same bytes twice; the message says which.
    """

    info: ModelInfo
    card: Json
    corpus: Sequence[str]
    work: Path
    workers: int = 1
    reading: Callable[[int, int], None] = ignore_reading
    training: Callable[[Progress], None] = ignore
    _recorded: dict[str, Json] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be made again."""
        self._recorded.update(manifests(self.card))
        if why := self._obstacle():
            raise InputError(f"{self.info} cannot be made again: {why}")

    def checks(self) -> Iterator[Check]:
        """Each link as it is compared, until one differs."""
        for stage, differences in self._links.items():
            wrong = "; ".join(differences())
            yield Check(str(self.info), stage, wrong, "" if wrong else "the same")
            if wrong:
                return

    @property
    def _links(self) -> dict[str, Callable[[], Iterator[str]]]:
        return {
            "corpus": self._corpus,
            "tokenize": self._tokens,
            "vocabulary": self._vocabulary,
            "train": self._training,
            "vectors": self._vectors,
        }

    def circumstances(self) -> list[str]:
        """What else is different from when the model was made, and can make a difference."""
        train = self._recorded["train"]
        made, here = train.get("made") or {}, circumstances()
        then = {**train["code"], **{name: made.get(name, "not recorded") for name in ("python", "blas")}}
        now = {**code_version(), **{name: here[name] for name in ("python", "blas")}}
        then["processor"] = made.get("machine", {}).get("processor", "not recorded")
        now["processor"] = here["machine"]["processor"]
        return [f"{name} {now[name]}, was {then.get(name)}" for name in now if now[name] != then.get(name)]

    def _obstacle(self) -> str:
        if "train" not in self._recorded:
            return "it was not trained by Firth, or nothing is recorded of that; it may have been imported"
        train = self._recorded["train"]
        if train["inputs"].get("parent"):
            return "it continued another model, whose vectors are not in this file"
        if train["inputs"].get("start_vectors"):
            return "its training started from vectors of a file, which is not in this one"
        if train["settings"]["scheme"] == "free":
            return f"{train['report']['workers']} workers trained freely, which never gives the same bytes twice"
        if "tokenize" not in self._recorded:
            return "the settings and hashes of its text were not known when it was stored"
        return ""

    @cached_property
    def _sources(self) -> list[Source]:
        return find_sources(self.corpus)

    def _corpus(self) -> Iterator[str]:
        """Files are known by their hashes, whatever they are called and in which order they were given."""
        if any(source.size is None for source in self._sources):
            raise InputError("a stream can be read only once; give files to --corpus")
        wanted = {each["sha256"]: each["name"] for each in self._recorded["tokenize"]["inputs"]["sources"]}
        if lost := [name for sha256, name in wanted.items() if sha256 not in self._by_hash]:
            yield f"no file here is what {', '.join(lost)} was"
        if strange := [source.name for sha256, source in self._by_hash.items() if sha256 not in wanted]:
            yield f"{', '.join(strange)} is no file of its text"

    @cached_property
    def _by_hash(self) -> dict[str, Source]:
        return {source.tally().digest.hexdigest(): source for source in self._sources}

    def _tokens(self) -> Iterator[str]:
        recorded = self._recorded["tokenize"]
        files = [str(self._by_hash[each["sha256"]].path) for each in recorded["inputs"]["sources"]]
        settings, phrasing = chosen(TokenSettings, recorded["settings"]), _phrasing(recorded["settings"])
        made, _ = tokenize(self._tokens_folder, files, settings, phrasing, report=self.reading)
        for name in ("tokens", "sentences", "types"):
            if made.report[name] != recorded["report"][name]:
                yield f"{made.report[name]:,} {name}, was {recorded['report'][name]:,}"

    def _vocabulary(self) -> Iterator[str]:
        words = TokenCorpus.open(self._tokens_folder.path).vocabulary(self._setting(VocabularySettings))
        recorded = self._recorded["train"]["report"]
        sha256 = sha256_of_vocabulary(words.words, words.counts)
        if sha256 != recorded.get("vocabulary_sha256", sha256):
            yield f"{len(words):,} words of sha256 {sha256}, was {recorded['vocabulary_sha256']}"
        elif len(words) != recorded["words"]:
            yield f"{len(words):,} words, was {recorded['words']:,}"

    def _training(self) -> Iterator[str]:
        sharded = self._recorded["train"]["settings"]["scheme"] == "shards"
        work = WorkerSettings(workers=self.workers if sharded else 1, deterministic=sharded, checkpoint_minutes=0)
        wishes = Wishes(watch=self._setting(WatchSettings), work=work)
        vocabulary, settings = self._setting(VocabularySettings), self._setting(TrainSettings)
        made, _ = train_stage(
            self._tokens_folder.path, self._model_folder, vocabulary, settings, wishes=wishes, report=self.training
        )
        losses, before = made.report["losses"], self._recorded["train"]["report"]["losses"]
        if losses != before:
            yield f"losses: {losses}, was {before}"

    def _vectors(self) -> Iterator[str]:
        model = load_model(self._model_folder.path)
        sha256 = _sha256(as_kept(model.embeddings.matrix, self.info.dtype))
        if sha256 != self.info.vectors_sha256:
            yield f"sha256 {sha256}, was {self.info.vectors_sha256}"
        contexts, before = (
            model.manifest.report["contexts_sha256"],
            self._recorded["train"]["report"]["contexts_sha256"],
        )
        if contexts != before:
            yield f"contexts: sha256 {contexts}, was {before}"

    @property
    def _tokens_folder(self) -> StageFolder:
        return StageFolder(self.work / "tokens")

    @property
    def _model_folder(self) -> StageFolder:
        return StageFolder(self.work / "model")

    def _setting(self, cls: type[Settings]) -> Settings:
        return chosen(cls, self._recorded["train"]["settings"])


def chosen(cls: type[Settings], recorded: Json) -> Settings:
    """The recorded settings of a class; what an earlier Firth did not have as a setting was its default."""
    return cls(**{each.name: recorded[each.name] for each in fields(cls) if each.name in recorded})


def _phrasing(recorded: Json) -> PhraseSettings:
    """Connector words are recorded one by one."""
    return chosen(PhraseSettings, {**recorded, "connector_words": ",".join(recorded.get("connector_words", ()))})


def _sha256(matrix: Floats) -> str:
    return hashlib.sha256(np.ascontiguousarray(matrix, dtype="<f4").data).hexdigest()
