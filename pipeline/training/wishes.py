"""`Wishes`: what may be asked of a training besides its words and settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.settings import WatchSettings, WorkerSettings
from storage.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is asked; by default nothing.

    Attributes:
        watch: what is held out, and when that ends the training.
        work: how many processes, and how often there is a checkpoint.
        probes: words whose neighbors are looked at.
        parent: folder of the model to go on with.
        start_vectors: file of vectors to start from.
        resume: go on from the checkpoint of an earlier process, if there is one.

    Raises:
        SettingError: a parent and start vectors.
    """

    watch: WatchSettings = field(default_factory=WatchSettings)
    work: WorkerSettings = field(default_factory=WorkerSettings)
    probes: Sequence[str] = ()
    parent: Path | None = None
    start_vectors: Path | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.parent and self.start_vectors:
            raise SettingError("continue_from and start_vectors both say what to start from; choose one")
