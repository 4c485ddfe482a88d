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
        """The newest version answers, or an older one because the newest cannot be loaded."""
        return self.answering == self.newest or (self.failed and self.answering is not None)
