"""What long work says while it runs: a bar on a terminal, log lines elsewhere, all on standard error; and JSON lines.

How much is said is the level of Firth's loggers: --quiet leaves warnings, --verbose adds details.
"""

import contextlib
import json
import logging
import math
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from pipeline.printable import printable
from storage.errors import InputError

if TYPE_CHECKING:
    from tqdm import tqdm

    from pipeline.training.ledger import Progress
    from pipeline.training.probes import Probed

LOGGER = logging.getLogger("pipeline")
LOG_SECONDS = 5.0
Clock = Callable[[], float]


class _Lines(logging.Formatter):
    """The time of day and the message on one line, whatever stands in it; a traceback is indented below."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        warned = f"{record.levelname.capitalize()}: " if record.levelno >= logging.WARNING else ""
        return f"{self.formatTime(record, '%H:%M:%S')} {warned}{printable(record.message)}"

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return "\n".join(f"  {printable(line)}" for line in super().formatException(ei).split("\n"))


class _StandardError(logging.StreamHandler):  # type: ignore[type-arg] # subscripted only from Python 3.11 on
    """Writes to what sys.stderr is at the time of writing, which tests and pipes may have changed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_Lines())

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        with contextlib.suppress(ValueError):  # standard error is closed: there is nobody left to tell
            super().emit(record)


def set_loudness(level: int) -> None:
    """Let Firth's packages log from `level` on, in lines with the time of day, to standard error."""
    for logger in (LOGGER, logging.getLogger("service"), logging.getLogger("storage")):
        if not any(isinstance(handler, _StandardError) for handler in logger.handlers):
            logger.addHandler(_StandardError())
        logger.setLevel(level)


class Meter:
    """One long piece of work as a bar on a terminal, or as a log line every few seconds.

    Use it as a context manager and call `show` as often as you like.
    """

    def __init__(self, title: str, clock: Clock = time.monotonic) -> None:
        self.title, self.clock = title, clock
        self.started = self.logged = clock()
        self.bar: tqdm[Any] | None = None
        self.told = LOGGER.isEnabledFor(logging.INFO)

    def __enter__(self) -> "Meter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, done: float, total: float | None, facts: str) -> None:
        """Say how far the work is: the share done, where the total is known, and the facts."""
        if not self.told:
            return
        if sys.stderr.isatty():
            self._draw(done, total, facts)
        elif self.clock() - self.logged >= LOG_SECONDS:
            self.logged = self.clock()
            share = f"{done / total:4.0%}  " if total else ""
            LOGGER.info("%s  %s%s", self.title, share, facts)

    def say(self, line: str) -> None:
        """Log a line; a bar steps aside for it."""
        if self.bar is not None:
            self.bar.clear()
        LOGGER.info("%s", line)

    def _draw(self, done: float, total: float | None, facts: str) -> None:
        if self.bar is None:
            from tqdm import tqdm

            layout = f"{self.title} {{percentage:3.0f}}% {{bar:10}} {{desc}}" if total else f"{self.title} {{desc}}"
            columns = shutil.get_terminal_size().columns - 1
            # a terminal that says it has no lines, as in some containers, would get no bar: so `nrows` is set
            self.bar = tqdm(total=total, bar_format=layout, leave=False, ncols=columns, nrows=20)
        self.bar.n = done
        self.bar.set_description_str(facts)


def of_training(meter: Meter) -> Callable[["Progress"], None]:
    """Show a training's progress."""

    def report(now: "Progress") -> None:
        facts = f"{now.words_per_s:,.0f} tokens/s, loss {now.loss:.4f}, {left(now.eta_s)}"
        meter.show(now.tokens, now.total_tokens, f"{facts}, epoch {now.epoch}/{now.epochs}")

    return report


