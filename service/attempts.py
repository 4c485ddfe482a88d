"""Which models are being loaded in the background, and which could not be a moment ago."""

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Lock

from storage.errors import FirthError
from storage.models import ModelInfo

log = logging.getLogger(__name__)

_TRY_AGAIN = 10.0  # seconds after which what has failed is tried once more


class Attempts:
    """Sees to it that one thread at a time loads a model, and that failures are not repeated without pause."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._under_way: set[ModelInfo] = set()
        self._failed: dict[ModelInfo, float] = {}  # when

    def begin(self, info: ModelInfo) -> bool:
        """Whether to load a model now; then that has to be done within `told`."""
        with self._lock:
            failed = self._failed.get(info)
            if info in self._under_way or (failed is not None and time.monotonic() - failed < _TRY_AGAIN):
                return False
            self._under_way.add(info)
            return True

    @contextmanager
    def told(self, info: ModelInfo) -> Iterator[None]:
        """Take down how the block went, which loads the model, and log it; its errors end here."""
        failed = True
        try:
            yield
            failed = False
        except FirthError as error:
            log.warning("%s is not loaded: %s", info, error)
        except Exception:
            log.exception("%s is not loaded", info)
        else:
            log.info("%s answers now", info)
        finally:
            self._end(info, failed=failed)

    def has_failed(self, info: ModelInfo) -> bool:
        """Whether the last attempt failed."""
        return info in self._failed

    def forget_all_but(self, known: Collection[ModelInfo]) -> None:
        """Let go the failures of models that are not there any more."""
        with self._lock:
            for info in self._failed.keys() - known:
                del self._failed[info]

    def _end(self, info: ModelInfo, *, failed: bool) -> None:
        with self._lock:
            self._under_way.discard(info)
            self._failed.pop(info, None)
            if failed:
                self._failed[info] = time.monotonic()
