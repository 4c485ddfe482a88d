"""What the browser tests share: the service running over a small real model, and a reader with a browser."""

import json
import shutil
import threading
from urllib.parse import urlencode, urlsplit

from flask import request
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),  # WebGL without a graphics card
]
PATIENCE = 60  # seconds, on a busy machine
MINUS = "\N{MINUS SIGN}"
HELD = "withheld-answer"  # a word that no model has, and whose answer comes only when it is released

SETTLED = """
const shown = document.querySelector("main section:not([hidden])");
return Boolean(document.querySelector("#model").value) && !shown.querySelector('[aria-busy="true"]')
  && document.fonts.status === "loaded" && !document.getAnimations().some((one) => one.playState === "running");
"""


def open_browser(profile):
    """Chromium with a new profile, its console and its network recorded."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


class RunningService:
    """An application that answers on a port of this machine, in a thread."""

    def __init__(self, app):
        self.release = threading.Event()
        app.before_request(self._hold)
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.address = f"http://127.0.0.1:{self._server.port}/"

    def _hold(self):
        if request.path.startswith("/api/") and request.args.get("word") == HELD:
            self.release.wait(PATIENCE)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Reader:
    """Someone with a browser: goes to addresses, types, clicks, and waits until what is shown is the answer."""

    def __init__(self, driver, address):
        self.driver = driver
        self.address = address
        self.width(1280)
        self.prefers("light")
        driver.get(f"{address}livez")  # a page without scripts, where nothing is remembered
        driver.execute_script("localStorage.clear()")
        self.console()
        self.requests()

    # ---- the browser ----

    def width(self, pixels, height=900):
        """Give the window a width; a phone's is 360."""
        size = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": pixels < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def prefers(self, scheme):
        """What the reader's system says of colors: light or dark; nothing moves."""
        wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def console(self):
        """What the browser complained of since the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self):
        """The addresses that were asked since the last time."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent]

    # ---- going and waiting ----

    def visit(self, **state):
        """Open an address of the page and wait for what it shows; a list is a parameter that comes several times."""
        self.driver.get(f"{self.address}?{urlencode(state, doseq=True)}")
        return self.settled()

    def settled(self):
        """Wait until nothing is being asked any more."""
        return self.until(lambda: self.js(SETTLED))

    def until(self, law):
        """Wait until something is so."""
        WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05).until(lambda _: law())
        return self

    def back(self):
        """Press the back button."""
        self.driver.back()
        return self

    # ---- what is shown ----

    def js(self, script, *values):
        """What a script in the page gives."""
        return self.driver.execute_script(script, *values)

    def all(self, selector):
        """The elements of the view that is shown."""
        return self.driver.find_elements(By.CSS_SELECTOR, f"main section:not([hidden]) {selector}")

    def one(self, selector):
        """The first of them, once it is there."""
        self.until(lambda: self.all(selector))
        return self.all(selector)[0]

    def texts(self, selector):
        """What stands in the elements of the view that is shown, all at one moment."""
        found = "return [...document.querySelectorAll(arguments[0])].map((element) => element.innerText)"
        return self.js(found, f"main section:not([hidden]) {selector}")

    def rows(self, table=0):
        """A table of bars: word, score, count, rank."""
        return self.js(
            "return [...[...document.querySelectorAll('main section:not([hidden]) table.bars')][arguments[0]]"
            ".tBodies[0].rows].map((row) => [...row.querySelectorAll('a, .number')].map((cell) => cell.textContent))",
            table,
        )

    @property
    def state(self):
        """The page's address after the question mark."""
        return urlsplit(self.driver.current_url).query

    @property
    def said(self):
        """What a screen reader was told last."""
        return self.js("return document.querySelector('#said').textContent")

    @property
    def focus(self):
        """The element that has the focus."""
        return self.driver.switch_to.active_element

    # ---- hands ----

    def press(self, *keys):
        """Press keys one after the other."""
        ActionChains(self.driver).send_keys(*keys).perform()
        return self

    def type(self, selector, text):
        """Replace what stands in a field."""
        self.js("arguments[0].focus(); arguments[0].select()", self.one(selector))
        return self.press(text)

    def send(self, selector="form"):
        """Press the button that sends a form."""
        self.js("arguments[0].focus()", self.one(f"{selector} button[type=submit]"))  # no list covers it any more
        return self.press(Keys.ENTER)

    def click(self, selector):
        """Click the first such element of the view."""
        self.one(selector).click()
        return self

    def go(self, view):
        """Click a link of the navigation."""
        self.driver.find_element(By.CSS_SELECTOR, f'nav a[data-to="{view}"]').click()
        self.until(lambda: self.driver.find_elements(By.CSS_SELECTOR, f'main [data-view="{view}"]:not([hidden])'))
        return self.settled()


# ---- what the page writes, and its views ----


def decimals(score):
    """A score as the page writes it."""
    return f"{score:.3f}".replace("-", MINUS)


def rows(neighbors):
    """Neighbors as the page writes them."""
    return [[near.word, decimals(near.score), f"{near.count:,}", f"{near.rank:,}"] for near in neighbors]


VIEWS = {
    "words": {"view": "neighbors", "word": 0, "min_count": "10"},
    "calculator": {"view": "most-similar", "positive": [0, 1], "negative": [2]},
    "analogy": {"view": "analogy", "a": 0, "b": 1, "c": 2, "method": "3cosmul"},
    "comparison": {"view": "compare", "a": 0, "b": 1},
    "odd one out": {"view": "compare", "words": [0, 1, 2]},
    "two models": {"view": "compare", "word": 0, "other": "other"},
    "map": {"view": "map", "word": 0},
    "card": {"view": "card"},
}


def state_of(view, words):
    """The address of a view, words put in for their numbers."""

    def filled(value):
        return [words[place] for place in value] if isinstance(value, list) else value

    named = {name: words[value] if isinstance(value, int) else filled(value) for name, value in VIEWS[view].items()}
    return {"model": "lee@1", **named}
