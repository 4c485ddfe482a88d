"""The Flask application: the HTTP API, the page that asks it, and what every response carries."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, render_template
from flask.json.provider import DefaultJSONProvider
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI

from service import health, problems
from service.access_log import AccessLog
from service.batcher import Batcher
from service.exchanges import Observer, observe
from service.http import caching, guards, map_route, model_headers, pages, request_ids, routes, transport, word2vec_api
from service.library import Library
from service.metrics import Metrics
from service.nearest import Ranker, need_faiss
from service.running import Running
from service.settings import ServiceSettings
from storage.declared import LONGEST_TEXT
from storage.json_text import json_text


def create_app(
    db: Path, settings: ServiceSettings | None = None, *, running: Running | None = None, preload: bool = False
) -> Flask:
    """Make the WSGI application that answers from one store.

    Args:
        db: the store's file.
        settings: limits and switches; the defaults where there are none.
        running: how questions are batched, and where the access log goes.
        preload: load the latest version of each model now, so that processes forked later share one copy.

    Raises:
        StoreError: there is no usable store at `db`.
        SettingError: approximate indices are wanted, and faiss is not installed.
    """
    settings, running, metrics = settings or ServiceSettings(), running or Running(), Metrics()
    library = Library(
        db,
        settings.keep_models,
        around=_batching(running, metrics),
        approximate_from=_approximate_from(settings),
        changed=metrics.models,
    )
    library.models()
    if preload:
        library.preload()
    app = OpenAPI(__name__, info=Info(title="Firth", version=caching.VERSION), security_schemes={}, doc_ui=False)
    app.extensions["library"] = library
    observe(app, metrics.exchange, *_access_logs(running))
    app.json = StrictJson(app)
    app.url_map.merge_slashes = False  # //livez is another address, not a redirect
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body
    request_ids.register(app)
    model_headers.register(app)
    problems.register(app)
    transport.register(app, settings)
    guards.register(app, settings)
    app.register_api(routes.blueprint(library, settings))
    app.register_api(map_route.blueprint(library))
    if settings.word2vec_api:
        app.register_api(word2vec_api.blueprint(library, settings.word2vec_api))
    pages.register(app)
    health.register(app, library, metrics)
    app.add_url_rule("/", "page", _page)
    app.add_url_rule("/favicon.ico", "icon", _icon)
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


def _approximate_from(settings: ServiceSettings) -> int | None:
    if not settings.approximate:
        return None
    need_faiss()
    return settings.approximate_from


def _access_logs(running: Running) -> list[Observer]:
    if not running.access_log:
        return []
    return [AccessLog(running.access_log, queries=running.access_log_queries).exchange]


def _page() -> str:
    """Show the page; it gets its answers from the HTTP API."""
    return render_template("index.html", longest_word=LONGEST_TEXT)


def _icon() -> Response:
    """Show the icon; browsers ask here where a document names none, as JSON does not."""
    return current_app.send_static_file("firth.svg")
