"""What the OpenAPI document says of each route, made from the same declarations that answer it.

Each function gives keyword arguments for flask-openapi3's `get` and `post`.
"""

from collections.abc import Mapping
from typing import Any

from flask_openapi3.models.schema import Schema as Component
from flask_openapi3.models.tag import Tag

from service import answers
from service.http.docstrings import first_line, text_of
from service.http.examples import EXAMPLES, given
from service.http.fields import Field, fields_of, is_required
from service.http.rendering import JSON
from service.http.schemas import (
    Schema,
    answer_schemas,
    described,
    field_schema,
    object_schema,
    question_schema,
    reference,
)
from service.problems import MEANINGS, Problem
from service.questions import QUESTIONS
from service.vocabulary_map import VocabularyMap
from storage.declared import Declared
from storage.models import ModelInfo

Described = dict[str, Any]
MODELS, ASKING, PEER = Tag(name="models"), Tag(name="questions"), Tag(name="word2vec-api")
MODEL = {
    "name": "model",
    "in": "path",
    "required": True,
    "description": "A model's name, which means its current version, or `name@version`, or `name@tag`.",
    "schema": {"type": "string", "minLength": 1},
    "example": "demo",
}
PEER_EXAMPLES = {"w1": "king", "w2": "queen", "ws1": ("king", "man"), "ws2": ("queen", "woman"), "word": "king"}


def errors() -> Any:
    """The responses of every route that are errors, all of one shape."""
    meanings: dict[str, list[str]] = {}
    for (status, code), when in MEANINGS.items():
        meanings.setdefault(str(status), []).append(f"`{code}`: {when}")
    return {status: _response("; ".join(texts), reference("Error")) for status, texts in meanings.items()}


def components() -> dict[str, Component]:
    """The named schemas."""
    schemas = {**answer_schemas(ModelInfo), **answer_schemas(Problem)}
    names = ("name", "version", "vectors_sha256")
    schemas["Model"] = object_schema({name: schemas["ModelInfo"]["properties"][name] for name in names}, list(names))
    schemas["Error"] = object_schema({"error": reference("Problem")}, ["error"])
    schemas["ListedModel"] = _listed(schemas["ModelInfo"])
    schemas["Models"] = object_schema({"models": {"type": "array", "items": reference("ListedModel")}}, ["models"])
    schemas["Card"] = _card()
    schemas |= _with_model(VocabularyMap, "MapAnswer")
    for cls in QUESTIONS.values():
        schemas |= _schemas_of(cls)
    return {name: Component(**schema) for name, schema in schemas.items()}


def _card() -> Schema:
    """The schema of a model's card: its chain has links of many kinds, and what was published is free."""
    link = {"type": "object", "properties": {"stage": {"type": "string"}}, "required": ["stage"]}
    chain = {"type": "array", "items": link, "description": "Where it comes from, link by link, each with its hash."}
    members = {"model": reference("ListedModel"), "chain": chain, "card": {"type": "object"}}
    return object_schema(members, list(members))


def _listed(info: Schema) -> Schema:
    """The schema of a model with what may change of it: its tags, and whether its bare name means it."""
    tags = {"type": "array", "items": {"type": "string"}, "description": "Its tags; of the newest also `latest`."}
    current = {"type": "boolean", "description": "Whether the bare name means this version."}
    members = {**info["properties"], "tags": tags, "current": current}
    return object_schema(members, list(members))


def listing() -> Described:
    """What is said of the list of models."""
    return _described("models", MODELS, reference("Models"))


def card() -> Described:
    """What is said of a model's card."""
    return {**_described("card", MODELS, reference("Card")), "openapi_extensions": {"parameters": [MODEL]}}


def vocabulary_map() -> Described:
    """What is said of a model's map."""
    return {**_described("map", MODELS, reference("MapAnswer")), "openapi_extensions": {"parameters": [MODEL]}}


