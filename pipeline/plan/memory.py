"""Memory: what this machine has free, and the most that this process and its children have held."""

import multiprocessing
import re
from pathlib import Path

USUAL_PEAK = 100_000_000
"""Beyond the matrices and for each process, where the system does not say: about that on Linux."""


def available_memory() -> int | None:
    """Bytes that can be had now; None where the system does not say."""
    free = _kilobytes("/proc/meminfo", "MemAvailable")
    return 1024 * free if free else None


def peak_bytes() -> int:
    """The most memory that this process has held, and what its children hold that they do not share with it.

    `getrusage` would count what the process before `exec` had held, too.
    """
    children = multiprocessing.active_children()
    own = _kilobytes("/proc/self/status", "VmHWM")
    if not own:
        return USUAL_PEAK * (1 + len(children))
    return 1024 * (own + sum(_kilobytes(f"/proc/{child.pid}/smaps_rollup", "Private_.*") for child in children))


def _kilobytes(path: str, key: str) -> int:
    """The sum of the entries of that name in a file of Linux; 0 where there is none."""
    try:
        text = Path(path).read_text("utf-8")
    except OSError:
        return 0
    return sum(int(found) for found in re.findall(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE))
