"""The pictures of the page in README.md, from the demo model: `python -m docs.screenshots`, after `make run`.

Needs Chromium with its driver (Debian: chromium, chromium-driver). The service runs in this process, over firth.db.
"""

import base64
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from selenium.webdriver import Chrome

from benchmarks.chromium import browser, service, show

DOCS = Path(__file__).parent


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
    with service(db) as address, browser() as driver:
        for name, picture in PICTURES.items():
            (DOCS / f"{name}.png").write_bytes(_taken(driver, address, picture))


def _taken(driver: Chrome, address: str, picture: Picture) -> bytes:
    size = {"width": picture.width, "height": picture.height, "deviceScaleFactor": picture.scale, "mobile": False}
    wishes = {"prefers-color-scheme": picture.scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    show(driver, f"{address}?{urlencode(picture.state)}")
    return base64.b64decode(driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"])


if __name__ == "__main__":
    main()
