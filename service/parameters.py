"""Reading a query string strictly: whatever is missing, repeated, unknown or unreadable is said, never guessed."""

import re
from collections import Counter
from collections.abc import Sequence
from urllib.parse import parse_qsl

from storage.errors import FirthError

LONGEST_WORD = 200  # characters; a query of three such words, percent-encoded, fits into a request line of 8,190 bytes
DEFAULT_TOPN = 10
_MOST_PARAMETERS = 20
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+")


class Malformed(FirthError):
    """A request that cannot be read as a question."""


def read_parameters(query: bytes, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, str]:
    """The parameters of a query string, each given once and not empty.

    Raises:
        Malformed: names the parameter and what is allowed.
    """
    pairs = _pairs(query)
    allowed = (*required, *optional)
    for name, times in Counter(name for name, _ in pairs).items():
        if name not in allowed:
            raise Malformed(f"unknown parameter {name[:LONGEST_WORD]!r}; allowed: {', '.join(allowed) or 'none'}")
        if times > 1:
            raise Malformed(f"parameter {name!r} is given {times} times; give it once")
    values = dict(pairs)
    for name in required:
        if name not in values:
            raise Malformed(f"parameter {name!r} is missing; needed: {', '.join(required)}")
    for name, value in values.items():
        if not 1 <= len(value) <= LONGEST_WORD:
            raise Malformed(f"parameter {name!r} has {len(value)} characters; allowed: 1 to {LONGEST_WORD}")
    return values


def read_topn(values: dict[str, str]) -> int:
    """How many neighbors are wanted; whether that many can be had is the engine's to say.

    Raises:
        Malformed: not a whole number.
    """
    text = values.get("topn", str(DEFAULT_TOPN))
    if not _WHOLE_NUMBER.fullmatch(text):
        raise Malformed(f"topn is {text!r}; a whole number is needed")
    return int(text)


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise Malformed("the query string is not UTF-8; percent-encode words as UTF-8") from None
    except ValueError:
        raise Malformed(f"more than {_MOST_PARAMETERS} parameters") from None
