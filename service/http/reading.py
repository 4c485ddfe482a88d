"""Reading a request strictly: whatever is missing, repeated, unknown or of another type is said, never guessed.

Whether a value is in its range is the question's own to say, when it is made.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from service.http.fields import Field, Kind, fields_of, is_required, kind_of
from storage.declared import LONGEST_TEXT, WRITTEN, Declared
from storage.errors import FirthError

LONGEST_QUERY = 8190
"""Bytes of a query string: what a request line can have. Longer questions are asked with POST."""
_TRUTHS = {"true": True, "false": False}

Asked = TypeVar("Asked", bound=Declared)


class Malformed(FirthError):
    """A request that cannot be read as a question."""


class TooLong(FirthError):
    """A query string that no server would take."""


def from_query(cls: type[Asked], query: bytes) -> Asked:
    """The question that a query string asks; a list is a parameter that is given several times.

    Raises:
        Malformed: names the parameter and what is allowed.
        TooLong: the query string has more than `LONGEST_QUERY` bytes.
        SettingError: a value is out of its range.
    """
    return from_pairs(cls, pairs_of(query))


def pairs_of(query: bytes) -> list[tuple[str, str]]:
    """The names and texts of a query string, in its order.

    Raises:
        Malformed: it is not UTF-8.
        TooLong: it has more than `LONGEST_QUERY` bytes.
    """
    if len(query) > LONGEST_QUERY:
        raise TooLong(f"the query string has {len(query)} bytes; allowed: {LONGEST_QUERY}; POST takes longer questions")
    try:
        return parse_qsl(query.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise Malformed("the query string is not UTF-8; percent-encode words as UTF-8") from None


def from_pairs(cls: type[Asked], pairs: Sequence[tuple[str, str]]) -> Asked:
    """The question that these names and texts ask.

    Raises:
        Malformed: names the parameter and what is allowed.
        SettingError: a value is out of its range.
    """
    fields = fields_of(cls)
    _check_names(fields, [name for name, _ in pairs])
    values: dict[str, Any] = {}
    for name, text in pairs:
        kind = kind_of(fields[name])
        value = _from_text(name, text, kind)
        values[name] = (*values.get(name, ()), value) if kind.many else value
    return cls(**values)


def from_json(cls: type[Asked], given: Mapping[str, Any]) -> Asked:
    """The question that a JSON object asks; types are not bent: "5" is no number and 1 is not true.

    Raises:
        Malformed: names the parameter and what is allowed.
        SettingError: a value is out of its range.
    """
    fields = fields_of(cls)
    _check_names(fields, given)
    return cls(**{name: _from_value(name, value, kind_of(fields[name])) for name, value in given.items()})


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        Malformed: it is not JSON, not an object, or names a member twice.
    """
    try:
        value = json.loads(body.decode(), object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the body is not JSON in UTF-8: {error}") from None
    return checked_object(value, "the body")


def checked_object(value: object, what: str) -> dict[str, Any]:
    """The value, if it is a JSON object.

    Raises:
        Malformed: it is another value; `what` says where it stands.
    """
    if not isinstance(value, dict):
        raise Malformed(f"{what} is {_shown(value)}; a JSON object is needed")
    return value


def _check_names(fields: Mapping[str, Field], given: Iterable[str]) -> None:
    needed = [name for name, field in fields.items() if is_required(field)]
    times = Counter(iter(given))
    for name, count in times.items():
        if name not in fields:
            raise Malformed(f"unknown parameter {_shown(name)}; allowed: {', '.join(fields) or 'none'}")
        if count > 1 and not kind_of(fields[name]).many:
            raise Malformed(f"parameter {name!r} is given {count} times; give it once")
    for name in needed:
        if name not in times:
            raise Malformed(f"parameter {name!r} is missing; needed: {', '.join(needed)}")


def _from_text(name: str, text: str, kind: Kind) -> Any:
    if kind.item is str:
        return text
    if kind.item is bool and text in _TRUTHS:
        return _TRUTHS[text]
    if len(text) > LONGEST_TEXT:
        raise Malformed(f"parameter {name!r} has {len(text)} characters; {Kind(kind.item)} has at most {LONGEST_TEXT}")
    if kind.item in WRITTEN and WRITTEN[kind.item].fullmatch(text):
        return kind.item(text)
    raise Malformed(f"parameter {name!r} is {_shown(text)}; {Kind(kind.item)} is needed")


def _from_value(name: str, value: Any, kind: Kind) -> Any:
    try:
        if kind.many and isinstance(value, list):
            return tuple(_item(item, kind.item) for item in value)
        if not kind.many:
            return None if kind.optional and value is None else _item(value, kind.item)
    except UnicodeEncodeError:
        raise Malformed(f"parameter {name!r} holds half of a character (a lone surrogate)") from None
    except (TypeError, OverflowError):
        pass
    raise Malformed(f"parameter {name!r} is {_shown(value)}; {kind} is needed")


def _item(value: Any, item: type) -> Any:
    """The value as `item`: JSON has one type of number, so 3.0 is a whole number and 3 a number."""
    whole = isinstance(value, float) and value.is_integer()
    fits = {int: isinstance(value, int) or whole, float: isinstance(value, (int, float))}
    if isinstance(value, bool) != (item is bool) or not fits.get(item, isinstance(value, item)):
        raise TypeError
    if isinstance(value, str):
        value.encode()
    return item(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise Malformed(f"parameter {_shown(name)} is given {times} times; give it once")
    return dict(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _shown(value: object) -> str:
    """A value as JSON has it, cut where it is long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
