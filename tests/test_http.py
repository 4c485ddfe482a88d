"""The HTTP API gives the engine's answers, says which model gave them, and has one shape for every error."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import questions
from service.answers import document
from service.app import create_app
from service.engine import Engine
from service.http.reading import LONGEST_QUERY, Malformed, from_query
from service.library import Library
from service.questions import Neighbors, Similarity
from storage.card import whole_card
from storage.declared import LONGEST_TEXT
from storage.embeddings import Embeddings
from storage.errors import SettingError, StoreError
from storage.managing.versions import roll_back, set_tag
from storage.store import Store

WORDS = ("man", "woman", "king", "queen", "naïve", "two words", "ten", "🦊", "void", "a&b=c", "100%", "+")
ROYAL = {"a": "man", "b": "king", "c": "woman"}


def some_embeddings(seed=1, words=WORDS):
    matrix = np.random.default_rng(seed).standard_normal((len(words), 8)).astype(np.float32)
    matrix[words.index("void")] = 0
    return Embeddings(words, np.arange(len(words), 0, -1, dtype=np.int64), matrix)


@pytest.fixture
def db(tmp_path):
    """A store with news@1, news@2 and wiki@1."""
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("news", some_embeddings(1), {"settings": {"window": 5}, "loss_curve": [2.5, 2.0]})
        store.publish("news", some_embeddings(2), {"manifest": {"inputs": ["caf\udce9.txt"]}})
        store.publish("wiki", some_embeddings(3), {})
    return path


@pytest.fixture
def client(db):
    return create_app(db).test_client()


def asked(path, **parameters):
    return f"/api/v1/models/{path}?{urlencode(parameters)}"


# ---- answers ----


def test_livez(client):
    """/livez says that the process answers."""
    assert client.get("/livez").json == {"status": "ok"}


def test_models(client, db):
    """The list of models is the store's, with sizes, times and hashes."""
    with Store.open(db) as store:
        assert client.get("/api/v1/models").json == {
            "models": [store.catalog().described(info) for info in store.models()]
        }


@pytest.mark.parametrize(("path", "label"), [("news", "news@2"), ("news@1", "news@1"), ("wiki", "wiki@1")])
def test_card(client, db, path, label):
    """A model's address shows its card and its tags; a name without version is the current one."""
    with Store.open(db) as store:
        info = store.find(label)
        expected = whole_card(store, info)
        assert expected["card"] == store.card(info)
    assert client.get(f"/api/v1/models/{path}").json == expected


def test_a_card_names_files_without_their_folders(db):
    """Over HTTP a file of text, of an import or of start vectors has its name, and not where it lay on this machine."""
    sources = [{"name": "/home/ada/books/emma.txt", "bytes": 3, "sha256": "ab"}, {"name": "-", "sha256": "cd"}]
    manifest = {"tokenize": {name: {} for name in ("settings", "report", "code")} | {"stage": "tokenize", "key": "1"}}
    manifest["tokenize"]["inputs"] = {"sources": sources}
    started = {"report": {"start_vectors": {"file": "../old/start.txt", "sha256": "ef"}}}
    imported = {"format": "glove", "files": [{"file": r"C:\vectors\glove.txt", "bytes": 5, "sha256": "01"}]}
    card = {"manifest": {**manifest, "train": started}, "import": imported, "notes": {"name": "a/b"}}
    with Store.open(db, create=True) as store:
        store.publish("filed", some_embeddings(4), card)
        assert store.card(store.find("filed")) == card
    told = create_app(db).test_client().get("/api/v1/models/filed").text
    assert not [folder for folder in ("/home", "books", "../old", "vectors\\") if folder in told]
    assert all(f'"{name}"' in told for name in ("emma.txt", "-", "start.txt", "glove.txt", "a/b"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("/similarity?a=king&b=queen", 200),
        ("/similarity?a=king&b=nobody", 404),
        ("/map", 422),
        ("/random-words", 200),
    ],
)
def test_every_answer_names_its_model(client, db, path, status):
    """Name, version and hash of the model are headers of whatever it answers, refuses or is asked for again."""
    with Store.open(db) as store:
        info = store.find("news@1")
    named = {"Firth-Model": "news@1", "Firth-Vectors-SHA256": info.vectors_sha256}
    answer = client.get(f"/api/v1/models/news@1{path}")
    assert answer.status_code == status
    assert named.items() <= dict(answer.headers).items()
    if tag := answer.headers.get("ETag"):
        again = client.get(f"/api/v1/models/news@1{path}", headers={"If-None-Match": tag})
        assert again.status_code == 304
        assert named.items() <= dict(again.headers).items()


