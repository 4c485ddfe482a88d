"""What those ask who run the service: does it live, is it ready, and its numbers."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response

from service.library import Library
from service.metrics import Metrics
from service.readiness import Readiness

Json = dict[str, Any]


def register(app: Flask, library: Library, metrics: Metrics) -> None:
    """Give the application the routes /livez, /readyz and /metrics."""

    def livez() -> Json:
        """Say that the process answers."""
        return {"status": "ok"}

    def readyz() -> tuple[Json, HTTPStatus]:
        """Say whether every model answers (200), or which are still loading (503); and which versions answer now."""
        names = library.readiness()
        ready = all(name.is_ready for name in names)
        body = {"status": "ready" if ready else "loading", "models": [_as_json(name) for name in names]}
        return body, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE

    def numbers() -> Response:
        """Show the service's numbers in Prometheus' text format."""
        text, content_type = metrics.text()
        return Response(text, content_type=content_type)

    app.add_url_rule("/livez", "livez", livez)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", numbers)


def _as_json(name: Readiness) -> Json:
    answering = str(name.answering) if name.answering else None
    return {"name": name.asked, "current": str(name.current), "answering": answering, "failed": name.failed}
