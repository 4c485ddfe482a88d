"""The map in a real browser: drawn where the words are, hovered, dragged, zoomed, picked, found and told in words."""

import itertools

import numpy as np
import pytest
from flask import Response

from pipeline.commands.store import MapSettings, publish
from service.app import create_app
from tests.browsing import ActionChains, Keys

WORDS = 300
PAGE = """<!doctype html><html lang="en"><head><title>Map</title>
<link rel="stylesheet" href="/static/css/colors.css"><link rel="stylesheet" href="/static/css/map.css">
<script type="module" src="/map-alone.js"></script></head>
<body><p>Above.</p><div class="atlas"><canvas></canvas></div></body></html>"""
SCRIPT = """
import { createMap } from "/static/map.js";
const data = await (await fetch("/api/v1/models/lee/map")).json();
const canvas = document.querySelector("canvas");
if (location.search === "?plain") {
  const own = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : own.call(this, kind, ...rest);
  };
}
window.told = { picked: [], hovered: [] };
window.map = createMap(canvas, data, {
  onPick: (word) => told.picked.push(word),
  onHover: (word) => told.hovered.push(word),
});
window.data = data;
// the color of the points at each of these places, read in the frame in which they are drawn
window.colorsAt = (words) => new Promise((found) => {
  map.resize();
  requestAnimationFrame(() => {
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d", { willReadFrequently: true });
    context.drawImage(canvas, 0, 0);
    found(words.map((word) => {
      const place = word === null ? [2, 2] : map.placeOf(word);
      return [...context.getImageData(...place.map((pixels) => Math.floor(pixels * devicePixelRatio)), 1, 1).data];
    }));
  });
});
"""
COLORS_AT = "const done = arguments[1]; colorsAt(arguments[0]).then(done);"


@pytest.fixture(scope="module")
def service(lee_model, lee_tokens, tmp_path_factory):
    """A service with a page that is the map alone."""
    from tests.browsing import RunningService

    db = tmp_path_factory.mktemp("drawn") / "firth.db"
    assert len(lee_model.embeddings) > WORDS
    publish(lee_tokens.parent / "model", "lee", db, MapSettings(map_words=WORDS), force=False)
    app = create_app(db)
    app.add_url_rule("/map-alone", "map_alone", lambda: PAGE)
    app.add_url_rule("/map-alone.js", "map_script", lambda: Response(SCRIPT, mimetype="text/javascript"))
    with RunningService(app) as running:
        yield running


class Viewer:
    """Someone who looks at the map."""

    def __init__(self, reader, how=""):
        self.reader, self.js = reader, reader.js
        reader.driver.get(f"{reader.address}map-alone{how}")
        reader.until(lambda: self.js("return Boolean(window.colorsAt)"))
        self.canvas = reader.driver.find_element("css selector", "canvas")
        self.words = self.js("return data.words")
        self.still()

    def still(self):
        """Wait until the drawing rests."""
        self.reader.until(lambda: self.js("return map.look().still"))
        return self

    def look(self):
        """What the map says of itself, at rest."""
        self.still()
        return self.js("return map.look()")

    def place(self, word):
        """The pixels at which a word stands."""
        return np.array(self.js("return map.placeOf(arguments[0])", word))

    def colors(self, *words):
        """The colors of the points of these words; None is a corner of the map."""
        return np.array(self.reader.driver.execute_async_script(COLORS_AT, words))

    def to(self, pixels):
        """The pointer moves to pixels of the canvas."""
        left, top = np.array(pixels) - np.array([self.canvas.size["width"], self.canvas.size["height"]]) / 2
        return self.hands().move_to_element_with_offset(self.canvas, round(left), round(top))

    def hands(self):
        """What is done next with mouse and keyboard."""
        return ActionChains(self.reader.driver, duration=20)

    def press(self, *keys):
        """Press keys on the map."""
        self.js("arguments[0].focus()", self.canvas)
        self.reader.press(*keys)
        return self.still()

    def touch(self, kind, *points):
        """Fingers on the screen, at pixels of the canvas."""
        corner = np.array(self.js("const { x, y } = arguments[0].getBoundingClientRect(); return [x, y]", self.canvas))
        touches = [dict(zip("xy", (corner + point).tolist(), strict=True)) for point in points]
        self.reader.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def alone(self):
        """The seen words with no other word or label near them."""
        size = np.array([self.canvas.size["width"], self.canvas.size["height"]])
        boxes = [(label["left"], label["top"], label["right"], label["bottom"]) for label in self.look()["labels"]]
        places = dict(zip(self.words, np.array(self.js("return data.words.map(map.placeOf)")), strict=True))
        found = []
        for word, place in places.items():
            near = [other for other in places if np.abs(places[other] - place).max() < 12]
            covered = [1 for left, top, right, bottom in boxes if left < place[0] < right and top < place[1] < bottom]
            if near == [word] and not covered and (place > 60).all() and (place < size - 60).all():
                found.append(word)
        return found