def test_a_batch_names_its_model(client):
    """So does a batch, and where no model answers there is none to be named."""
    asked = {"questions": [{"question": "similarity", "a": "king", "b": "queen"}]}
    assert client.post("/api/v1/models/news/batch", json=asked).headers["Firth-Model"] == "news@2"
    assert "Firth-Model" not in client.get("/api/v1/models/nobody").headers


def test_tags_and_rollbacks(client, db):
    """`name@tag` and a name that was rolled back answer, and name the version that did."""

    def answering(asked):
        return client.get(f"/api/v1/models/{asked}/vector?word=king").json["model"]["version"]

    with Store.open(db, create=True) as store:
        set_tag(store, "news@2", "stable")
        roll_back(store, "news")
    assert [answering(asked) for asked in ("news", "news@stable", "news@latest", "news@2")] == [1, 2, 2, 2]
    listed = {f"{each['name']}@{each['version']}": each for each in client.get("/api/v1/models").json["models"]}
    assert {label: (each["current"], each["tags"]) for label, each in listed.items()} == {
        "news@1": (True, []),
        "news@2": (False, ["latest", "stable"]),
        "wiki@1": (True, ["latest"]),
    }


@pytest.mark.parametrize("label", ["news@1", "news@2", "wiki@1"])
def test_answers_are_those_of_the_engine(client, db, label):
    """Each question over HTTP gives what the engine gives in Python, digit for digit, and names the model."""
    with Store.open(db) as store:
        info = store.find(label)
        engine = Engine(store.load(info))
    expected = {
        asked(f"{label}/similarity", a="king", b="queen"): questions.Similarity(a="king", b="queen"),
        asked(f"{label}/neighbors", word="king"): questions.Neighbors(word="king"),
        asked(f"{label}/neighbors", word="king", topn=3): questions.Neighbors(word="king", topn=3),
        asked(f"{label}/analogy", **ROYAL): questions.Analogy(**ROYAL),
        asked(f"{label}/analogy", **ROYAL, topn=2): questions.Analogy(**ROYAL, topn=2),
    }
    for address, question in expected.items():
        response = client.get(address)
        assert response.status_code == 200
        assert response.json == json.loads(json.dumps(document(info, engine.answer(question))))
        assert response.json["model"] == {
            "name": info.name,
            "version": info.version,
            "vectors_sha256": info.vectors_sha256,
        }


@pytest.mark.parametrize("word", WORDS[:-1])
def test_any_word_can_be_asked_for(client, word):
    """Words with blanks, signs that mean something in an address, or letters of any script are found exactly."""
    answer = client.get(asked("wiki/similarity", a=word, b="king")).json
    assert (answer["a"], answer["b"]) == (word, "king")


def test_json_is_utf8(client):
    """Words are written as themselves in UTF-8, not as escapes."""
    response = client.get(asked("wiki/similarity", a="naïve", b="🦊"))
    assert response.content_type == "application/json"
    assert '"a":"naïve","b":"🦊"' in response.data.decode("utf-8")


def test_nan_never_leaves(db):
    """A NaN in an answer, from wherever, is an error of ours and not a document that nobody can read."""
    with pytest.raises(ValueError, match="JSON"):
        create_app(db).json.dumps({"score": float("nan")})


def test_topn_defaults_to_ten(client):
    """Without topn there are ten neighbors."""
    assert len(client.get(asked("wiki/neighbors", word="king")).json["neighbors"]) == 10


# ---- errors ----

