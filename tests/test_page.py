"""The page needs nothing from elsewhere, keeps to its Content-Security-Policy, and names its fields."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from service.app import create_app
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