@pytest.fixture
def reader(browser, service):
    """A reader whose console must stay empty."""
    from tests.browsing import Reader

    reader = Reader(browser, service.address)
    yield reader
    assert reader.console() == []


@pytest.fixture
def viewer(reader):
    """Someone who looks at the map; nothing moves by itself."""
    return Viewer(reader)


# ---- drawn ----


@pytest.mark.parametrize("how", ["", "?plain"], ids=["WebGL", "no WebGL"])
def test_every_word_has_a_point(reader, how):
    """Each word's place on the canvas is painted, and the corner is not; also where the browser has no WebGL."""
    viewer = Viewer(reader, how)
    assert viewer.js("return Boolean(document.querySelector('canvas').getContext('2d'))") == (how == "?plain")
    *alphas, corner = viewer.colors(*viewer.words, None)[:, 3]
    assert min(alphas) > 150
    assert corner == 0


def test_a_cluster_has_one_color_and_the_next_another(viewer):
    """Points of one cluster are painted alike, and not all clusters are."""
    words = viewer.alone()
    clusters = np.array(viewer.js("return arguments[0].map((word) => data.cluster[data.words.indexOf(word)])", words))
    colors = viewer.colors(*words)[:, :3]
    for number in set(clusters.tolist()):
        assert np.ptp(colors[clusters == number], axis=0).max() <= 4  # of 255: the canvas keeps colors rounded
    assert np.ptp(colors, axis=0).max() > 40


def test_colors_follow_light_and_dark(viewer):
    """When the reader's system turns dark, the points are painted in other colors."""
    word = viewer.alone()[0]
    light = viewer.colors(word)
    viewer.reader.prefers("dark")
    viewer.reader.until(lambda: np.any(viewer.colors(word) != light))
    assert viewer.colors(word)[0, 3] == light[0, 3]


def test_sharp_screens_are_drawn_sharply(viewer):
    """The canvas has as many pixels as the screen, and words are where they were."""
    word, width = viewer.words[5], viewer.canvas.size["width"]
    place = viewer.place(word)
    size = {"width": 1280, "height": 900, "deviceScaleFactor": 2, "mobile": False}
    viewer.reader.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert viewer.colors(word)[0, 3] > 150
    assert viewer.js("return document.querySelector('canvas').width") == 2 * width
    np.testing.assert_allclose(viewer.place(word), place)


def test_a_lost_graphics_card_comes_back(viewer):
    """After the context is lost and given back, every word has its point again."""
    lose = "window.card = document.querySelector('canvas').getContext('webgl2').getExtension('WEBGL_lose_context');"
    viewer.js(f"{lose} card.loseContext()")
    viewer.reader.until(
        lambda: viewer.js("return document.querySelector('canvas').getContext('webgl2').isContextLost()")
    )
    viewer.js("card.restoreContext()")
    viewer.reader.until(lambda: np.all(viewer.colors(*viewer.words)[:, 3] > 150))
    viewer.reader.console()  # the browser tells of the loss