def asked_by_get(name: str, cls: type[Declared]) -> Described:
    """What is said of a question asked with parameters."""
    parameters = _parameters(cls, given(EXAMPLES[name]))
    return {
        **_described(f"get_{name}", ASKING, reference(f"{cls.__name__}Answer")),
        **_texts(cls),
        "openapi_extensions": {"parameters": [MODEL, *parameters]},
    }


def asked_by_post(name: str, cls: type[Declared]) -> Described:
    """What is said of a question asked with a JSON object."""
    content = {"schema": reference(f"{cls.__name__}Question"), "example": given(EXAMPLES[name])}
    return {
        **_described(f"post_{name}", ASKING, reference(f"{cls.__name__}Answer")),
        **_texts(cls),
        "openapi_extensions": {
            "parameters": [MODEL],
            "requestBody": {"required": True, "content": {JSON: content}},
        },
    }


def batch(most: int) -> Described:
    """What is said of many questions asked at once."""
    asked = [{"question": name, **given(EXAMPLES[name])} for name in ("similarity", "neighbors")]
    content = {"schema": _batch_schema(most), "example": {"questions": asked}}
    return {
        **_described("batch", ASKING, _batch_answer_schema()),
        "openapi_extensions": {
            "parameters": [MODEL],
            "requestBody": {"required": True, "content": {JSON: content}},
        },
    }


def _batch_schema(most: int) -> Schema:
    name = {"type": "string", "description": f"One of {', '.join(QUESTIONS)}; its parameters stand beside it."}
    item = {"type": "object", "properties": {"question": name}, "required": ["question"]}
    questions = {"type": "array", "items": item, "minItems": 1, "maxItems": most}
    return object_schema({"questions": questions}, ["questions"])


def _batch_answer_schema() -> Schema:
    status = {"type": "integer", "description": "The status that the question alone would have."}
    answer = {"anyOf": [reference(f"{cls.__name__}Answer") for cls in QUESTIONS.values()]}
    answered = object_schema({"status": status, "answer": answer}, ["status", "answer"])
    refused = object_schema({"status": status, "error": reference("Problem")}, ["status", "error"])
    answers_in_order = {"type": "array", "items": {"anyOf": [answered, refused]}}
    return object_schema({"answers": answers_in_order}, ["answers"])


def of_peer(name: str, cls: type[Declared], answer: Schema) -> Described:
    """What is said of a route that another service has too."""
    parameters = _parameters(cls, PEER_EXAMPLES)
    return {**_described(name, PEER, answer), **_texts(cls), "openapi_extensions": {"parameters": parameters}}


def _schemas_of(cls: type[Declared]) -> dict[str, Schema]:
    """The schemas of a question, of its answer and of what the answer holds."""
    schemas = _with_model(getattr(answers, cls.__name__), f"{cls.__name__}Answer")
    return {**schemas, f"{cls.__name__}Question": question_schema(cls)}


def _with_model(cls: type, name: str) -> dict[str, Schema]:
    """The schemas of an answer, called `name` and with the model in front, and of what it holds."""
    schemas = answer_schemas(cls)
    answer = schemas.pop(cls.__name__)
    members = {"model": reference("Model"), **answer["properties"]}
    schemas[name] = {**answer, **object_schema(members, list(members))}
    return schemas


def _described(operation_id: str, tag: Tag, answer: Schema) -> Described:
    return {"operation_id": operation_id, "tags": [tag], "responses": {"200": _response("OK", answer)}}


def _texts(cls: type[Declared]) -> Described:
    return {"summary": first_line(cls), "description": text_of(cls)}


def _parameters(cls: type[Declared], example: Mapping[str, object]) -> list[Described]:
    return [_parameter(field, example) for field in fields_of(cls).values()]


def _parameter(field: Field, example: Mapping[str, object]) -> Described:
    described_so = {
        "name": field.name,
        "in": "query",
        "required": is_required(field),
        "description": described(field),
        "schema": field_schema(field, in_query=True),
    }
    return {**described_so, "example": example[field.name]} if field.name in example else described_so


def _response(description: str, schema: Schema) -> Described:
    return {"description": description, "content": {JSON: {"schema": schema}}}
