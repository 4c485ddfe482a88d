"""The page's chooser of models: names, versions and tags, and what a name means after a rollback."""

import pytest

from service.app import create_app
from storage.managing.versions import roll_back, set_tag
from storage.store import Store
from tests.browsing import Reader, RunningService
from tests.test_managing import some_embeddings


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A service over news@1, tagged stable, news@2, which `news` was rolled back to, news@3, and wiki@1."""
    db = tmp_path_factory.mktemp("versions") / "firth.db"
    with Store.open(db, create=True) as store:
        for seed in (1, 2, 3):
            store.publish("news", some_embeddings(seed), {})
        store.publish("wiki", some_embeddings(4), {})
        set_tag(store, "news@1", "stable")
        roll_back(store, "news")
    with RunningService(create_app(db, preload=True)) as service:
        yield service.address


def test_the_chooser(browser, address):
    """A name says what it means where that can change; behind it stand its versions with their tags."""
    reader = Reader(browser, address).visit(view="card", model="news@stable")
    options = reader.js("return [...document.querySelectorAll('#model option')].map((each) => each.textContent)")
    assert options == ["news (rolled back: 2)", "news@3", "news@2", "news@1, stable", "wiki", "news@stable"]
    assert "stable" in reader.one(".facts").text
    assert reader.js("return document.querySelector('#about').textContent").startswith("news@1:")
    reader.visit(view="card", model="news")
    assert reader.js("return document.querySelector('#about').textContent").startswith("news@2:")
    assert reader.console() == []
