"""`python -m benchmarks [NAME...]`: all of them, or those named."""

import sys
from importlib import import_module

NAMES = (
    "train_speed",
    "profile",
    "memory",
    "quality",
    "long_run",
    "glove",
    "query_start",
    "query_speed",
    "startup",
    "formats",
    "store_speed",
    "http_load",
    "map_frames",
    "crosscheck",
    "plan",
)


def main() -> None:
    """Run what the command line names."""
    for name in sys.argv[1:] or NAMES:
        if name not in NAMES:
            sys.exit(f"no benchmark {name!r}; there are: {', '.join(NAMES)}")
        print(f"== {name}", flush=True)
        import_module(f"benchmarks.{name}").measure()


if __name__ == "__main__":  # the processes that tokenize import this file too
    main()
