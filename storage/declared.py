"""Frozen values whose fields declare their default, their allowed range and their help: one source for every edge.

The settings of the pipeline and the questions of the service are such values; options, TOML, environment, HTTP
parameters and OpenAPI read them.
"""

import dataclasses
import math
import re
from dataclasses import dataclass
from typing import Any

from storage.errors import SettingError

LONGEST_TEXT = 200
"""Characters of a word or a pattern; three of them, percent-encoded, fit a request line of 8,190 bytes."""
WRITTEN: dict[type, re.Pattern[str]] = {
    int: re.compile(r"[+-]?[0-9]+"),
    float: re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"),
}
"""How numbers are written; Python itself also takes 1_0, nan and the digits of all scripts."""


def setting(
    default: object,
    explanation: str,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    choices: tuple[str, ...] = (),
    shown: str = "",
    in_tables: bool = False,
) -> Any:
    """Declare a field with its help and its range; `open_low` leaves the lower end itself out.

    A default of None is `shown` in words. A field that means something else to other commands is found `in_tables` of
    a file only, not at its top nor in the environment.
    """
    metadata = {"help": explanation, "low": low, "high": high, "open_low": open_low, "choices": choices, "shown": shown}
    metadata["in_tables"] = in_tables
    return dataclasses.field(default=default, metadata=metadata)


def asked(
    explanation: str,
    default: object = dataclasses.MISSING,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    most: int = 1,
    longest: int = LONGEST_TEXT,
    shown: str = "",
) -> Any:
    """Declare a field of a question; without a default it must be given.

    Args:
        explanation: its help.
        default: its value where it is not given.
        low: smallest number.
        high: largest number.
        choices: the only texts allowed.
        most: how many items a field that is a tuple may have.
        longest: how many characters a text may have; it has at least one where there is no default.
        shown: a default of None in words.
    """
    metadata = {"help": explanation, "low": low, "high": high, "open_low": False, "choices": choices, "shown": shown}
    return dataclasses.field(default=default, metadata={**metadata, "most": most, "longest": longest})


_KINDS: dict[type, Any] = {float: (float, int)}  # where a value may be of another type than the field's


@dataclass(frozen=True, kw_only=True)
class Declared:
    """Frozen values that refuse a field outside its range when they are made."""

    def __post_init__(self) -> None:
        """Check every field against its declared range.

        Raises:
            SettingError: names the setting, the value and the allowed range.
        """
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is not field.default:  # defaults are what the declaration itself allows
                check_range(field, value)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return {name: plain(value) for name, value in vars(self).items()}


def plain(value: Any) -> Any:
    """A value with every dataclass in it as a dictionary: as `dataclasses.asdict`, in a tenth of its time."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (tuple, list)):
        return type(value)(map(plain, value))
    fields = value if isinstance(value, dict) else vars(value)
    return {name: plain(each) for name, each in fields.items()}


def allowed_range(field: "dataclasses.Field[Any]") -> str:
    """The range of a field in words, empty where everything is allowed."""
    if field.metadata["choices"]:
        return ", ".join(field.metadata["choices"])
    low, high, open_low = (field.metadata.get(key) for key in ("low", "high", "open_low"))
    if low is None and high is None:
        return ""
    if high is None:
        return f"greater than {low}" if open_low else f"{low} or more"
    return f"from {low} to {high}" if not open_low else f"greater than {low}, at most {high}"


def check_range(field: "dataclasses.Field[Any]", value: object) -> None:
    """Refuse a value outside the field's declared range.

    Raises:
        SettingError: names the setting, the value and the allowed range.
    """
    if isinstance(value, tuple):
        _check_items(field, value)
        return
    if isinstance(field.type, type) and not isinstance(value, _KINDS.get(field.type, field.type)):
        kind, allowed = field.type.__name__, allowed_range(field)
        raise SettingError(f"{field.name} is {value!r}, not of type {kind}; allowed: {allowed}")
    metadata = field.metadata
    if metadata["choices"] and value not in metadata["choices"]:
        raise SettingError(f"{field.name} is {value!r}; allowed: {allowed_range(field)}")
    if isinstance(value, str):
        _check_text(field, value)
    if not isinstance(value, (int, float)):
        return
    low, high = metadata["low"], metadata["high"]
    too_low = low is not None and (value <= low if metadata["open_low"] else value < low)
    too_high = high is not None and value > high
    if too_low or too_high or value != value:  # noqa: PLR0124 - only NaN differs from itself
        raise SettingError(f"{field.name} is {value}; allowed: {allowed_range(field) or 'a number'}")


def _check_items(field: "dataclasses.Field[Any]", items: tuple[object, ...]) -> None:
    most, needed = field.metadata["most"], field.default is dataclasses.MISSING
    if len(items) > most or (needed and not items):
        raise SettingError(f"{field.name} has {len(items)} items; allowed: {1 if needed else 0} to {most}")
    for item in items:
        if isinstance(item, str):
            _check_text(field, item, shortest=1)
        elif not isinstance(item, (int, float)) or not math.isfinite(item):
            raise SettingError(f"{field.name} holds {item!r}; only finite numbers are allowed")


def _check_text(field: "dataclasses.Field[Any]", text: str, shortest: int = 0) -> None:
    longest = field.metadata.get("longest")
    shortest = 1 if field.default is dataclasses.MISSING else shortest
    if longest is not None and not shortest <= len(text) <= longest:
        raise SettingError(f"{field.name} has {len(text)} characters; allowed: {shortest} to {longest}")
