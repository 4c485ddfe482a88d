"""How far the models of a library are."""

from dataclasses import dataclass

from storage.models import ModelInfo


@dataclass(frozen=True)
class Readiness:
    """How far a name is, or a tag that was asked for.

    Attributes:
        asked: `name` or `name@tag`.
        current: the version that questions to it are meant for.
        answering: the version that answers them now; None while none is loaded.
        failed: the current one could not be loaded; the log says why.
    """

    asked: str
    current: ModelInfo
    answering: ModelInfo | None
    failed: bool

    @property
    def is_ready(self) -> bool:
        """Some version answers: during a swap it is the one before, and a balancer must not take the service out."""
        return self.answering is not None
