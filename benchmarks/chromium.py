"""The page in Chromium without a window: for what is measured in it, and for its pictures in README.md.

Needs Chromium with its driver (Debian: chromium, chromium-driver). The service runs in this process.
"""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from service.app import create_app

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),  # WebGL without a graphics card
)
READY = """
const shown = document.querySelector("main section:not([hidden])");
return Boolean(document.querySelector("#model").value) && !shown.querySelector('[aria-busy="true"]')
  && document.fonts.status === "loaded";
"""


@contextmanager
def service(db: Path) -> Iterator[str]:
    """The address of a service over a store."""
    server = make_server("127.0.0.1", 0, create_app(db, preload=True), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}/"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Chromium with a new profile."""
    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        driver = Service(shutil.which("chromedriver"))  # said, so that selenium does not look for one on the network
        chromium = webdriver.Chrome(options=options, service=driver)
        try:
            yield chromium
        finally:
            chromium.quit()


def show(driver: webdriver.Chrome, address: str) -> None:
    """Open an address of the page, and wait until its answers are there."""
    driver.get(address)
    WebDriverWait(driver, 120).until(lambda shown: shown.execute_script(READY))
