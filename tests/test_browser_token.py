"""A service that wants a token, in a real browser: the page asks for it, and keeps it where nobody else finds it."""

import pytest

from service import questions
from service.app import create_app
from service.settings import ServiceSettings
from tests.browsing import Keys, Reader, RunningService, rows

TOKEN = "open.Sesame-7~/+=="  # noqa: S105 - of this test alone


@pytest.fixture(scope="module")
def guarded(lee_store, tmp_path_factory):
    """The service, which answers only those who have the token."""
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text(f"{TOKEN}\n", "ascii")
    with RunningService(create_app(lee_store, ServiceSettings(token_file=str(file)), preload=True)) as service:
        yield service


@pytest.fixture
def reader(browser, guarded):
    """A reader whose tab knows no token; the console may tell of refusals, and of nothing else."""
    reader = Reader(browser, guarded.address)
    reader.js("sessionStorage.clear()")
    yield reader
    assert [message for message in reader.console() if "401" not in message] == []


def open_page(reader, **state):
    """Open an address and wait until the page asks for the token."""
    reader.driver.get(f"{reader.address}?{'&'.join(f'{name}={value}' for name, value in state.items())}")
    return asked(reader)


def asked(reader):
    """Wait until the page asks for the token, and the field for it has the focus."""
    return reader.until(lambda: reader.js("return document.activeElement.type") == "password")


def test_the_page_asks_for_the_token_and_then_answers(reader, lee_engine, words):
    """Who gives the token sees what the address says; so it is in the next view, and when the page is loaded again."""
    open_page(reader, word=words[0])
    assert reader.all("h1") == []  # nothing is offered that nobody would answer
    found = rows(lee_engine.answer(questions.Neighbors(word=words[0])).neighbors)
    reader.press(TOKEN, Keys.ENTER).until(lambda: reader.all("table.bars")).settled()
    assert reader.rows() == found
    reader.go("map").until(lambda: reader.js("return Boolean(document.querySelector('.map-text'))"))
    reader.visit(word=words[0])
    assert reader.rows() == found


def test_a_wrong_token_is_refused_and_asked_for_again(reader, words):
    """The page says that it was wrong; the right one is then as good as at first."""
    open_page(reader, word=words[0])
    assert "wants a token" in reader.js("return document.querySelector('.problem').innerText")
    reader.press("wrong", Keys.ENTER)
    reader.until(lambda: "does not take this token" in reader.js("return document.querySelector('.problem').innerText"))
    asked(reader).press(TOKEN, Keys.ENTER).until(lambda: reader.all("table.bars")).settled()
    assert reader.js("return document.querySelectorAll('.problem').length") == 0


def test_the_token_stands_in_no_address_and_outlives_no_tab(reader, words):
    """It is in this tab's sessionStorage alone: not in an address, a cookie, localStorage, or what the page shows."""
    open_page(reader, word=words[0]).press(TOKEN, Keys.ENTER).until(lambda: reader.all("table.bars")).settled()
    reader.click("table.bars a").until(lambda: f"word={words[0]}" not in reader.state).settled()
    assert reader.js("return Object.values({ ...sessionStorage })") == [TOKEN]
    assert TOKEN not in str(reader.requests()) + reader.driver.current_url
    assert reader.js("return document.cookie + JSON.stringify({ ...localStorage })") == "{}"
    assert TOKEN not in reader.driver.page_source
    reader.driver.switch_to.new_window("tab")
    try:
        open_page(reader, word=words[0])
    finally:
        reader.driver.close()
        reader.driver.switch_to.window(reader.driver.window_handles[0])


def test_the_line_for_a_shell_names_the_token_without_showing_it(reader, words):
    """It takes the token from the environment; there is no link to an answer that would be refused."""
    open_page(reader, word=words[0]).press(TOKEN, Keys.ENTER).until(lambda: reader.all("table.bars")).settled()
    line = reader.js("return document.querySelector('.curl code').textContent")
    assert line.startswith('curl -H "Authorization: Bearer $FIRTH_TOKEN" \'http://')
    assert reader.js("return document.querySelectorAll('.curl a').length") == 0
