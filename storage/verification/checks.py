"""`Check`: something about a store that was recomputed, and whether it fits."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from storage.errors import FirthError

_UNREADABLE = (sqlite3.Error, OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError)


@dataclass(frozen=True)
class Check:
    """Something that was recomputed.

    Attributes:
        model: `name@version`; "" for what belongs to the whole file.
        stage: what was looked at, for example "vectors".
        wrong: what does not fit; "" where all does.
        note: what else there is to say.
    """

    model: str
    stage: str
    wrong: str = ""
    note: str = ""

    @property
    def fits(self) -> bool:
        """Whether all fits."""
        return not self.wrong

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return {"model": self.model or None, "stage": self.stage, "fits": self.fits, "says": self.wrong or self.note}


def checked(model: str, stage: str, wrongs: Callable[[], Iterator[str]]) -> Check:
    """The check of a stage from all that is found wrong with it; what cannot be read at all is wrong, too."""
    found: list[str] = []
    try:
        found.extend(wrongs())
    except FirthError as error:
        found.append(str(error))
    except _UNREADABLE as error:
        found.append(f"it cannot be read ({type(error).__name__}: {error})")
    return Check(model, stage, "; ".join(found))
