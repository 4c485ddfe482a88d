"""The verdict of one level of the cross-check, and of several."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PASS, FAIL, UNDECIDED = "pass", "fail", "undecided"


@dataclass(frozen=True)
class Level:
    """What one level found.

    Attributes:
        name: "tables", "replay" or "quality".
        verdict: PASS, FAIL, or UNDECIDED where the text is too little to tell.
        rule: in words, when the level passes.
        numbers: what was measured, plain JSON values.
    """

    name: str
    verdict: str
    rule: str
    numbers: Mapping[str, Any]

    @classmethod
    def of(cls, name: str, kept: Mapping[str, Any]) -> "Level":
        """What `as_dict` made plain.

        Raises:
            KeyError: it has no verdict or no rule.
        """
        numbers = dict(kept)
        return cls(name, numbers.pop("verdict"), numbers.pop("rule"), numbers)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"verdict": self.verdict, "rule": self.rule, **self.numbers}


def verdict(passed: bool) -> str:
    """The word for what can be told."""
    return PASS if passed else FAIL


def worst(verdicts: Iterable[str]) -> str:
    """FAIL if any fails, else UNDECIDED if any is, else PASS."""
    return max(verdicts, key=(PASS, UNDECIDED, FAIL).index)


def ignore(_: str) -> None:
    """Report to nobody."""
