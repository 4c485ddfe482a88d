"""What travels with requests and responses: tags, gzip, ids, tokens, limits, other origins, headers for browsers."""

import gzip
import logging

import numpy as np
import pytest

from service.app import create_app
from service.engine import Engine
from service.http.caching import tag_of
from service.http.request_ids import HEADER
from service.questions import Neighbors, Similarity
from service.settings import ServiceSettings
from storage.embeddings import Embeddings
from storage.errors import SettingError
from storage.store import Store

WORDS = ("king", "queen", "man", "woman")
SIMILARITY = "/api/v1/models/demo/similarity?a=king&b=queen"
NEIGHBORS = "/api/v1/models/demo/neighbors?word=king"
TOKEN = "s3cret-token"  # noqa: S105 - of these tests
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def embeddings(seed=1):
    matrix = np.random.default_rng(seed).standard_normal((len(WORDS), 3)).astype(np.float32)
    return Embeddings(WORDS, np.arange(len(WORDS), 0, -1, dtype=np.int64), matrix)


@pytest.fixture
def db(tmp_path):
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("demo", embeddings(), {})
    return path


@pytest.fixture
def client_of(db):
    """Makes a client of a service with these settings."""
    return lambda **settings: create_app(db, ServiceSettings(**settings)).test_client()


# ---- tags ----


@pytest.mark.parametrize("path", [SIMILARITY, NEIGHBORS, "/api/v1/models", "/api/v1/models/demo", "/openapi.json"])
def test_what_the_client_has_is_not_sent_again(client_of, path):
    """A response has a strong tag; who sends it back gets 304, the tag, and no body."""
    client = client_of()
    first = client.get(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).data == first.data
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert first.headers["Cache-Control"] == "no-cache"


