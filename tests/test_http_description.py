"""The OpenAPI document describes the service as it is, and its pages need nothing from another host."""

import re

import jsonschema_rs
import numpy as np
import pytest

from service import answers
from service.app import create_app
from service.http.docstrings import attributes_of
from service.http.examples import EXAMPLES, given
from service.http.fields import fields_of, is_required, kind_of
from service.problems import MEANINGS
from service.questions import QUESTIONS
from service.settings import ServiceSettings
from storage.embeddings import Embeddings
from storage.store import Store

WORDS = ("king", "queen", "man", "woman", "apple")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    path = tmp_path_factory.mktemp("described") / "firth.db"
    matrix = np.random.default_rng(1).standard_normal((len(WORDS), 3)).astype(np.float32)
    with Store.open(path, create=True) as store:
        store.publish("demo", Embeddings(WORDS, np.arange(len(WORDS), 0, -1, dtype=np.int64), matrix), {})
    return create_app(path, ServiceSettings(word2vec_api="demo", max_batch=7)).test_client()


@pytest.fixture(scope="module")
def document(client):
    return client.get("/openapi.json").json


def checker(document, name):
    """A validator of the named schema, with the others it refers to."""
    return jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def test_it_is_openapi_3_1(document):
    """The document says its version, and every reference in it leads somewhere."""
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "Firth"
    references = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert references <= set(document["components"]["schemas"])


def test_every_route_is_described(client, document):
    """Every route of the API is in the document with its methods, and nothing else is."""
    routes = {}
    for rule in client.application.url_map.iter_rules():
        if rule.rule.startswith(("/api/", "/word2vec/")):
            methods = {method.lower() for method in rule.methods} & {"get", "post"}
            routes.setdefault(re.sub(r"<(\w+)>", r"{\1}", rule.rule), set()).update(methods)
    assert {path: set(methods) for path, methods in document["paths"].items()} == routes


@pytest.mark.parametrize("name", QUESTIONS)
def test_parameters_are_the_declared_fields(document, name):
    """A question's parameters and the members of its JSON object are its fields, with help, defaults and ranges."""
    asked = document["paths"][f"/api/v1/models/{{model}}/{name}"]["get"]["parameters"][1:]
    members = document["components"]["schemas"][f"{QUESTIONS[name].__name__}Question"]
    fields = fields_of(QUESTIONS[name])
    assert [parameter["name"] for parameter in asked] == list(members["properties"]) == list(fields)
    assert members["required"] == [field for field in fields if is_required(fields[field])]
    for parameter, field in zip(asked, fields.values(), strict=True):
        member = members["properties"][field.name]
        assert parameter["required"] == is_required(field)
        assert field.metadata["help"] in parameter["description"]
        assert parameter["description"] == member["description"]
        one = parameter["schema"].get("items", parameter["schema"])
        assert one.get("minimum") == field.metadata["low"]
        assert one.get("maximum") == field.metadata["high"]
        assert one.get("enum", []) == list(field.metadata["choices"])
        if not is_required(field):
            default = list(field.default) if kind_of(field).many else field.default
            assert member["default"] == default
            assert parameter["schema"].get("default") == default


@pytest.mark.parametrize("name", QUESTIONS)
def test_examples_are_questions(document, name):
    """The example of each question is one by its own schema, and each parameter has its part of it."""
    cls, example = QUESTIONS[name], given(EXAMPLES[name])
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in example.items()}
    path = document["paths"][f"/api/v1/models/{{model}}/{name}"]
    body = path["post"]["requestBody"]["content"]["application/json"]
    assert body["example"] == plain
    assert checker(document, f"{cls.__name__}Question").is_valid(plain)
    assert {each["name"]: each["example"] for each in path["get"]["parameters"][1:] if "example" in each} == plain


@pytest.mark.parametrize("name", QUESTIONS)
def test_answers_are_as_described(client, document, name):
    """What is answered to the example has exactly the described members."""
    response = client.post(f"/api/v1/models/demo/{name}", json=given(EXAMPLES[name]))
    schema = f"{QUESTIONS[name].__name__}Answer" if response.status_code == 200 else "Error"
    checker(document, schema).validate(response.json)


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_docstrings_say_of_answers_is_described(document, name):
    """The documented attributes of an answer are the descriptions of its members."""
    said = attributes_of(getattr(answers, QUESTIONS[name].__name__))
    members = document["components"]["schemas"][f"{QUESTIONS[name].__name__}Answer"]["properties"]
    assert {member: schema["description"] for member, schema in members.items() if "description" in schema} == said


def test_every_error_is_described(document):
    """Each operation has every error of the service, in the one shape."""
    for path in document["paths"].values():
        for operation in path.values():
            errors = {status: each for status, each in operation["responses"].items() if status != "200"}
            assert set(errors) == {str(status) for status, _ in MEANINGS}
            schemas = [each["content"]["application/json"]["schema"] for each in errors.values()]
            assert all(schema == {"$ref": "#/components/schemas/Error"} for schema in schemas)


def test_the_batchs_limit_is_described(document):
    """The description of a batch has the limit that the service was started with."""
    operation = document["paths"]["/api/v1/models/{model}/batch"]["post"]
    questions = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]["questions"]
    assert questions["maxItems"] == 7


def test_the_pages_are_local(client):
    """The pages at /docs name only files of this service, which are there."""
    page = client.get("/docs").get_data(as_text=True)
    links = re.findall(r'(?:src|href|data-description)="([^"]+)"', page)
    assert len(links) == 5
    for link in links:
        assert client.get(link, buffered=True).status_code == 200, link
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]* src=)", page)
