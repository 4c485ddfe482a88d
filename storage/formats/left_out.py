"""`LeftOut`: words that a file or a store could not hold, counted by reason, the first of them listed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_LISTED = 100
_SHOWN = 60  # characters of a word


@dataclass
class LeftOut:
    """Words that were left out.

    Attributes:
        reasons: how many for each reason.
        listed: the first of them, each with where it stood and why it was left out.
    """

    reasons: Counter[str] = field(default_factory=Counter)
    listed: list[tuple[str, str]] = field(default_factory=list)

    def add(self, word: str, where: str, reason: str) -> None:
        """Count a word, and list it if it is one of the first."""
        self.reasons[reason] += 1
        if len(self.listed) < _LISTED:
            self.listed.append((shown(word), f"{where}: {reason}"))

    @property
    def total(self) -> int:
        """How many there are."""
        return self.reasons.total()

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        listed = [{"word": word, "why": why} for word, why in self.listed]
        return {"words": self.total, "reasons": dict(self.reasons), "listed": listed}

    def lines(self) -> list[str]:
        """For a reader: how many, why, and the first few."""
        if not self.total:
            return []
        reasons = "; ".join(f"{number:,} {reason}" for reason, number in self.reasons.most_common(5))
        few = [f"{word} ({why})" for word, why in self.listed[:5]]
        return [f"left out: {self.total:,} words: {reasons}", f"for example {', '.join(few)}"]


def shown(word: str) -> str:
    """A word for messages, shortened; where it is no text, its bytes."""
    short = word if len(word) <= _SHOWN else f"{word[:_SHOWN]}..."
    try:
        short.encode()
    except UnicodeEncodeError:
        try:
            return repr(short.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            return ascii(short)
    return repr(short)