def test_a_known_answer_is_not_computed(client_of, monkeypatch):
    """The tag is made from the model and the question alone: 304 is said without asking the engine."""
    client = client_of()
    tag = client.get(SIMILARITY).headers["ETag"]
    monkeypatch.setattr(Engine, "answer", None)
    assert client.get(SIMILARITY, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(SIMILARITY).status_code == 500


def test_the_same_question_has_one_tag(client_of):
    """A tag is the question's, not the address's: defaults that are said and the order do not matter."""
    client = client_of()
    tags = [client.get(f"{NEIGHBORS}{rest}").headers["ETag"] for rest in ("", "&topn=10", "&case=exact&topn=10")]
    assert len(set(tags)) == 1


def test_other_questions_and_models_have_other_tags(db):
    """Tags differ where the question, its fields, or anything of the model differs."""
    with Store.open(db, create=True) as store:
        store.publish("demo", embeddings(2), {})
        infos = store.models()
    asked = [("similarity", Similarity(a="king", b="queen")), ("distance", Similarity(a="king", b="queen"))]
    asked += [("neighbors", Neighbors(word="king", topn=topn)) for topn in (1, 2)]
    tags = {tag_of(info, name, question) for info in infos for name, question in asked}
    assert len(tags) == len(infos) * len(asked)


def test_a_new_version_is_sent(db, client_of):
    """After a new version is published, the tag of the old one gets the new answer."""
    client = client_of()
    first = client.get(SIMILARITY)
    with Store.open(db, create=True) as store:
        store.publish("demo", embeddings(2), {})
    client.application.extensions["library"].catch_up()
    second = client.get(SIMILARITY, headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.json["model"]["version"]) == (200, 2)


def test_what_is_drawn_anew_has_no_tag(client_of):
    """Random words have a tag only where a seed says which."""
    client = client_of()
    assert "ETag" not in client.get("/api/v1/models/demo/random-words").headers
    assert "ETag" in client.get("/api/v1/models/demo/random-words?seed=1").headers


def test_errors_have_no_tag(client_of):
    """What was refused is asked again."""
    client = client_of()
    for path in (f"{NEIGHBORS}&topn=0", "/api/v1/models/demo/neighbors?word=kng", "/api/v1/models/none"):
        assert "ETag" not in client.get(path, headers={"If-None-Match": "*"}).headers


# ---- gzip ----


def test_gzip_above_a_size(client_of):
    """A large response is compressed for who takes gzip, a small one and one for others are not; the text is one."""
    client = client_of(compress_from=300)
    plain, packed = client.get(NEIGHBORS), client.get(NEIGHBORS, headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Content-Encoding" not in client.get("/livez", headers={"Accept-Encoding": "gzip"}).headers


def test_gzip_has_a_tag_of_its_own(client_of):
    """Compressed bytes have another tag, and whichever the client has is not sent again."""
    client = client_of(compress_from=1)
    plain, packed = client.get(NEIGHBORS), client.get(NEIGHBORS, headers={"Accept-Encoding": "gzip"})
    tags = {plain.headers["ETag"], packed.headers["ETag"]}
    assert len(tags) == 2
    for tag in tags:
        again = client.get(NEIGHBORS, headers={"Accept-Encoding": "gzip", "If-None-Match": tag})
        assert (again.status_code, again.headers["ETag"]) == (304, tag)


def test_gzip_off(client_of):
    """0 switches compression off."""
    assert "Content-Encoding" not in client_of(compress_from=0).get("/", headers={"Accept-Encoding": "gzip"}).headers


# ---- ids ----


@pytest.mark.parametrize("path", ["/livez", SIMILARITY, "/nowhere", "/", f"{NEIGHBORS}&topn=0"])
def test_a_request_has_an_id(client_of, path):
    """The client's id comes back; without one every request gets another; errors have it too."""
    client = client_of()
    response = client.get(path, headers={HEADER: "trace-7/a.b:c=+_"})
    assert response.headers[HEADER] == "trace-7/a.b:c=+_"
    if response.status_code >= 400:
        assert response.json["error"]["request_id"] == "trace-7/a.b:c=+_"
    made = {client.get(path).headers[HEADER] for _ in range(3)}
    assert len(made) == 3


@pytest.mark.parametrize("sent", ["", "x" * 129, "two words", "<script>", "naïve", '"'])
def test_a_strange_id_is_replaced(client_of, sent):
    """An id that could break a log or a page is not taken."""
    assert client_of().get("/livez", headers={HEADER: sent}).headers[HEADER] != sent


# ---- the token ----


@pytest.fixture
def guarded(client_of, tmp_path):
    """A client of a service that wants a token."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return client_of(token_file=str(file), word2vec_api="demo")


ASKING = [SIMILARITY, "/api/v1/models", "/api/v1/models/demo", "/word2vec/similarity?w1=king&w2=queen", "/nowhere"]


@pytest.mark.parametrize("path", ASKING)
@pytest.mark.parametrize(
    "sent", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": f"Basic {TOKEN}"}]
)
def test_without_the_token_nothing_is_answered(guarded, path, sent):
    """Where a token is wanted, no other request learns anything of the models."""
    response = guarded.get(path, headers=sent)
    assert (response.status_code, response.json["error"]["code"]) == (401, "unauthorized")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in response.get_data(as_text=True)


def test_with_the_token_everything_is_answered(guarded):
    """With the token, answers are as they were without one."""
    assert [guarded.get(path, headers=BEARER).status_code for path in ASKING] == [200, 200, 200, 200, 404]
    assert guarded.get(SIMILARITY, headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/", "/docs", "/openapi.json", "/static/firth.svg"])
def test_what_needs_no_token(guarded, path):
    """Probes and pages, which hold nothing of the models, need no token."""
    assert guarded.get(path, buffered=True).status_code == 200


def test_the_token_of_the_environment(client_of, monkeypatch):
    """The token can be an environment variable."""
    monkeypatch.setenv("FIRTH_TOKEN", TOKEN)
    client = client_of()
    assert (client.get(SIMILARITY).status_code, client.get(SIMILARITY, headers=BEARER).status_code) == (401, 200)


@pytest.mark.parametrize("content", [b"", b"s3cret word", b"\xff", "naïve".encode(), b"s3cret\ns3cret"])
def test_a_token_that_is_none(client_of, tmp_path, content):
    """A file that holds no token stops the start; it is not as if there were none, and it is not shown."""
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(SettingError, match="token") as caught:
        client_of(token_file=str(file))
    assert "s3cret" not in str(caught.value).replace(str(file), "")


def test_a_token_file_that_is_missing(client_of, tmp_path):
    """A file that is not there stops the start."""
    with pytest.raises(SettingError, match=r"token_file .*missing cannot be read"):
        client_of(token_file=str(tmp_path / "missing"))


def test_the_token_is_never_logged(guarded, caplog):
    """Neither the token nor a wrong one is in the log."""
    with caplog.at_level(logging.DEBUG):
        guarded.get(SIMILARITY, headers=BEARER)
        guarded.get(SIMILARITY, headers={"Authorization": "Bearer wr0ng"})
    assert TOKEN not in caplog.text
    assert "wr0ng" not in caplog.text


def test_the_description_says_that_a_token_is_wanted(guarded, client_of):
    """The OpenAPI document has the scheme exactly where the service wants a token."""
    document = guarded.get("/openapi.json").json
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert document["security"] == [{"token": []}]
    assert "security" not in client_of().get("/openapi.json").json


# ---- how often ----


def test_a_limit_for_each_address(client_of):
    """Who asks more often than allowed is told to come back later; others, probes and files are not held up."""
    client = client_of(requests_per_minute=3)
    assert [client.get(SIMILARITY).status_code for _ in range(3)] == [200] * 3
    refused = client.get(NEIGHBORS)
    assert (refused.status_code, refused.json["error"]["code"]) == (429, "too_many_requests")
    assert "3 in a minute" in refused.json["error"]["message"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert client.get("/livez").status_code == 200
    assert client.get("/static/firth.svg", buffered=True).status_code == 200
    assert client.get(SIMILARITY, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200


def test_no_limit_by_default(client_of):
    """Without a limit nobody is refused, and no response speaks of one."""
    client = client_of()
    responses = [client.get("/livez") for _ in range(50)]
    assert {response.status_code for response in responses} == {200}
    assert "X-RateLimit-Limit" not in responses[0].headers


def test_an_address_behind_a_proxy(client_of):
    """With a proxy in front, the address is the one that the proxy names; without, nobody can pretend one."""
    forwarded = [{"X-Forwarded-For": f"192.0.2.{number}"} for number in range(3)]
    behind, open_ = client_of(requests_per_minute=1, proxies=1), client_of(requests_per_minute=1)
    assert [behind.get(SIMILARITY, headers=headers).status_code for headers in forwarded] == [200, 200, 200]
    assert [open_.get(SIMILARITY, headers=headers).status_code for headers in forwarded] == [200, 429, 429]


# ---- other origins ----

ORIGIN = "https://example.org"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type,authorization",
}


def test_no_other_origin_by_default(client_of):
    """By default no page of another origin may read an answer."""
    client = client_of()
    for response in (client.get(SIMILARITY, headers={"Origin": ORIGIN}), client.options(SIMILARITY, headers=PREFLIGHT)):
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_origins_that_are_allowed(client_of, tmp_path):
    """Pages of a listed origin may ask and read, also with a token; others may not."""
    (tmp_path / "token").write_text(TOKEN)
    client = client_of(cors_origins=f"https://else.example, {ORIGIN}", token_file=str(tmp_path / "token"))
    preflight = client.options(SIMILARITY, headers=PREFLIGHT)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
    answer = client.get(SIMILARITY, headers={"Origin": ORIGIN, **BEARER})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert HEADER in answer.headers["Access-Control-Expose-Headers"]
    other = client.get(SIMILARITY, headers={"Origin": "https://evil.example", **BEARER})
    assert "Access-Control-Allow-Origin" not in other.headers


def test_every_origin(client_of):
    """A star allows every origin, without credentials of the browser."""
    response = client_of(cors_origins="*").get(SIMILARITY, headers={"Origin": ORIGIN})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("origins", ["example.org", "https://example.org/path", "ftp://example.org", "https://*.org"])
def test_origins_that_are_none(origins):
    """What is no origin is refused when the settings are made."""
    with pytest.raises(SettingError, match="cors_origins"):
        ServiceSettings(cors_origins=origins)


# ---- headers for browsers ----


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/livez", SIMILARITY, "/nowhere", "/static/firth.svg"])
def test_security_headers(client_of, path):
    """Every response keeps browsers from foreign content, framing and guessing types, and none allows inline code."""
    headers = client_of().get(path, buffered=True).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
