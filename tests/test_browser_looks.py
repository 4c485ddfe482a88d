"""How the page looks, measured in a real browser: contrast in light and dark, a phone's width, names, the keyboard."""

import pytest

from tests.browsing import VIEWS, Keys, state_of

SHOWN = {**dict.fromkeys(VIEWS), "welcome": {"model": "lee"}, "problem": {"model": "lee", "word": "austrlia"}}

TEXTS = """
const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const rgb = (color) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = color;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = (color) => {
  const [r, g, b] = rgb(color).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = getComputedStyle(at).backgroundColor;
    if (rgb(color)[3] === 255) return color;
  }
  return "white";
};
const ratio = (one, other) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};
document.querySelectorAll("details").forEach((folded) => { folded.open = true; });
const seen = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility());
const texts = seen.filter((element) => element.closest(".unseen, script") === null
  && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()));
const fields = seen.filter((element) => element.matches("input, select"));
const bars = seen.filter((element) => element.matches(".bar > span"));
return [
  ...texts.map((element) => ["text", element, ratio(getComputedStyle(element).color, ground(element)), 4.5]),
  ...fields.map((element) => ["field", element, ratio(getComputedStyle(element).color, ground(element)), 4.5]),
  ...fields.map((element) => ["placeholder", element,
    ratio(getComputedStyle(element, "::placeholder").color, ground(element)), 4.5]),
  ...fields.map((element) => ["border", element,
    ratio(getComputedStyle(element).borderBottomColor, ground(element.parentElement)), 3]),
  ...bars.map((element) => ["bar", element,
    ratio(getComputedStyle(element).backgroundColor, ground(element.parentElement)), 3]),
].map(([kind, element, found, needed]) =>
  [kind, `${element.tagName}.${element.className} ${element.textContent}`, found, needed]);
"""


def visit(reader, words, view):
    """Open a view."""
    return reader.visit(**(SHOWN[view] or state_of(view, words)))


@pytest.fixture(params=SHOWN)
def shown(request, reader, words):
    """Each view of the page, a problem too."""
    yield visit(reader, words, request.param)
    reader.console()  # where there is a problem, the browser has said so


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_is_enough(shown, scheme):
    """In light and in dark, text has a contrast of at least 4.5, borders of fields and bars of 3 (WCAG AA)."""
    shown.prefers(scheme)
    measured = shown.settled().js(TEXTS)
    assert len(measured) > 20
    assert [found for found in measured if found[2] < found[3]] == []


def test_the_switch_chooses_colors_and_is_remembered(reader):
    """Colors are chosen against the system, kept when the page is opened again, and given back to the system."""
    ground = "return getComputedStyle(document.body).backgroundColor"
    reader.prefers("dark")
    dark = reader.visit(model="lee").js(ground)
    reader.driver.find_element("id", "theme").click()
    light = reader.js(ground)
    assert light != dark
    assert reader.visit(model="lee").js(ground) == light
    reader.driver.find_element("id", "theme").click()
    reader.prefers("light")
    assert reader.js(ground) == dark
    reader.driver.find_element("id", "theme").click()
    assert reader.js(ground) == light


def test_a_phone_needs_no_scrolling_to_the_side(shown):
    """At 360 pixels nothing is wider than the window, whatever is unfolded."""
    shown.width(360)
    shown.js("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    assert shown.js("return document.documentElement.scrollWidth") <= 360


def test_a_word_of_two_hundred_letters_fits_a_phone(reader):
    """The longest word that may be asked for is broken, not cut."""
    reader.width(360)
    reader.visit(model="lee", word="x" * 200)
    width = reader.js("return document.documentElement.scrollWidth")
    reader.console()  # nobody knows such a word
    assert width <= 360


def test_everything_that_can_be_used_has_a_name(shown):
    """A screen reader finds a name for each link, button, field and list."""
    shown.js("document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    nodes = shown.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    usable = [node for node in nodes if not node["ignored"] and _is_focusable(node)]
    assert len(usable) > 10
    assert [node for node in usable if not node.get("name", {}).get("value", "").strip()] == []


def _is_focusable(node):
    named = {prop["name"]: prop["value"].get("value") for prop in node.get("properties", [])}
    return named.get("focusable") and node["role"]["value"] not in ("RootWebArea", "main", "generic")


def test_the_focus_is_always_seen(shown):
    """Each element that the tab key reaches is in sight and has an outline, and the tab key gets around."""
    at = "document.activeElement"
    seen = f"return [{at}.checkVisibility(), getComputedStyle({at}).outlineStyle, {at}.tagName]"
    stops = []
    for _ in range(200):
        visible, outline, tag = shown.press(Keys.TAB).js(seen)
        if tag == "BODY":
            break
        stops.append((visible, outline))
    assert tag == "BODY"
    assert len(stops) > 8
    assert set(stops) <= {(True, "solid"), (True, "auto")}


def test_the_page_works_by_keyboard_alone(reader):
    """From the skip link to a search, a suggestion, an answer, a walk and back, without a mouse."""
    reader.visit(model="lee").press(Keys.TAB)
    assert reader.focus.text == "Skip to the question"
    reader.press(Keys.ENTER).press("/")
    assert reader.focus.get_attribute("id") == "word"
    reader.press("aus").until(lambda: reader.all("[role=option]"))
    reader.press(Keys.ARROW_DOWN, Keys.ENTER).until(lambda: reader.all(".entry")).settled()
    first, stops = reader.texts(".entry h2"), 0
    while reader.focus.get_attribute("class") != "word" and stops < 20:
        reader.press(Keys.TAB)
        stops += 1
    walked = reader.focus.text
    reader.press(Keys.ENTER).until(lambda: reader.texts(".entry h2") == [walked]).settled()
    assert "answer" in reader.focus.get_attribute("class")
    reader.back().until(lambda: reader.texts(".entry h2") == first)
