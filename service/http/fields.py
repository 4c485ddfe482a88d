"""What the fields of a declared value hold, as far as a request and its description have to know."""

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args, get_origin

from storage.declared import Declared

Field = dataclasses.Field[Any]
IN_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


@dataclass(frozen=True)
class Kind:
    """The values that a field takes.

    Attributes:
        item: str, int, float or bool; of a list, what each of its items is.
        many: whether it is a list, a tuple in Python.
        optional: whether it may be null, None in Python.
    """

    item: type
    many: bool = False
    optional: bool = False

    def __str__(self) -> str:
        name = IN_WORDS[self.item]
        return f"a list, each a {name}," if self.many else name if self.item is bool else f"a {name}"


@cache
def kind_of(field: Field) -> Kind:
    """The kind of a field annotated as `str`, `int | None`, `tuple[float, ...]` and their like."""
    parts = get_args(field.type)
    if get_origin(field.type) is tuple:
        return Kind(parts[0], many=True)
    if parts:
        return Kind(parts[0], optional=True)
    if not isinstance(field.type, type):
        raise TypeError(f"{field.name} is annotated as {field.type!r}, which no request can hold")
    return Kind(field.type)


def fields_of(cls: type[Declared]) -> dict[str, Field]:
    """The fields of a declared value: first those without which nothing can be asked."""
    fields = dataclasses.fields(cls)
    return {field.name: field for field in sorted(fields, key=lambda field: not is_required(field))}


def is_required(field: Field) -> bool:
    """Whether a request must give the field."""
    return field.default is dataclasses.MISSING
