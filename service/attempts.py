"""Which models are being loaded in the background, and which could not be a moment ago."""

import time
from collections.abc import Collection
from threading import Lock

from storage.models import ModelInfo

_TRY_AGAIN = 10.0  # seconds after which what has failed is tried once more


class Attempts:
    """Sees to it that one thread at a time loads a model, and that failures are not repeated without pause."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: set[ModelInfo] = set()
        self._failed: dict[ModelInfo, float] = {}  # when

    def begin(self, info: ModelInfo) -> bool:
        """Whether to load a model now; then `end` has to follow."""
        with self._lock:
            failed = self._failed.get(info)
            if info in self._under_way or (failed is not None and time.monotonic() - failed < _TRY_AGAIN):
                return False
            self._under_way.add(info)
            return True

    def end(self, info: ModelInfo, *, failed: bool) -> None:
        """Take down how it went."""
        with self._lock:
            self._under_way.discard(info)
            self._failed.pop(info, None)
            if failed:
                self._failed[info] = time.monotonic()

    def has_failed(self, info: ModelInfo) -> bool:
        """Whether the last attempt failed."""
        return info in self._failed

    def forget_all_but(self, known: Collection[ModelInfo]) -> None:
        """Let go the failures of models that are not there any more."""
        with self._lock:
            for info in self._failed.keys() - known:
                del self._failed[info]
