"""How far the models of a library are."""

from dataclasses import dataclass

from storage.models import ModelInfo


@dataclass(frozen=True)
class Readiness:
    """How far a name is.

    Attributes:
        newest: the version that questions to the name are meant for.
        answering: the version that answers them now; None while none is loaded.
        failed: the newest could not be loaded; the log says why.
    """

    newest: ModelInfo
    answering: ModelInfo | None
    failed: bool

    @property
    def is_ready(self) -> bool:
        """Some version answers: during a swap it is the one before, and a balancer must not take the service out."""
        return self.answering is not None
