"""Every question over HTTP: with GET, with POST and in a batch it gets one and the same answer, the engine's."""

import io
import json
import re
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.answers import document
from service.app import create_app
from service.http.examples import EXAMPLES
from service.http.examples import given as given_fields
from service.http.fields import fields_of, is_required, kind_of
from service.http.reading import from_json, from_query
from service.http.rendering import rendered
from service.library import Library
from service.questions import QUESTIONS
from service.settings import ServiceSettings
from storage.declared import LONGEST_TEXT
from storage.embeddings import Embeddings
from storage.errors import UnusableQuestion
from storage.store import Store

WORDS = ("king", "queen", "man", "woman", "apple", "naïve", "two words", "🦊")
SAME_ID = {"X-Request-ID": "the-same"}
FIELDS = [(name, field) for name, cls in QUESTIONS.items() for field in fields_of(cls)]


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A store with one model of three dimensions that has the words of the examples."""
    path = tmp_path_factory.mktemp("questions") / "firth.db"
    matrix = np.random.default_rng(1).standard_normal((len(WORDS), 3)).astype(np.float32)
    counts = np.arange(len(WORDS), 0, -1, dtype=np.int64)
    with Store.open(path, create=True) as store:
        store.publish("demo", Embeddings(WORDS, counts, matrix), {})
    return path


@pytest.fixture(scope="module")
def client(db):
    return create_app(db, ServiceSettings(compress_from=0)).test_client()


def get(client, name, fields):
    return client.get(f"/api/v1/models/demo/{name}?{urlencode(fields, doseq=True)}", headers=SAME_ID)


def post(client, name, fields):
    return client.post(f"/api/v1/models/demo/{name}", json=fields, headers=SAME_ID)


def batch(client, *items):
    return client.post("/api/v1/models/demo/batch", json={"questions": items}, headers=SAME_ID)


def item_text(response):
    """A single response as it stands in a batch: its status, and its body's own bytes."""
    body = response.get_data(as_text=True)
    inside = f'"answer":{body}' if response.status_code == 200 else body[1:-1]
    return f'{{"status":{response.status_code},{inside}}}'


def check_same_everywhere(client, name, fields):
    """The response to a question, after GET, POST and batch were seen to agree on its bytes."""
    one = post(client, name, fields)
    assert batch(client, {"question": name, **fields}).get_data(as_text=True) == f'{{"answers":[{item_text(one)}]}}'
    other = get(client, name, fields)
    assert other.status_code == 414 or (other.status_code, other.data) == (one.status_code, one.data)
    return one


# ---- the same answer everywhere ----


def test_every_question_has_an_example():
    """The table of examples has one for each question, of its class."""
    assert {name: type(example) for name, example in EXAMPLES.items()} == QUESTIONS


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_gets_the_engines_answer(db, client, name):
    """GET, POST and batch give the engine's answer byte for byte."""
    library = Library(db)
    info = library.find("demo")
    engine = library.engine(info)
    response = check_same_everywhere(client, name, given_fields(EXAMPLES[name]))
    if name == "contexts":  # this model has no output matrix to answer from
        with pytest.raises(UnusableQuestion, match=re.escape(response.json["error"]["message"])):
            engine.answer(EXAMPLES[name])
    else:
        answer = engine.answer(EXAMPLES[name])
        assert (response.status_code, response.get_data(as_text=True)) == (200, rendered(document(info, answer)))


def values_of(field):
    """A strategy of valid values for a field, with words that the model has and words that it has not."""
    kind, metadata = kind_of(field), field.metadata
    low, high = metadata["low"], metadata["high"]
    if metadata["choices"]:
        return st.sampled_from(metadata["choices"])
    if kind.item is int:
        numbers = st.integers(low, high if high is not None else 2**70)
        return st.none() | numbers if kind.optional else numbers
    if kind.item is float and not kind.many:
        return st.floats(low, high)
    if kind.item is float:
        return st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4).map(tuple)
    words = st.sampled_from(WORDS) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=9)
    if kind.many:
        return st.lists(words, min_size=int(is_required(field)), max_size=4).map(tuple)
    return words if is_required(field) else st.just("") | words


@st.composite
def questions(draw):
    """Any question, with values for its required fields and for some of the others."""
    name = draw(st.sampled_from(list(QUESTIONS)))
    fields = fields_of(QUESTIONS[name])
    chosen = [field for field in fields.values() if is_required(field) or draw(st.booleans())]
    return name, {field.name: draw(values_of(field)) for field in chosen}


@given(asked=questions())
@settings(max_examples=300)
def test_questions_are_read_as_they_were_sent(asked):
    """Whatever can be asked is read from a query string and from JSON as the very same question."""
    name, fields = asked
    cls = QUESTIONS[name]
    question = cls(**fields)
    plain = {key: value for key, value in fields.items() if value is not None}
    assert from_json(cls, json.loads(rendered(fields))) == question
    assert from_query(cls, urlencode(plain, doseq=True).encode()) == question