def of_counting(meter: Meter) -> Callable[[int], None]:
    """Show how far a text is counted, as tokens."""

    def report(tokens: int) -> None:
        seconds = max(meter.clock() - meter.started, 1e-9)
        meter.show(tokens, None, f"{tokens:,} tokens, {tokens / seconds:,.0f} tokens/s")

    return report


def of_reading(meter: Meter, total_bytes: int | None) -> Callable[[int, int], None]:
    """Show how far the input is read, as bytes read of all bytes and tokens found."""

    def report(done: int, tokens: int) -> None:
        seconds = max(meter.clock() - meter.started, 1e-9)
        facts = f"{tokens:,} tokens, {tokens / seconds:,.0f} tokens/s"
        if total_bytes and done:
            facts += f", {left(seconds * (total_bytes - done) / done)}"
        meter.show(done, total_bytes, facts)

    return report


def of_share(meter: Meter, of_what: str) -> Callable[[int, int], None]:
    """Show how much of something is done, of how much."""

    def report(done: int, total: int) -> None:
        seconds = meter.clock() - meter.started
        facts = f"{done:,} of {total:,} {of_what}"
        meter.show(done, total, f"{facts}, {left(seconds * (total - done) / done)}" if done else facts)

    return report


def of_map(meter: Meter) -> Callable[[float], None]:
    """Show how far a map is, as the share of the work that is done."""

    def report(share: float) -> None:
        seconds = meter.clock() - meter.started
        meter.show(share, 1, left(seconds * (1 - share) / max(share, 1e-9)))

    return report


def left(seconds: float) -> str:
    """A time that is left, in words: "8 s left", "2 min 5 s left"."""
    if not math.isfinite(seconds):
        return "time left unknown"
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min left"
    return f"{minutes} min {rest} s left" if minutes else f"{rest} s left"


class ProgressFile:
    """A file with one JSON object a line for each report of a training, whole at every moment.

    Fields: epoch, tokens, total_tokens, words_per_s, pairs_per_s, loss (nats per positive pair in the epoch so far; of
    GloVe its weighted squared error), recent_loss (the same since the last report), held_out_loss (after the last
    epoch; null until known), alpha, eta_s, time (UTC); and for each look at a probe: probe, neighbors (pairs of word
    and cosine), epoch, tokens, time.

    It is made at the first report, so that a training that does not run leaves an earlier file as it is.

    Args:
        path: of the file.
        go_on: write behind what is there, for a training that is resumed.
    """

    def __init__(self, path: Path, *, go_on: bool = False) -> None:
        self.path = path
        self._mode = "a" if go_on else "w"
        self.file: IO[str] | None = None

    def __enter__(self) -> "ProgressFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self.file:
            self.file.close()

    def write(self, now: "Progress") -> None:
        """Add a line about the whole training.

        Raises:
            InputError: the file cannot be written.
        """
        fields = ("epoch", "tokens", "total_tokens", "words_per_s", "pairs_per_s", "loss")
        more = ("recent_loss", "held_out_loss", "alpha", "eta_s")
        self._add({name: _finite(getattr(now, name)) for name in (*fields, *more)})

    def write_probe(self, seen: "Probed") -> None:
        """Add a line about a probe.

        Raises:
            InputError: the file cannot be written.
        """
        neighbors = [[word, round(cosine, 4)] for word, cosine in seen.neighbors]
        self._add({"probe": seen.word, "neighbors": neighbors, "epoch": seen.epoch, "tokens": seen.tokens})

    def _add(self, facts: Mapping[str, Any]) -> None:
        line = {**facts, "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds")}
        try:
            if self.file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.file = self.path.open(self._mode, encoding="utf-8")
            self.file.write(json.dumps(line, allow_nan=False) + "\n")
            self.file.flush()
        except OSError as error:
            raise InputError(f"--progress-jsonl {self.path}: {error.strerror or error}") from None


def _finite(number: float | None) -> float | None:
    """JSON has no infinity: what is not known yet is null."""
    return number if number is not None and math.isfinite(number) else None