@pytest.mark.parametrize("times", [0, 1, 4, 8])
def test_labels_never_overlap(viewer, times):
    """At each zoom there are labels, no two of them overlap, and when it is near, only words have them."""
    viewer.js("map.highlight(data.words.slice(20, 28))")
    if times:
        viewer.js("map.find(data.words[20])")
        viewer.press(*["+"] * times)
    look = viewer.look()
    labels = look["labels"]
    assert labels
    for one, other in itertools.combinations(labels, 2):
        beside = one["right"] <= other["left"] or other["right"] <= one["left"]
        above = one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
        assert beside or above, (one, other)
    if look["zoom"] >= 5 or not times:
        assert any(label["kind"] == "cluster" for label in labels) == (not times)


# ---- hands ----


def test_hovering_names_the_word(viewer):
    """The word under the pointer is told, and that there is none when the pointer leaves."""
    word = viewer.alone()[0]
    viewer.to(viewer.place(word)).perform()
    assert viewer.look()["hovered"] == word
    viewer.hands().move_to_element(viewer.reader.driver.find_element("css selector", "p")).perform()
    viewer.reader.until(lambda: viewer.js("return told.hovered") == [*viewer.js("return told.hovered")[:-1], None])
    assert word in viewer.js("return told.hovered")


def test_hovering_a_label_names_its_word(viewer):
    """A label is as good as its point."""
    viewer.press("+", "+", "+", "+", "+", "+")
    label = next(label for label in viewer.look()["labels"] if label["kind"] == "word" and label["right"] < 500)
    viewer.to([(label["left"] + label["right"]) / 2, (label["top"] + label["bottom"]) / 2]).perform()
    assert viewer.look()["hovered"] == label["text"]


def test_a_click_picks_and_a_drag_does_not(viewer):
    """A click on a word picks it; a drag moves what is under the pointer along and picks nothing."""
    word = viewer.alone()[0]
    viewer.to(viewer.place(word)).click().perform()
    assert viewer.js("return told.picked") == [word]
    before = viewer.place(word)
    viewer.to(before).click_and_hold().move_by_offset(40, 0).move_by_offset(20, 30).release().perform()
    viewer.still()
    np.testing.assert_allclose(viewer.place(word) - before, [60, 30], atol=6)
    assert viewer.js("return told.picked") == [word]


def test_the_wheel_zooms_where_the_pointer_is(viewer):
    """What is under the pointer stays there, and other words go farther apart; the page does not scroll."""
    word = viewer.words[7]
    before = viewer.place(word)
    pointer = np.floor(viewer.place(viewer.words[90]))
    wheel = """const box = arguments[0].getBoundingClientRect();
    return arguments[0].dispatchEvent(new WheelEvent("wheel", { clientX: box.x + arguments[1],
      clientY: box.y + arguments[2], deltaY: -300, cancelable: true }))"""
    scrolls = viewer.js(wheel, viewer.canvas, *pointer.tolist())
    zoom = viewer.look()["zoom"]
    assert zoom > 1.5
    np.testing.assert_allclose(viewer.place(word) - pointer, zoom * (before - pointer), atol=zoom)  # whole pixels
    assert not scrolls


def test_two_fingers_zoom_and_one_drags(viewer):
    """Fingers that part zoom by as much as they part; one finger drags; a tap picks."""
    viewer.touch("touchStart", [300, 200], [400, 200])
    viewer.touch("touchMove", [250, 200], [450, 200])
    viewer.touch("touchEnd")
    np.testing.assert_allclose(viewer.look()["zoom"], 2, rtol=1e-6)
    before = viewer.place(viewer.words[0])
    viewer.touch("touchStart", [300, 200])
    viewer.touch("touchMove", [320, 200])
    viewer.touch("touchMove", [360, 230])
    viewer.touch("touchEnd")
    np.testing.assert_allclose(viewer.place(viewer.words[0]) - before, [60, 30], atol=1e-6)
    assert viewer.js("return told.picked") == []
    word = viewer.alone()[0]
    viewer.touch("touchStart", viewer.place(word))
    viewer.touch("touchEnd")
    assert viewer.js("return told.picked") == [word]


