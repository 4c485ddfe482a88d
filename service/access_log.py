"""The access log: one line of JSON for each request, without what was asked unless that is wished."""

import logging
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from logging.handlers import WatchedFileHandler
from typing import Any

from service.exchanges import Exchange
from storage.errors import FirthError
from storage.json_text import json_text


class AccessLog:
    """Writes exchanges to a file, or to standard output for `-`; headers, and so tokens, are never written.

    A line is one write to a file opened to append, so lines of several processes do not mix, and a file that was
    moved away (logrotate) is made again.

    Args:
        target: a file, or `-`.
        queries: also write the query string, with the words that were asked about.

    Raises:
        FirthError: the file cannot be written.
    """

    def __init__(self, target: str, *, queries: bool = False) -> None:
        self._queries = queries
        self._log = logging.Logger("firth.access")  # of its own: neither its level nor its handlers are others' to set
        self._log.addHandler(_handler(target))

    def exchange(self, exchange: Exchange) -> None:
        """Write one line."""
        self._log.info("%s", json_text(self._line(exchange)))

    def _line(self, exchange: Exchange) -> Mapping[str, Any]:
        line = {
            "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
            "request_id": exchange.request_id or None,
            "method": exchange.method,
            "route": exchange.route or None,
            "status": exchange.status,
            "milliseconds": round(exchange.seconds * 1000, 3),
            "bytes": exchange.size,
            "model": exchange.model or None,
        }
        return {**line, "query": exchange.query} if self._queries else line


def _handler(target: str) -> logging.Handler:
    if target == "-":
        return logging.StreamHandler(sys.stdout)
    try:
        return WatchedFileHandler(target, encoding="utf-8")
    except OSError as error:
        raise FirthError(f"the access log {target} cannot be written: {error.strerror}; name another file") from error