@given(asked=questions())
@settings(max_examples=300)
def test_any_question_is_answered_the_same_everywhere(client, asked):
    """Any question at all gets one answer or one error, whichever way it comes, and never a failure."""
    name, fields = asked
    plain = {key: value for key, value in fields.items() if value is not None}
    if name != "random-words" or "seed" in plain:
        assert check_same_everywhere(client, name, plain).status_code in (200, 404, 422)


# ---- a batch ----


def test_a_batch_answers_item_by_item(client):
    """Each item of a batch has its own answer or error, in the order asked, whatever the others are."""
    kinds = [
        ({"question": "similarity", "a": "king", "b": "queen"}, 200),
        ({"question": "similarity", "a": "king"}, 400),
        ({"question": "similarity", "a": "king", "b": "quen"}, 404),
        ({"question": "neighbors", "word": "king", "topn": 0}, 422),
        ({"question": "no-such", "word": "king"}, 400),
        ({"question": "neighbors", "word": "king"}, 200),
    ]
    answers = batch(client, *(item for item, _ in kinds)).json["answers"]
    assert [answer["status"] for answer in answers] == [status for _, status in kinds]
    assert answers[2]["error"]["near"] == {"quen": ["queen"]}
    assert "similarity, distance" in answers[4]["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 400, "'questions'"),
        ({"questions": {}}, 400, "a list"),
        ({"questions": [], "more": 1}, 400, "only member"),
        ({"questions": []}, 422, "0 items; allowed: 1 to 2"),
        ({"questions": [{"question": "vector", "word": "king"}] * 3}, 422, "3 items; allowed: 1 to 2"),
        ({"questions": ["king"]}, 400, "item 0 of 'questions' is 'king'"),
        ({"questions": [{"question": "vector", "word": "king"}, {"word": "king"}]}, 400, "item 1"),
        ({"questions": [{"question": ["vector"]}]}, 400, "item 0"),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(db, body, status, said):
    """What is no list of questions, or a longer one than allowed, is one error, and nothing of it is answered."""
    client = create_app(db, ServiceSettings(max_batch=2)).test_client()
    response = client.post("/api/v1/models/demo/batch", json=body)
    assert response.status_code == status
    assert said in response.json["error"]["message"]


def test_a_batch_to_no_model(client):
    """A batch to a model that is not there is one error."""
    response = client.post("/api/v1/models/demmo/batch", json={"questions": [{"question": "words"}]})
    assert (response.status_code, response.json["error"]["near"]) == (404, {"demmo": ["demo"]})


# ---- refusals name the field ----


def wrong_values(field):
    """JSON values of other types than the field's, each of which must be refused."""
    kind = kind_of(field)
    wrong = [{}, True, [[]], "1", 1, ["1"], [1], None, 1.5]
    fits = {
        str: lambda value: isinstance(value, str),
        int: lambda value: value == 1 and isinstance(value, int) and value is not True,
        float: lambda value: isinstance(value, (int, float)) and value is not True,
    }[kind.item]
    if kind.many:
        return [value for value in wrong if not (isinstance(value, list) and fits(value[0]))]
    return [value for value in wrong if not fits(value) and not (value is None and kind.optional)]


def values_out_of_range(field):
    """JSON values of the field's type that its declaration does not allow."""
    kind, metadata = kind_of(field), field.metadata
    item = 1.0 if kind.item is float else "king"
    if metadata["choices"]:
        yield "none of them"
    if metadata["low"] is not None:
        yield metadata["low"] - 1
    if metadata["high"] is not None:
        yield metadata["high"] + 1
    if kind.many:
        yield [item] * (metadata["most"] + 1)
        yield from [[""], ["x" * (LONGEST_TEXT + 1)]] if kind.item is str else [[1e999]]
    elif kind.item is str and not metadata["choices"]:
        yield "x" * (metadata["longest"] + 1)
    if is_required(field):
        yield [] if kind.many else ""


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_wrong_type_is_refused_by_name(client, name, field):
    """A JSON value of another type than the field's is refused, and the message names the field and what it needs."""
    for value in wrong_values(fields_of(QUESTIONS[name])[field]):
        response = post(client, name, {**given_fields(EXAMPLES[name]), field: value})
        assert (response.status_code, response.json["error"]["code"]) == (400, "malformed"), value
        assert f"parameter {field!r} is " in response.json["error"]["message"]
        assert response.json["error"]["message"].endswith("is needed")


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_value_out_of_range_is_refused_by_name(client, name, field):
    """Every declared limit holds, and the message names the field."""
    for value in values_out_of_range(fields_of(QUESTIONS[name])[field]):
        body = rendered({**given_fields(EXAMPLES[name]), field: 0}).replace(
            f'"{field}":0', f'"{field}":{as_json(value)}'
        )
        response = client.post(f"/api/v1/models/demo/{name}", data=body, content_type="application/json")
        assert (response.status_code, response.json["error"]["code"]) == (422, "unusable"), value
        assert response.json["error"]["message"].startswith(f"{field} ")


def as_json(value):
    """JSON, also of numbers that are too large for any type."""
    return json.dumps(value).replace("Infinity", "1e999")


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_what_is_missing_or_repeated_is_refused_by_name(client, name, field):
    """A required field that is left out, and a single one that is given twice, are refused by name."""
    declared, fields = fields_of(QUESTIONS[name])[field], given_fields(EXAMPLES[name])
    if is_required(declared):
        rest = {key: value for key, value in fields.items() if key != field}
        for response in (get(client, name, rest), post(client, name, rest)):
            assert (response.status_code, response.json["error"]["code"]) == (400, "malformed")
            assert f"parameter {field!r} is missing" in response.json["error"]["message"]
    if not kind_of(declared).many:
        twice = get(client, name, {**fields, field: ["1", "1"]})
        assert twice.status_code == 400
        assert f"parameter {field!r} is given 2 times" in twice.json["error"]["message"]


@pytest.mark.parametrize("name", QUESTIONS)
def test_unknown_parameters_are_refused_by_name(client, name):
    """A parameter that the question does not have is refused by name, with those that it has."""
    fields = {**given_fields(EXAMPLES[name]), "wrod": "king"}
    for response in (get(client, name, fields), post(client, name, fields)):
        assert (response.status_code, response.json["error"]["code"]) == (400, "malformed")
        message = response.json["error"]["message"]
        assert message == f"unknown parameter 'wrod'; allowed: {', '.join(fields_of(QUESTIONS[name]))}"


# ---- bodies ----


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "a JSON object is needed"),
        (b'"king"', "a JSON object is needed"),
        (b'{"a": "king", "b": NaN}', "NaN is no number"),
        (b'{"a": "king", "b": Infinity}', "Infinity is no number"),
        (b'{"a": "king", "a": "king", "b": "man"}', "'a' is given 2 times"),
        (b'{"a": "\\ud800", "b": "man"}', "half of a character"),
        (b'{"\\ud800": "king"}', "unknown parameter"),
        (b'{"a": "\xff"}', "UTF-8"),
        ('{"a": "king", "b": "man"}'.encode("utf-16"), "UTF-8"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "not JSON"),
    ],
)
def test_a_body_that_is_no_question_is_malformed(client, body, said):
    """What is not one JSON object in UTF-8 with each member once is refused, and the message says why."""
    response = client.post("/api/v1/models/demo/similarity", data=body, content_type="application/json")
    assert (response.status_code, response.json["error"]["code"]) == (400, "malformed")
    assert said in response.json["error"]["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_a_body_of_another_type(client, kind):
    """A body that does not say that it is JSON is refused with 415, which says what to send."""
    response = client.post("/api/v1/models/demo/similarity", data=b'{"a": "king", "b": "man"}', content_type=kind)
    assert (response.status_code, response.json["error"]["code"]) == (415, "not_json")
    assert "application/json" in response.json["error"]["message"]


def test_a_body_says_its_character_set(client):
    """JSON with a parameter in its content type is JSON."""
    kind = "application/json; charset=utf-8"
    response = client.post("/api/v1/models/demo/similarity", data=b'{"a": "king", "b": "man"}', content_type=kind)
    assert response.status_code == 200


def test_a_body_too_large(db):
    """A body over the limit is refused with 413, whether it says its length or not, and the message says the limit."""
    client = create_app(db, ServiceSettings(max_body=1024)).test_client()
    body = rendered({"a": "x" * 1024, "b": "king"}).encode()
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    told, untold = {"data": body}, {"input_stream": io.BytesIO(body), "environ_overrides": chunked}
    for sent in (told, untold):
        response = client.post("/api/v1/models/demo/similarity", content_type="application/json", **sent)
        assert (response.status_code, response.json["error"]["code"]) == (413, "body_too_large")
        assert "1024" in response.json["error"]["message"]


def test_a_post_takes_no_parameters(client):
    """A POST that also has parameters in its address is refused, and nothing of it is guessed."""
    response = client.post("/api/v1/models/demo/similarity?a=king", json={"a": "king", "b": "man"})
    assert (response.status_code, response.json["error"]["code"]) == (400, "malformed")


# ---- methods ----


@pytest.mark.parametrize("name", QUESTIONS)
def test_methods(client, name):
    """HEAD is GET without the body, OPTIONS lists the methods, and any other is refused with the same list."""
    address = f"/api/v1/models/demo/{name}?{urlencode(given_fields(EXAMPLES[name]), doseq=True)}"
    whole, head = client.get(address), client.head(address)
    assert (head.status_code, head.data, head.content_length) == (whole.status_code, b"", whole.content_length)
    assert head.headers.get("ETag") == whole.headers.get("ETag")
    allowed = {"GET", "HEAD", "OPTIONS", "POST"}
    assert set(client.options(address).headers["Allow"].split(", ")) == allowed
    for method in ("PUT", "PATCH", "DELETE", "TRACE"):
        refused = client.open(address, method=method)
        assert (refused.status_code, refused.json["error"]["code"]) == (405, "method_not_allowed")
        assert set(refused.headers["Allow"].split(", ")) == allowed
