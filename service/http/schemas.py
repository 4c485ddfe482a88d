"""JSON schemas: of a question from its declared fields, of an answer from its dataclass."""

import dataclasses
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import TypeAdapter

from service.http.docstrings import attributes_of, text_of
from service.http.fields import Field, Kind, fields_of, is_required, kind_of
from storage.declared import Declared

Schema = dict[str, Any]
TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}
REFERENCE = "#/components/schemas/{model}"


def question_schema(cls: type[Declared]) -> Schema:
    """The JSON object that asks a question."""
    fields = fields_of(cls)
    properties = {name: {**field_schema(field), "description": described(field)} for name, field in fields.items()}
    return object_schema(properties, [name for name, field in fields.items() if is_required(field)])


def field_schema(field: Field, *, in_query: bool = False) -> Schema:
    """What a field allows; a parameter of a query string cannot be null, a member of a JSON object can."""
    kind = kind_of(field)
    schema = _list(field, kind) if kind.many else _item(field, kind, shortest=int(is_required(field)))
    if kind.optional and not in_query:
        return {"anyOf": [schema, {"type": "null"}], "default": None}
    return schema if is_required(field) or field.default is None else {**schema, "default": field.default}


def described(field: Field) -> str:
    """The field's help, and what leaving it out means where the default is None."""
    shown = field.metadata["shown"]
    return f"{field.metadata['help']} By default: {shown}." if shown else str(field.metadata["help"])


def answer_schemas(cls: type) -> dict[str, Schema]:
    """The schemas of a dataclass and of those that it holds, by name; objects have all their members and no others."""
    schemas = {}
    for each in _dataclasses_in(cls):
        schema = TypeAdapter(each).json_schema(mode="serialization", ref_template=REFERENCE)
        said = attributes_of(each)
        members = {name: _member(member, said.get(name)) for name, member in schema["properties"].items()}
        schemas[each.__name__] = {**object_schema(members, list(members)), "description": text_of(each)}
    return schemas


def object_schema(members: Schema, required: list[str]) -> Schema:
    """An object with these members, of which some are required, and no others."""
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def reference(name: str) -> Schema:
    """A reference to a named schema."""
    return {"$ref": REFERENCE.format(model=name)}


def _member(schema: Schema, description: str | None) -> Schema:
    """A member of an answer, without what only a question needs."""
    kept = {name: value for name, value in schema.items() if name not in ("title", "default")}
    return {**kept, "description": description} if description else kept


def _dataclasses_in(cls: type) -> Iterator[type]:
    """The dataclass itself and those that its tuples hold."""
    yield cls
    for field in dataclasses.fields(cls):
        for part in get_args(field.type):
            if dataclasses.is_dataclass(part) and isinstance(part, type):
                yield from _dataclasses_in(part)


def _list(field: Field, kind: Kind) -> Schema:
    least, most = int(is_required(field)), field.metadata["most"]
    return {"type": "array", "items": _item(field, kind, shortest=1), "minItems": least, "maxItems": most}


def _item(field: Field, kind: Kind, shortest: int) -> Schema:
    allowed = {
        "enum": list(field.metadata["choices"]) or None,
        "minimum": field.metadata["low"],
        "maximum": field.metadata["high"],
    }
    if kind.item is str and not allowed["enum"]:
        allowed |= {"minLength": shortest, "maxLength": field.metadata["longest"]}
    return {"type": TYPES[kind.item], **{name: value for name, value in allowed.items() if value is not None}}