REFUSED = [
    ("wiki/similarity?a=king", 400, "malformed", "'b' is missing"),
    ("wiki/similarity", 400, "malformed", "'a' is missing"),
    ("wiki/similarity?a=king&b=man&b=man", 400, "malformed", "'b' is given 2 times"),
    ("wiki/similarity?a=king&b=man&topm=3", 400, "malformed", "unknown parameter 'topm'"),
    ("wiki/similarity?a=king&b=", 422, "unusable", "b has 0 characters"),
    ("wiki/neighbors?wrod=king", 400, "malformed", "unknown parameter 'wrod'"),
    ("wiki/neighbors?word=king&topn=ten", 400, "malformed", "whole number"),
    ("wiki/neighbors?word=king&topn=1.5", 400, "malformed", "whole number"),
    ("wiki/neighbors?word=king&topn=nan", 400, "malformed", "whole number"),
    ("wiki/neighbors?word=king&topn=%D9%A3", 400, "malformed", "whole number"),
    (f"wiki/neighbors?word={'x' * 201}", 422, "unusable", "201 characters"),
    ("wiki/neighbors?word=%FF", 400, "malformed", "not UTF-8"),
    ("wiki/neighbors?word=" + "x" * LONGEST_QUERY, 414, "too_long", "POST"),
    ("?page=1", 400, "malformed", "allowed: none"),
    ("wiki?full=1", 400, "malformed", "allowed: none"),
    ("wiki/neighbors?word=kng", 404, "unknown_word", "'kng' (did you mean king?)"),
    ("wiki/analogy?a=kng&b=man&c=quen", 404, "unknown_word", "'quen' (did you mean queen?)"),
    ("wikki", 404, "unknown_model", "'wikki' (did you mean wiki?)"),
    ("wiki@2/neighbors?word=king", 404, "unknown_model", "'wiki@2'"),
    ("wiki/neighbours?word=king", 404, "unknown_route", "/api/v1/models/wiki/neighbours"),
    ("wiki/", 404, "unknown_route", "/api/v1/models/wiki/"),
    ("wiki/neighbors?word=king&topn=0", 422, "unusable", "1 to 1000"),
    ("wiki/neighbors?word=king&topn=-5", 422, "unusable", "1 to 1000"),
    ("wiki/neighbors?word=king&topn=1001", 422, "unusable", "1 to 1000"),
    (f"wiki/neighbors?word=king&topn={'9' * LONGEST_TEXT}", 422, "unusable", "1 to 1000"),
    (f"wiki/neighbors?word=king&topn={'9' * (LONGEST_TEXT + 1)}", 400, "malformed", "201 characters"),
    ("wiki/neighbors?word=void", 422, "unusable", "'void' is zero"),
    ("wiki/analogy?a=king&b=king&c=void", 422, "unusable", "'void' is zero"),
]


def check_error(response, status, code):
    """The one shape of every error."""
    assert response.status_code == status
    assert response.content_type == "application/json"
    assert list(response.json) == ["error"]
    error = response.json["error"]
    assert list(error) == ["code", "message", "status", "missing", "subwords", "near", "request_id"]
    assert (error["code"], error["status"]) == (code, status)
    assert error["message"]
    assert "Content-Security-Policy" in response.headers
    return error


@pytest.mark.parametrize(("path", "status", "code", "said"), REFUSED)
def test_every_refusal_has_the_one_shape(client, path, status, code, said):
    """What is missing, repeated, unknown, unusable or too long is refused in the one shape, by name."""
    address = f"/api/v1/models{'' if path.startswith('?') else '/'}{path}"
    assert said in check_error(client.get(address), status, code)["message"]


def test_unknown_words_come_with_near_matches(client):
    """All missing words are listed, each with its near matches."""
    error = client.get(asked("wiki/analogy", a="kng", b="man", c="Queen")).json["error"]
    assert error["missing"] == ["kng", "Queen"]
    assert error["near"] == {"kng": ["king"], "Queen": ["queen"]}


def test_unknown_models_and_routes_come_with_near_matches(client):
    """A model or route that is not there comes with those that may have been meant."""
    assert client.get("/api/v1/models/nws").json["error"]["near"] == {"nws": ["news"]}
    assert client.get("/api/v1/models/news@7").json["error"]["near"] == {"news@7": ["news@2", "news@1"]}
    near = client.get("/api/v1/models/wiki/neighbours").json["error"]["near"]
    assert near["/api/v1/models/wiki/neighbours"][0] == "/api/v1/models/wiki/neighbors"


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/api/v1/models/", "/api/v1/models"),
        ("/api//v1/models", "/api/v1/models"),
        ("/api/v1/modles/wiki", "/api/v1/models/wiki"),
        ("/api/v1/models/wiki/", "/api/v1/models/wiki"),
        ("/livez/", "/livez"),
    ],
)
def test_near_routes_are_routes(client, path, near):
    """What is suggested first is what was meant, and whatever is suggested is there."""
    suggested = check_error(client.get(path), 404, "unknown_route")["near"][path]
    assert suggested[0] == near
    codes = [(client.get(address).json or {}).get("error", {}).get("code") for address in suggested]
    assert "unknown_route" not in codes


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api//v1/models", "/livez/", "/static/none.css", "/static/../app.py", "/api/v1"]
)
def test_other_addresses_are_not_found(client, path):
    """Whatever is not there is a 404 in the one shape, also outside the API, and never a file of the machine."""
    check_error(client.get(path), 404, "unknown_route")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/livez", "/api/v1/models", "/api/v1/models/wiki"])
