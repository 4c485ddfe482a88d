"""The page needs nothing from elsewhere, keeps to its policy, names its fields; what it does is in test_browser*.py."""

import re
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath

import numpy as np
import pytest

from service.app import create_app
from service.questions import QUESTIONS, Ranking
from storage.declared import LONGEST_TEXT
from storage.embeddings import Embeddings
from storage.store import Store

SERVICE = Path(__file__).parents[1] / "service"
STATIC = SERVICE / "static"
SCRIPTS = sorted(STATIC.rglob("*.js"))
SHEETS = sorted(STATIC.rglob("*.css"))
PAGES = sorted((SERVICE / "templates").rglob("*.html"))
VENDORED = STATIC / "vendor"  # others' files, kept as they came
IMPORT = re.compile(r'(?:from|import) ?\(?"(\..*?)"')


def own(paths):
    return [path for path in paths if VENDORED not in path.parents]


def name_of(path):
    return str(path.relative_to(SERVICE))


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
    """Stylesheets, scripts and pictures are addresses of this service, and each is there with its type."""
    addresses = [link["href"] for link in page.named("link")]
    addresses += [element["src"] for element in page.named("script", "img")]
    types = {client.get(address, buffered=True).content_type.split(";")[0] for address in addresses}
    assert all(address.startswith("/static/") for address in addresses)
    assert types == {"text/css", "text/javascript", "image/svg+xml"}


@pytest.mark.parametrize("script", own(SCRIPTS), ids=name_of)
def test_every_module_that_a_script_imports_is_served(client, script):
    """Each script imports only its neighbors, and they are there."""
    for name in IMPORT.findall(script.read_text("utf-8")):
        address = normpath(join(dirname(f"/{name_of(script)}"), name))
        assert client.get(address, buffered=True).status_code == 200


def test_every_font_is_served_with_its_license(client):
    """What the stylesheets fetch is there, and beside each family stands its license."""
    fonts = re.findall(r'url\("\.\./(.*?)"\)', "".join(sheet.read_text("utf-8") for sheet in own(SHEETS)))
    assert fonts
    for font in fonts:
        assert client.get(f"/static/{font}", buffered=True).status_code == 200
        family = re.sub(r"[-.].*", "", Path(font).name)
        assert "SIL Open Font License" in (STATIC / "fonts" / f"{family}-license.txt").read_text("utf-8")


@pytest.mark.parametrize("asset", [*own(SCRIPTS), *own(SHEETS), *STATIC.rglob("*.svg"), *PAGES], ids=name_of)
def test_nothing_names_another_host(asset):
    """No file of the page holds an address of another host; SVG's name space is a name, not an address."""
    text = asset.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r'https?:|url\((?!"\.\./)|@import|//[\w-]+\.\w', text)


def test_nothing_is_inline(page):
    """No script, style or event handler stands in the page itself, as its Content-Security-Policy demands."""
    assert page.inline == []
    assert page.named("style") == []
    attributes = {name for _, attributes in page.all for name in attributes}
    assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("script", own(SCRIPTS), ids=name_of)
def test_scripts_never_make_html_of_text(script):
    """Words from the model and the address are only ever set as text."""
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script.read_text("utf-8"))


def test_every_field_has_a_label(page):
    """Each input and select has a label of its own, so that a screen reader can name it."""
    labelled = [label["for"] for label in page.named("label")]
    fields = [field["id"] for field in page.named("input", "select")]
    assert sorted(fields) == sorted(labelled)
    assert len(fields) == len(set(fields))


def test_every_form_can_be_sent_from_the_keyboard(page):
    """Each form has a button that sends it, which also lets Enter send it from a field."""
    buttons = [button for button in page.named("button") if button["type"] == "submit"]
    assert len(buttons) == len(page.named("form"))
    assert not [attributes for _, attributes in page.all if int(attributes.get("tabindex", 0)) > 0]


def test_every_field_for_words_is_a_combobox_with_its_list(page):
    """Fields with autocompletion say so in ARIA, and control a list that is there."""
    lists = {element.get("id") for element in page.named("ul") if element.get("role") == "listbox"}
    fields = [field for field in page.named("input") if "data-word" in field]
    assert {field["role"] for field in fields} == {"combobox"}
    assert {field["aria-controls"] for field in fields} == lists


def test_the_page_speaks_to_screen_readers_and_phones(page):
    """It has a language, a width that fits, a region that reads answers out, and headings for its parts."""
    assert page.named("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.named("meta")
    assert [element for _, element in page.all if element.get("aria-live") == "polite"]
    ids = {attributes.get("id") for _, attributes in page.all}
    assert {section["aria-labelledby"] for section in page.named("section")} <= ids


def test_fields_are_as_long_as_words_may_be(page):
    """A field for text takes as many characters as the API does."""
    fields = [field for field in page.named("input") if field.get("type", "text") == "text"]
    assert {field["maxlength"] for field in fields} == {str(LONGEST_TEXT)}


def test_every_filter_is_a_parameter_of_the_api(page):
    """The fields of forms are named as the HTTP API names its parameters, so that addresses read alike."""
    named = {field["name"] for field in page.named("input", "select") if "name" in field}
    known = {name for question in QUESTIONS.values() for name in question.__dataclass_fields__}
    assert named - known == {"other"}  # the second of two models
    script = (STATIC / "address.js").read_text("utf-8")
    ranking = re.search(r"RANKING = \[(.*?)\]", script).group(1)
    assert set(re.findall(r'"(\w+)"', ranking)) <= set(Ranking.__dataclass_fields__)


def test_the_scripts_know_the_page_and_the_api(page):
    """Every element that a script looks for by its id is in the page; every question it asks is a route of the API."""
    scripts = "".join(script.read_text("utf-8") for script in own(SCRIPTS))
    ids = {attributes.get("id") for _, attributes in page.all} | {"api"}  # of the page at /docs
    assert set(re.findall(r'querySelector\("#(\w+)"\)', scripts)) <= ids
    asked = set(re.findall(r'question: "([\w-]+)"|\bof\("([\w-]+)"', scripts))
    questions = {name for pair in asked for name in pair if name} - {"map"}
    assert questions >= {"neighbors", "contexts", "analogy", "most-similar", "rank", "words", "random-words"}
    assert questions <= set(QUESTIONS)


def test_each_method_of_an_analogy_can_be_chosen(page):
    """The methods offered are those of the question, its default chosen."""
    method = QUESTIONS["analogy"].__dataclass_fields__["method"]
    options = [option for option in page.named("option") if option["value"] in method.metadata["choices"]]
    assert [option["value"] for option in options] == list(method.metadata["choices"])
    assert [option["value"] for option in options if "selected" in option] == [method.default]
