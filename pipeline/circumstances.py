"""Under which circumstances a stage ran: with which Python and BLAS, on which machine, from when to when.

They do not decide what a stage is to write, so they are no part of its key; but another BLAS, or another processor,
for which BLAS has other kernels, may round differently, and then the bytes of a training differ.
"""

import os
import platform
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np


def now() -> str:
    """UTC, ISO 8601, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@cache
def circumstances() -> dict[str, Any]:
    """Python, BLAS and the machine, without its name."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "blas": _blas(),
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "processors": os.cpu_count(),
            "instructions": list(_numpy_says("SIMD Extensions").get("found", ())),
        },
    }


def _blas() -> str:
    """Name and version of NumPy's BLAS, and for which processor it has chosen its kernels."""
    from threadpoolctl import threadpool_info

    built = _numpy_says("Build Dependencies").get("blas", {})
    kernels = {pool.get("architecture") for pool in threadpool_info() if pool["user_api"] == "blas"}
    return " ".join([built.get("name", "unknown"), built.get("version", ""), *sorted(filter(None, kernels))])


def _numpy_says(about: str) -> dict[str, Any]:
    said: Any = np.show_config(mode="dicts")
    return dict(said.get(about, {}))


def _processor() -> str:
    """What the processor calls itself, where the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8", "replace").splitlines() if cpuinfo.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
