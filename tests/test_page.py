"""The page needs nothing from elsewhere, keeps to its policy, names its fields, and shows the engine's answers."""

import re
import shutil
import subprocess
import threading
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from flask import Response, request
from werkzeug.serving import make_server

from service import questions
from service.app import create_app
from service.engine import Engine
from service.parameters import LONGEST_WORD
from storage.embeddings import Embeddings
from storage.store import Store

SERVICE = Path(__file__).parents[1] / "service"
ASSETS = sorted((SERVICE / "static").iterdir())


class Elements(HTMLParser):
    """All elements of a page with their attributes, and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.all = []
        self.inline = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Keep the element."""
        self.all.append((tag, dict(attrs)))

    def handle_data(self, data):
        """Keep the text of a script or style."""
        if self.all and self.all[-1][0] in ("script", "style") and data.strip():
            self.inline.append(data)

    def named(self, *tags):
        """The attributes of all elements with one of these tags."""
        return [attributes for tag, attributes in self.all if tag in tags]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("news", Embeddings(("king",), np.ones(1, np.int64), np.ones((1, 2), np.float32)), {})
    return create_app(path).test_client()


@pytest.fixture(scope="module")
def page(client):
    return Elements(client.get("/").text)


def test_every_asset_is_served_from_here(client, page):
    """Stylesheet, script and icon are addresses of this service, and each is there with its type."""
    addresses = [link["href"] for link in page.named("link")] + [script["src"] for script in page.named("script")]
    types = {client.get(address, buffered=True).content_type.split(";")[0] for address in addresses}
    assert all(address.startswith("/static/") for address in addresses)
    assert types == {"text/css", "text/javascript", "image/svg+xml"}


def test_every_module_that_a_script_imports_is_served(client):
    """Each script imports only its neighbors, and they are there."""
    imports = [name for asset in ASSETS for name in re.findall(r'from "(.*?)"', asset.read_text("utf-8"))]
    assert imports
    for name in imports:
        assert name.startswith("./")
        assert client.get(f"/static/{name[2:]}", buffered=True).status_code == 200


