"""Every error leaves the service in one JSON shape; this is the one place where errors become status codes.

    {"error": {"code": ..., "message": ..., "status": ..., "missing": [...], "near": {...}}}

`missing` lists the words that the model does not have, and `near` the near matches of whatever was not found.
"""

import difflib
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from service.batcher import Overloaded
from service.parameters import Malformed
from storage.errors import SettingError, StoreError, UnknownModel, UnknownWord, UnusableQuestion

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Let the application answer its errors in the one shape; any other exception is logged and becomes a 500."""
    app.register_error_handler(Malformed, _malformed)
    app.register_error_handler(UnknownWord, _unknown_word)
    app.register_error_handler(UnknownModel, _unknown_model)
    app.register_error_handler(UnusableQuestion, _unusable)
    app.register_error_handler(SettingError, _unusable)
    app.register_error_handler(StoreError, _no_store)
    app.register_error_handler(Overloaded, _overloaded)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotFound, lambda error: _unknown_route(app, error))
    app.register_error_handler(InternalServerError, _internal)


def problem(
    status: int,
    code: str,
    message: str,
    missing: Sequence[str] = (),
    near: Mapping[str, Sequence[str]] | None = None,
) -> Response:
    """An error as a response; needs Flask's application context."""
    error = {"code": code, "message": message, "status": status, "missing": missing, "near": near or {}}
    response = jsonify({"error": error})
    response.status_code = status
    return response


def _malformed(error: Malformed) -> Response:
    return problem(400, "malformed", str(error))


def _unknown_word(error: UnknownWord) -> Response:
    return problem(404, "unknown_word", str(error), missing=list(error.near), near=error.near)


def _unknown_model(error: UnknownModel) -> Response:
    return problem(404, "unknown_model", str(error), near={error.name: error.near})


def _unusable(error: UnusableQuestion | SettingError) -> Response:
    return problem(422, "unusable", str(error))


def _no_store(_: StoreError) -> Response:
    log.exception("the store cannot be read: %s", request.path)
    response = problem(503, "store_unavailable", "the store cannot be read now; the service's log says why")
    response.headers["Retry-After"] = "5"
    return response


def _overloaded(error: Overloaded) -> Response:
    response = problem(503, "overloaded", str(error))
    response.headers["Retry-After"] = "1"
    return response


def _internal(_: InternalServerError) -> Response:
    return problem(500, "internal", "the service failed; its log says why")


def _unknown_route(app: Flask, _: NotFound) -> Response:
    near = _near_routes(app, request.path)
    return problem(404, "unknown_route", f"nothing is at {request.path}", near={request.path: near})


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    response = problem(status, code, error.description or status.description)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value  # a 405 says in Allow what is allowed
    return response


def _near_routes(app: Flask, path: str) -> list[str]:
    """Routes that look like the path, with the path's own parts where a route has a variable."""
    asked = _parts(path)
    candidates = []
    for rule in app.url_map.iter_rules():
        parts = _parts(rule.rule)
        if len(parts) == len(asked) and rule.endpoint != "static":
            filled = (own if part.startswith("<") else part for part, own in zip(parts, asked, strict=True))
            candidates.append("/" + "/".join(filled))
    return difflib.get_close_matches(path, candidates, n=5)


def _parts(path: str) -> list[str]:
    """What stands between the slashes; an empty part, as a slash at the end makes, cannot name anything."""
    return [part for part in path.split("/") if part]
