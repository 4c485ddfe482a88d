"""Frames per second of the page's map in headless Chromium, and whose time they take: the page's, or the rasterizer's.

The map is dragged and zoomed in every frame. Where there is no graphics card, SwiftShader draws with the processor, and
is what bounds the frames; so the time of the page's own JavaScript is told apart, and that of the rasterizer without
the points, which is what the rest of the window takes. Needs Chromium with its driver.
"""

from pathlib import Path
from typing import Any

import psutil
from selenium.webdriver import Chrome

from benchmarks.chromium import browser, service, show
from benchmarks.common import VOCABULARY, WORK, clean, english, median, save, table
from pipeline.commands.store import MapSettings, publish
from pipeline.settings import TrainSettings
from pipeline.stages import StageFolder
from pipeline.training.stage import train_stage

SIZES = (20_000, 50_000)  # words on the map; the first is what `firth store` puts there
MOTIONS = {"drag": "dragged", "wheel": "zoomed"}
ROUNDS = 3
MILLISECONDS = 5000
WINDOW = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
PART = 10_000_000  # tokens to train on, which have some more words than that
SCRIPT = Path(__file__).with_suffix(".js").read_text("utf-8")


def measure() -> None:
    """Train for one epoch, store with a map of each size, move the maps."""
    folder = clean(WORK / "map_frames")
    model, db = folder / "model", folder / "firth.db"
    train_stage(english(PART), StageFolder(model), VOCABULARY, TrainSettings(epochs=1))
    names = {size: str(publish(model, "english", db, MapSettings(map_words=size), force=True)) for size in SIZES}
    with service(db) as address, browser() as driver:
        driver.set_script_timeout(120)
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", WINDOW)
        driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
        sizes = [_one_map(driver, f"{address}?view=map&model={name}", size) for size, name in names.items()]
    save("map_frames", {"sizes": sizes})


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    rows = [
        [f"{size['words']:,}", MOTIONS[motion], *_cells(rounds)]
        for size in figures["sizes"]
        for motion, rounds in size["motions"].items()
    ]
    header = ["points", "", "frames/s", "the page's JavaScript", "19 of 20 below", "its whole thread"]
    return table([*header, "SwiftShader", "of it for the points"], rows)


def _cells(rounds: list[dict[str, dict[str, float]]]) -> list[str]:
    def middle(name: str, drawing: str = "points") -> float:
        return median([each[drawing][name] for each in rounds])

    rasterizer = middle("rasterizer")
    times = [*map(middle, ("script", "most", "thread")), rasterizer, rasterizer - middle("rasterizer", "no points")]
    return [f"{middle('rate'):.0f}", *(f"{time:.1f} ms" for time in times)]


def _one_map(driver: Chrome, address: str, words: int) -> dict[str, Any]:
    motions: dict[str, list[dict[str, Any]]] = {
        motion: [
            {name: _moved(driver, address, motion, drawing=name == "points") for name in ("points", "no points")}
            for _ in range(ROUNDS)
        ]
        for motion in MOTIONS
    }
    return {"words": words, "motions": motions}


def _moved(driver: Chrome, address: str, motion: str, *, drawing: bool) -> dict[str, Any]:
    """Frames per second, and milliseconds of processor time of a frame; `most` of 19 in 20 frames is of the clock."""
    show(driver, address)
    before = _seconds(driver)
    moved = driver.execute_async_script(SCRIPT, motion, MILLISECONDS, drawing)
    taken = {name: 1000 * (after - before[name]) / moved["frames"] for name, after in _seconds(driver).items()}
    if not moved["frames"] - 2 <= moved["calls"] <= moved["frames"]:
        raise SystemExit(f"{moved['calls']} draw calls in {moved['frames']} frames: one for each was to be timed")
    most = sorted(moved["spent"])[len(moved["spent"]) * 19 // 20]
    print(
        f"  {motion}, points drawn: {drawing}: {moved['frames'] / moved['seconds']:.0f} frames/s, {taken}", flush=True
    )
    return {"rate": moved["frames"] / moved["seconds"], "most": most, "pixels": moved["pixels"], **taken}


def _seconds(driver: Chrome) -> dict[str, float]:
    """Seconds of processor time so far: of scripts, of the page's whole thread, of Chromium's process for drawing."""
    found = driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    thread = {metric["name"]: metric["value"] for metric in found}
    processes = psutil.Process(driver.service.process.pid).children(recursive=True)
    (drawing,) = (each for each in processes if "--type=gpu-process" in each.cmdline())
    times = drawing.cpu_times()
    return {
        "script": thread["ScriptDuration"],
        "thread": thread["TaskDuration"],
        "rasterizer": times.user + times.system,
    }
