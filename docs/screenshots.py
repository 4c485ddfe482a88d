"""The pictures of the page in README.md, from the demo model: `python -m docs.screenshots`, after `make run`.

Needs Chromium with its driver (Debian: chromium, chromium-driver). The service runs in this process, over firth.db.
"""

import base64
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from service.app import create_app

DOCS = Path(__file__).parent
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
READY = """
const shown = document.querySelector("main section:not([hidden])");
return Boolean(document.querySelector("#model").value) && !shown.querySelector('[aria-busy="true"]')
  && document.fonts.status === "loaded";
"""


@dataclass(frozen=True)
class Picture:
    """A picture of one address of the page.

    Attributes:
        state: what stands after the question mark.
        scheme: light or dark.
        width, height: of the window in pixels.
        scale: pixels of the picture for one of the window.
    """

    state: dict[str, str]
    scheme: str = "light"
    width: int = 1200
    height: int = 900
    scale: float = 1.5


PICTURES = {
    "page": Picture({"model": "demo", "word": "war"}),
    "page-analogy": Picture({"model": "demo", "view": "analogy", "a": "he", "b": "his", "c": "she"}, "dark"),
    "page-map": Picture({"model": "demo", "view": "map"}, "dark", scale=1),
    "page-phone": Picture({"model": "demo", "word": "music"}, width=380, height=900),
}


def main(db: Path = Path("firth.db")) -> None:
    """Take all pictures."""
    with _service(db) as address, _browser() as browser:
        for name, picture in PICTURES.items():
            (DOCS / f"{name}.png").write_bytes(_taken(browser, address, picture))


@contextmanager
def _service(db: Path) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, create_app(db, preload=True), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}/"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def _browser() -> Iterator[webdriver.Chrome]:
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = Service(shutil.which("chromedriver"))  # said, so that selenium does not look for one on the network
        browser = webdriver.Chrome(options=options, service=driver)
        try:
            yield browser
        finally:
            browser.quit()


def _taken(browser: webdriver.Chrome, address: str, picture: Picture) -> bytes:
    size = {"width": picture.width, "height": picture.height, "deviceScaleFactor": picture.scale, "mobile": False}
    wishes = {"prefers-color-scheme": picture.scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get(f"{address}?{urlencode(picture.state)}")
    WebDriverWait(browser, 60).until(lambda shown: shown.execute_script(READY))
    return base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


if __name__ == "__main__":
    main()
