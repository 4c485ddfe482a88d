"""The verdict of one level of the cross-check."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Level:
    """What one level found.

    Attributes:
        name: "tables", "replay" or "quality".
        passed: the verdict.
        rule: in words, when the level passes.
        numbers: what was measured, plain JSON values.
    """

    name: str
    passed: bool
    rule: str
    numbers: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, the verdict as "pass" or "fail"."""
        return {"verdict": verdict(self.passed), "rule": self.rule, **self.numbers}


def verdict(passed: bool) -> str:
    """The word for it."""
    return "pass" if passed else "fail"


def ignore(_: str) -> None:
    """Report to nobody."""