@pytest.mark.parametrize("asset", [*ASSETS, SERVICE / "templates" / "index.html"], ids=lambda path: path.name)
def test_nothing_names_another_host(asset):
    """No file of the page holds an address of another host; SVG's name space is a name, not an address."""
    text = asset.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|url\(|@import|//[\w-]+\.\w", text)


def test_nothing_is_inline(page):
    """No script, style or event handler stands in the page itself, as its Content-Security-Policy demands."""
    assert page.inline == []
    assert page.named("style") == []
    attributes = {name for _, attributes in page.all for name in attributes}
    assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("asset", [asset for asset in ASSETS if asset.suffix == ".js"], ids=lambda path: path.name)
def test_scripts_never_make_html_of_text(asset):
    """Words from the model and the address are only ever set as text."""
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", asset.read_text("utf-8"))


def test_every_field_has_a_label(page):
    """Each input and select has a label of its own, so that a screen reader can name it."""
    labelled = [label["for"] for label in page.named("label")]
    fields = [field["id"] for field in page.named("input", "select")]
    assert sorted(fields) == sorted(labelled)
    assert len(fields) == len(set(fields))


def test_every_form_can_be_sent_from_the_keyboard(page):
    """Each form has a button that sends it, which also lets Enter send it from a field."""
    buttons = [button for button in page.named("button") if button["type"] == "submit"]
    assert len(buttons) == len(page.named("form")) == 3
    assert not [attributes for _, attributes in page.all if int(attributes.get("tabindex", 0)) > 0]


def test_the_page_speaks_to_screen_readers_and_phones(page):
    """It has a language, a width that fits, a region that reads answers out, and headings for its parts."""
    assert page.named("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.named("meta")
    assert [element for _, element in page.all if element.get("aria-live") == "polite"]
    ids = {attributes.get("id") for _, attributes in page.all}
    assert {section["aria-labelledby"] for section in page.named("section")} <= ids


def test_light_and_dark():
    """The stylesheet has colors for both of the reader's preferences."""
    assert "prefers-color-scheme: dark" in (SERVICE / "static" / "page.css").read_text("utf-8")


def test_fields_are_as_long_as_words_may_be(page):
    """A field takes as many characters as the API does."""
    assert {field["maxlength"] for field in page.named("input")} == {str(LONGEST_WORD)}


def test_the_script_knows_the_page_and_the_api(client, page):
    """Every element that the script looks for is in the page, and every question it asks is a route of the API."""
    script = (SERVICE / "static" / "page.js").read_text("utf-8")
    ids = {attributes.get("id") for _, attributes in page.all}
    assert set(re.findall(r'querySelector\("#(\w+)"\)', script)) <= ids
    questions = re.findall(r'\{ name: "(\w+)"', script)
    assert questions == [section["id"] for section in page.named("section")]
    rules = {rule.rule for rule in client.application.url_map.iter_rules()}
    assert {f"/api/v1/models/<model>/{question}" for question in questions} <= rules


# ---- in a browser ----

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OPTIONS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=10000", "--dump-dom"),
]
HANDS = """
const form = document.querySelector("#neighbors form");
const find = (word) => { form.elements.word.value = word; form.requestSubmit(); };
"""
HELD = "held"  # the word whose answer never comes


class Shown(HTMLParser):
    """The texts of a rendered page by the section, tag and class they stand in, and the sections that are busy."""

    def __init__(self, text):
        super().__init__()
        self.texts = defaultdict(list)
        self.busy = []
        self.section = self.kind = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Remember where the next text stands."""
        attributes = dict(attrs)
        self.section = attributes["id"] if tag == "section" else self.section
        self.kind = ".".join([tag, *attributes.get("class", "").split()])
        if "aria-busy" in attributes:
            self.busy.append(self.section)

    def handle_data(self, data):
        """Keep a text."""
        if data.strip():
            self.texts[self.section, self.kind].append(data)

    def table(self, section):
        """The rows of an answer: word, score, count."""
        columns = [self.texts[section, kind] for kind in ("a.word", "td.number", "td.number.count")]
        return list(zip(*columns, strict=True))


def rows(neighbors):
    """Neighbors as the page writes them."""
    return [(neighbor.word, decimals(neighbor.score), f"{neighbor.count:,}") for neighbor in neighbors]


def decimals(score):
    return f"{score:.3f}".replace("-", "\N{MINUS SIGN}")


def with_hands(app, release):
    """The service with a second page, /hands, where `do` uses the page as a reader would; one word's answer hangs."""

    def hold():
        if request.args.get("word") == HELD and request.path.startswith("/api/"):
            release.wait(60)

    def hands():
        tag = f'<script type="module" src="/hands.js?{urlencode({"do": request.args["do"]})}"></script>'
        return app.view_functions["page"]().replace("</head>", f"{tag}</head>")

    app.before_request(hold)
    app.add_url_rule("/hands", "hands", hands)
    app.add_url_rule("/hands.js", "script", lambda: Response(HANDS + request.args["do"], mimetype="text/javascript"))
    return app


@pytest.fixture(scope="module")
def engine(lee_model):
    return Engine(lee_model.embeddings)


@pytest.fixture(scope="module")
def browse(lee_model, tmp_path_factory):
    """Opens a page of a running service in Chromium; gives what is shown in the end."""
    if CHROMIUM is None:
        pytest.skip("no chromium, chromium-browser or google-chrome on the PATH")
    folder = tmp_path_factory.mktemp("browser")
    with Store.open(folder / "firth.db", create=True) as store:
        store.publish("lee", lee_model.embeddings, {})
    release = threading.Event()
    server = make_server("127.0.0.1", 0, with_hands(create_app(folder / "firth.db"), release), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def browse(path="", **state):
        address = f"http://127.0.0.1:{server.port}/{path}?{urlencode(state)}"
        chromium = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder / 'profile'}", address]
        return Shown(subprocess.run(chromium, capture_output=True, check=True, timeout=60).stdout.decode())

    yield browse
    release.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_page_shows_the_neighbors_of_the_engine(browse, engine):
    """An address with a word shows the same words, in the same order, with the same scores as Python gives."""
    word = engine.words[40]
    assert browse(model="lee", word=word).table("neighbors") == rows(
        engine.answer(questions.Neighbors(word=word)).neighbors
    )


def test_the_page_shows_the_analogy_of_the_engine(browse, engine):
    """An address with an analogy shows the engine's answers, the first of them as the solution."""
    a, b, c = engine.words[40:43]
    shown = browse(model="lee", a=a, b=b, c=c)
    neighbors = engine.answer(questions.Analogy(a=a, b=b, c=c)).neighbors
    assert shown.table("analogy") == rows(neighbors)
    assert shown.texts["analogy", "output.solution"] == [neighbors[0].word]


def test_the_page_shows_the_similarity_of_the_engine(browse, engine):
    """An address with two words shows their cosine."""
    left, right = engine.words[40:42]
    shown = browse(model="lee", left=left, right=right)
    assert shown.texts["similarity", "strong"] == [decimals(engine.answer(questions.Similarity(a=left, b=right)).score)]


def test_blanks_around_a_word_are_not_asked_for(browse, engine):
    """What a reader types is trimmed: keyboards of phones put a space after a word."""
    word = engine.words[40]
    shown = browse("hands", model="lee", do=f"find('  {word} ')")
    assert shown.table("neighbors") == rows(engine.answer(questions.Neighbors(word=word)).neighbors)


def test_going_back_before_the_answer_leaves_nothing_busy(browse):
    """Back at a page without a question, its hint is there and no part waits for an answer that nobody wants."""
    shown = browse("hands", model="lee", do=f"find('{HELD}'); history.back()")
    assert shown.texts["neighbors", "p.hint"]
    assert shown.busy == []
