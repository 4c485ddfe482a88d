"""The page's addresses in a real browser: shared, asked from a shell, and never of another host."""

import json
import urllib.request

import pytest

from tests.browsing import VIEWS, state_of


@pytest.mark.parametrize("view", VIEWS)
def test_a_shared_address_shows_the_same_view(reader, words, view):
    """What an address shows does not depend on the way there: come back to or opened anew, it is the same."""
    reader.visit(**state_of(view, words))
    forms = "return [...document.querySelectorAll('main section:not([hidden]) [name]')].map((field) => field.value)"
    address = reader.state
    reader.go("map" if view == "card" else "card").back().until(lambda: reader.state == address).settled()
    shown, fields = reader.one("*").text, reader.js(forms)
    reader.visit(**state_of(view, words))
    assert (reader.one("*").text, reader.js(forms)) == (shown, fields)
    reader.console()


@pytest.mark.parametrize("view", VIEWS)
def test_the_line_for_a_shell_asks_the_same(reader, words, view):
    """Each curl line of a view is an address of this service that answers, with the model that is shown."""
    reader.visit(**state_of(view, words)).click(".curl summary")
    lines = reader.texts(".curl code")
    assert lines
    for line in lines:
        address = line.removeprefix("curl '").removesuffix("'")
        assert address.startswith(reader.address)
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own service
            assert json.load(answer)["model"]["name"] in ("lee", "other")


@pytest.mark.parametrize("view", VIEWS)
def test_no_request_leaves_the_host(reader, words, view):
    """Everything that the page fetches comes from the service that it came from."""
    reader.visit(**state_of(view, words))
    asked = [address for address in reader.requests() if not address.startswith(("data:", "blob:"))]
    assert len(asked) > 10
    assert [address for address in asked if not address.startswith(reader.address)] == []


def test_the_line_for_a_shell_can_be_copied(reader, words):
    """The button puts the line on the clipboard and says so."""
    reader.visit(model="lee", word=words[0]).click(".curl summary")
    reader.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    reader.click(".curl button").until(lambda: reader.texts(".curl button")[0] == "Copied")
    copied = reader.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == reader.texts(".curl code")[0]
    assert reader.said == "Copied"
