"""A question from the values of its fields, as a line of JSON or a form gives them."""

import dataclasses
import json
import typing
from collections.abc import Mapping
from typing import Any

from service.questions import QUESTIONS
from storage.declared import Declared
from storage.errors import SettingError

_IN_WORDS = {str: "a string", int: "a whole number", float: "a number", type(None): "null"}


def question_from(name: str, values: Mapping[str, object]) -> Declared:
    """The question of this name in `QUESTIONS`; a list stands for a tuple.

    Raises:
        SettingError: a field is unknown, missing, of another type, or outside its range.
    """
    cls = QUESTIONS[name]
    fields = {field.name: field for field in dataclasses.fields(cls)}
    if strange := values.keys() - fields.keys():
        raise SettingError(f"{min(strange)!r} is no field of this question; allowed: {', '.join(fields)}")
    needed = [field.name for field in fields.values() if field.default is dataclasses.MISSING]
    if missing := [field for field in needed if field not in values]:
        raise SettingError(f"{missing[0]!r} is missing; needed: {', '.join(needed)}")
    return cls(**{field: _typed(field, fields[field].type, value) for field, value in values.items()})


def json_object(line: str) -> dict[str, object]:
    """The JSON object that a line holds.

    Raises:
        SettingError: it is not JSON; the message says where.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"a line that begins with a brace is a JSON object, but this is not JSON: {error}") from None
    return dict(found)


def _typed(name: str, kind: Any, value: object) -> object:
    """`value` if it is of a field's type: `tuple[X, ...]`, `X | None` or X; nothing is bent but 1 to 1.0."""
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is not tuple:
        return _plain(name, inner or (kind,), value)
    if not isinstance(value, (list, tuple)):
        raise SettingError(f"{name} is {value!r}, not a list")
    return tuple(_plain(f"an item of {name}", inner[:1], item) for item in value)


def _plain(name: str, kinds: tuple[type, ...], value: object) -> object:
    if float in kinds and type(value) is int:
        return float(value)
    if type(value) not in kinds:
        raise SettingError(f"{name} is {value!r}, not {' or '.join(_IN_WORDS[kind] for kind in kinds)}")
    return value