def test_only_reading_is_allowed(client, method, path):
    """Every route refuses other methods in the one shape and says which are allowed."""
    response = client.open(path, method=method)
    check_error(response, 405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]


def test_a_fault_is_logged_and_tells_nothing(db, caplog):
    """The log of a fault has the traceback; the answer is a 500 without any detail."""
    app = create_app(db)
    app.add_url_rule("/fault", "fault", lambda: {}["secret"])
    with caplog.at_level(logging.ERROR):
        error = check_error(app.test_client().get("/fault"), 500, "internal")
    assert "secret" not in json.dumps(error)
    assert caplog.records[0].exc_info


def test_a_lost_store_is_said_and_logged(client, db, caplog):
    """When the store is lost while running, the answer is a 503 without its path; the log has path and traceback."""
    db.unlink()
    with caplog.at_level(logging.ERROR):
        response = client.get("/api/v1/models/news")
    error = check_error(response, 503, "store_unavailable")
    assert response.headers["Retry-After"] == "5"
    assert str(db) not in json.dumps(error)
    assert caplog.records[0].exc_info
    assert str(db) in caplog.text


@given(st.text(max_size=LONGEST_TEXT), st.text(max_size=LONGEST_TEXT))
def test_parameters_are_read_as_they_were_sent(one, other):
    """Whatever text a client encodes is the text that is read; only empty text is refused."""
    try:
        query = f"a={quote(one, safe='')}&b={quote(other, safe='')}".encode()
    except UnicodeEncodeError:
        return  # a lone surrogate cannot be sent
    if one and other:
        assert from_query(Similarity, query) == Similarity(a=one, b=other)
    else:
        with pytest.raises(SettingError):
            from_query(Similarity, query)


@given(query=st.binary(max_size=60))
@settings(max_examples=200)
def test_no_query_string_breaks_the_reader(query):
    """Any bytes as a query string are read or refused, and nothing else."""
    try:
        question = from_query(Neighbors, query)
    except (Malformed, SettingError) as refused:
        assert str(refused)  # noqa: PT017 - both outcomes are lawful
    else:
        assert question.word


# ---- what every response carries ----


@pytest.mark.parametrize("path", ["/", "/livez", "/api/v1/models", "/static/page.js", "/nowhere"])
def test_security_headers(client, path):
    """Every response, whatever its status, keeps browsers from foreign content, framing and guessing types."""
    headers = client.get(path, buffered=True).headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


# ---- models come and go ----


def test_a_new_version_is_seen_while_running(client, db):
    """A version published while the service runs is listed at once, and is what its name means when it is loaded."""
    before = client.get(asked("wiki/neighbors", word="king")).json
    with Store.open(db, create=True) as store:
        info = store.publish("wiki", some_embeddings(9), {})
    assert "wiki@2" in [f"{model['name']}@{model['version']}" for model in client.get("/api/v1/models").json["models"]]
    client.application.extensions["library"].catch_up()
    after = client.get(asked("wiki/neighbors", word="king")).json
    assert after["model"]["vectors_sha256"] == info.vectors_sha256
    assert client.get(asked("wiki@1/neighbors", word="king")).json == before


def test_an_empty_store_has_no_models(tmp_path):
    """A store without models can be served; it lists none and knows none."""
    with Store.open(tmp_path / "firth.db", create=True):
        pass
    client = create_app(tmp_path / "firth.db", preload=True).test_client()
    assert client.get("/api/v1/models").json == {"models": []}
    check_error(client.get("/api/v1/models/news"), 404, "unknown_model")


def test_no_store_no_service(tmp_path):
    """The application is not made where there is no store."""
    with pytest.raises(StoreError, match="no store"):
        create_app(tmp_path / "missing.db")


def test_a_model_is_loaded_once(db):
    """All threads that ask for a model at the same time, and all that come later, get one and the same engine."""
    library = Library(db)
    info = library.find("wiki")
    with ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(lambda _: library.engine(info), range(16)))
    assert len({id(engine) for engine in engines}) == 1


def test_the_model_longest_unasked_goes_first(db):
    """No more models stay loaded than allowed; the one not asked for the longest is loaded again when asked for."""
    library = Library(db, keep=2)
    one, two, three = library.models()
    first, second = library.engine(one), library.engine(two)
    assert library.engine(one) is first
    library.engine(three)
    assert library.engine(one) is first
    assert library.engine(two) is not second
