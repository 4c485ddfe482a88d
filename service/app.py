"""The Flask application: the HTTP API, the page that asks it, and what every response carries."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template
from flask.json.provider import DefaultJSONProvider

from service import api, health, problems
from service.access_log import AccessLog
from service.batcher import Batcher
from service.exchanges import Observer, observe
from service.library import Library
from service.metrics import Metrics
from service.nearest import Ranker
from service.running import Running
from storage.json_text import json_text

_SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def create_app(db: Path, *, preload: bool = False, running: Running | None = None) -> Flask:
    """Make the WSGI application that answers from one store.

    Args:
        db: the store's file.
        preload: load the latest version of each model now, so that processes forked later share one copy.
        running: how many models stay loaded, how questions are batched, and where the access log goes.

    Raises:
        StoreError: there is no usable store at `db`.
    """
    running, metrics = running or Running(), Metrics()
    library = Library(db, running.keep_models, around=_batching(running, metrics), changed=metrics.models)
    library.models()
    if preload:
        library.preload()
    app = Flask(__name__)
    app.extensions["library"] = library
    observe(app, metrics.exchange, *_access_logs(running))
    app.json = StrictJson(app)
    app.url_map.merge_slashes = False  # //livez is another address, not a redirect
    problems.register(app)
    app.register_blueprint(api.blueprint(library))
    app.register_blueprint(health.blueprint(library, metrics))
    app.add_url_rule("/", "page", _page)
    app.after_request(secured)
    return app


class StrictJson(DefaultJSONProvider):
    """JSON in UTF-8, fields in the order they were given, and never NaN."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize; a lone surrogate (from a file name that is not UTF-8) becomes its escape."""
        return json_text(obj, default=self.default, **kwargs)


def _batching(running: Running, metrics: Metrics) -> Callable[[Ranker], Ranker] | None:
    if running.largest_batch == 1:
        return None
    return partial(Batcher, wait=running.batch_wait / 1000, largest=running.largest_batch, told=metrics.batch)


def _access_logs(running: Running) -> list[Observer]:
    if not running.access_log:
        return []
    return [AccessLog(running.access_log, queries=running.access_log_queries).exchange]


def _page() -> str:
    """Show the page; it gets its answers from the HTTP API."""
    return render_template("index.html")


def secured(response: Response) -> Response:
    """The response with the headers that keep browsers from foreign content, framing and guessing types."""
    response.headers.update(_SECURITY_HEADERS)
    return response