def test_keys_move_zoom_and_pick(viewer):
    """Arrows move the map, plus and minus zoom, 0 shows all; the word in the middle is told, and Enter picks it."""
    start = viewer.look()
    viewer.press(Keys.ARROW_RIGHT, Keys.ARROW_UP)
    moved = viewer.look()
    assert moved["x"] > start["x"]
    assert moved["y"] > start["y"]
    viewer.press("+", "+")
    assert viewer.look()["zoom"] > 1.9
    viewer.press("-", Keys.ENTER)
    told = viewer.js("return told")
    assert told["picked"] == [told["hovered"][-1]] == [viewer.look()["hovered"]]
    viewer.press("0")
    assert [viewer.look()[name] for name in ("x", "y", "zoom")] == [0, 0, 1]


@pytest.mark.parametrize(("name", "zoom"), [("Zoom in", 2), ("Zoom out", 0.7), ("Show the whole map", 1)])
def test_buttons_do_what_they_say(viewer, name, zoom):
    """Each button of the map has a name and does that."""
    viewer.reader.driver.find_element("css selector", f'button[aria-label="{name}"]').click()
    assert viewer.look()["zoom"] == zoom


# ---- the page's wishes ----


def test_finding_a_word_puts_it_in_the_middle(viewer):
    """`find` goes to a word, near enough to tell it from others; of a word that is not on the map it says so."""
    word = viewer.words[120]
    assert viewer.js("return map.find(arguments[0])", word) is True
    assert viewer.look()["zoom"] > 1.5
    np.testing.assert_allclose(viewer.place(word), [viewer.canvas.size["width"] / 2, viewer.canvas.size["height"] / 2])
    assert viewer.js("return map.find('no such word')") is False
    assert viewer.js("return map.placeOf('no such word')") is None


def test_a_flight_ends_at_the_word(viewer):
    """Where the reader's system lets things move, `find` flies there, and ends where a jump would have."""
    word = viewer.words[120]
    feature = {"name": "prefers-reduced-motion", "value": "no-preference"}
    viewer.reader.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    viewer.js("map.find(arguments[0])", word)
    np.testing.assert_allclose(
        viewer.look() and viewer.place(word), np.array(list(viewer.canvas.size.values()))[::-1] / 2
    )


def test_marked_words_stand_out(viewer):
    """`highlight` marks the words that are on the map, labels the chosen one, and makes all other points faint."""
    other, *words = viewer.alone()[0], *viewer.words[40:44]
    strong = viewer.colors(other)[0, 3]
    assert viewer.js("return map.highlight(arguments[0])", [*words, "no such word"]) == 4
    look = viewer.look()
    assert look["marked"] == words
    assert (look["labels"][0]["text"], look["labels"][0]["kind"]) == (words[0], "chosen")
    assert viewer.colors(other)[0, 3] < strong / 2
    assert viewer.js("return map.highlight([])") == 0
    assert viewer.colors(other)[0, 3] == strong


def test_the_map_is_told_in_words(viewer):
    """A screen reader gets a name with the keys, and a list of the clusters with their words and sizes."""
    name = viewer.canvas.get_attribute("aria-label")
    assert f"{WORDS} words" in name
    assert "Enter" in name
    listed = viewer.js("return [...document.querySelectorAll('.map-text li')].map((item) => item.textContent)")
    names, clusters = viewer.js("return data.names"), viewer.js("return data.cluster")
    assert listed == [f"{', '.join(each)}: {clusters.count(number)} words" for number, each in enumerate(names)]


def test_a_map_leaves_nothing_behind(viewer):
    """`destroy` takes away everything but the canvas, which then tells of nothing more."""
    viewer.js("map.destroy()")
    assert viewer.js("return document.querySelectorAll('.atlas > *').length") == 1
    viewer.to([100, 100]).click().perform()
    viewer.js("arguments[0].focus(); map.resize(); map.highlight(data.words.slice(0, 3))", viewer.canvas)
    viewer.reader.press(Keys.ENTER)
    assert viewer.js("return told.picked") == []
    viewer.reader.console()  # the browser tells that the context was given back
