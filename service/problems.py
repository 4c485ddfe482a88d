"""Every error leaves the service in one JSON shape; this is the one place where errors become status codes.

    {"error": {"code": ..., "message": ..., "status": ..., "missing": [...], "subwords": ..., "near": {...}, ...}}

`missing` lists the words that the model does not have, `subwords` says whether it can make their vectors from pieces,
and `near` has the near matches of whatever was not found. Last comes `request_id`.
"""

import difflib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, RequestEntityTooLarge

from service.batcher import Overloaded
from service.http.reading import Malformed, TooLong
from service.http.rendering import json_response, rendered
from service.http.request_ids import request_id
from storage.errors import FirthError, SettingError, StoreError, UnknownModel, UnknownWord, UnusableQuestion

log = logging.getLogger(__name__)

STATUSES: dict[type[FirthError], tuple[int, str]] = {
    Malformed: (400, "malformed"),
    TooLong: (414, "too_long"),
    UnknownWord: (404, "unknown_word"),
    UnknownModel: (404, "unknown_model"),
    UnusableQuestion: (422, "unusable"),
    SettingError: (422, "unusable"),
    StoreError: (503, "store_unavailable"),
    Overloaded: (503, "overloaded"),
    FirthError: (500, "internal"),
}
MEANINGS = {
    (400, "malformed"): "a parameter is missing, unknown, repeated or not of its type, or the request is not HTTP",
    (401, "unauthorized"): "the service wants a token, in the header `Authorization: Bearer TOKEN`",
    (404, "unknown_word"): "`missing` lists the words that the model does not have, `near` what may have been meant",
    (404, "unknown_model"): "there is no model or version of that name; `near` lists those there are",
    (404, "unknown_route"): "nothing is at that address; `near` lists what may have been meant",
    (405, "method_not_allowed"): "the header `Allow` says which methods there are",
    (413, "body_too_large"): "the body has more bytes than the service takes (`--max-body`)",
    (414, "too_long"): "the query string is longer than 8,190 bytes: ask with POST",
    (415, "not_json"): "the body of a POST is not said to be `application/json`",
    (422, "unusable"): "well formed, but without an answer: a value out of its range, or a vector that points nowhere",
    (429, "too_many_requests"): "more requests in a minute than allowed; `Retry-After` says when to come back",
    (431, "headers_too_large"): "a header is longer than 8,190 bytes, or there are more than 100",
    (500, "internal"): "the service failed; its log has the traceback, the response has not",
    (503, "overloaded"): "more questions wait than may wait; `Retry-After` says when to come back",
    (503, "store_unavailable"): "the store cannot be read now; models that are loaded go on answering from memory",
}
"""Every error that a client can meet: status, code, and when."""
CODES = {  # of the errors that Flask and its extensions raise
    400: "malformed",
    401: "unauthorized",
    405: "method_not_allowed",
    413: "body_too_large",
    414: "too_long",
    415: "not_json",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
RETRY_AFTER = {"store_unavailable": "5", "overloaded": "1"}  # seconds
HIDDEN = {  # what clients are told instead of what the log is told
    "store_unavailable": "the store cannot be read now; the service's log says why",
    "internal": "the service failed; its log says why",
}


@dataclass(frozen=True)
class Problem:
    """An error as clients see it.

    Attributes:
        code: what programs tell it by.
        message: what people read: the mistake and the way out.
        status: the status code of HTTP.
        missing: words that the model does not have.
        subwords: whether the model makes vectors of such words from their pieces, with `on_missing=subword`.
        near: for each thing that was not found, what may have been meant.
        request_id: the id of the request, which the service's log has too.
    """

    code: str
    message: str
    status: int
    missing: Sequence[str] = ()
    subwords: bool = False
    near: Mapping[str, Sequence[str]] = field(default_factory=dict)
    request_id: str = field(default_factory=request_id)

    def text(self) -> str:
        """The error as JSON."""
        return rendered({"error": vars(self)})


def register(app: Flask) -> None:
    """Let the application answer its errors in the one shape; any other exception is logged and becomes a 500."""
    app.register_error_handler(FirthError, lambda error: response_of(problem_of(error)))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotFound, lambda error: _unknown_route(app, error))
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(InternalServerError, _internal)


def problem_of(error: FirthError) -> Problem:
    """What a client is told of an error; what it must not know is logged instead."""
    status, code = next(found for kind, found in STATUSES.items() if isinstance(error, kind))
    if code in HIDDEN:
        log.error("%s: %s", HIDDEN[code], request.path, exc_info=error)
    missing = tuple(error.near) if isinstance(error, UnknownWord) else ()
    subwords = isinstance(error, UnknownWord) and error.subwords
    return Problem(code, HIDDEN.get(code, str(error)), status, missing=missing, subwords=subwords, near=_near(error))


def response_of(problem: Problem) -> Response:
    """The error as a response."""
    response = json_response(problem.text(), problem.status)
    if problem.code in RETRY_AFTER:
        response.headers["Retry-After"] = RETRY_AFTER[problem.code]
    return response


def problem(status: int, code: str, message: str) -> Response:
    """An error as a response, where nothing is missing and nothing near."""
    return response_of(Problem(code, message, status))


def _too_large(_: RequestEntityTooLarge) -> Response:
    return problem(413, "body_too_large", f"the body has more bytes than allowed: {request.max_content_length}")


def _internal(_: InternalServerError) -> Response:
    return problem(500, "internal", HIDDEN["internal"])


def _near(error: FirthError) -> Mapping[str, Sequence[str]]:
    if isinstance(error, UnknownModel):
        return {error.name: error.near}
    return error.near if isinstance(error, UnknownWord) else {}


def _unknown_route(app: Flask, _: NotFound) -> Response:
    near = {request.path: _near_routes(app, request.path)}
    return response_of(Problem("unknown_route", f"nothing is at {request.path}", 404, near=near))


def _http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or 500)
    code = CODES.get(status, status.phrase.lower().replace(" ", "_").replace("-", "_"))
    response = problem(status, code, error.description or status.description)
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value  # a 405 says in Allow what is allowed
    return response


def _near_routes(app: Flask, path: str) -> list[str]:
    """Routes that look like the path, with the path's own parts where a route has a variable."""
    asked = _parts(path)
    candidates: dict[str, Any] = {}  # each once, though it may be there for several methods
    for rule in app.url_map.iter_rules():
        parts = _parts(rule.rule)
        if len(parts) == len(asked) and not rule.endpoint.endswith("static"):
            filled = (own if part.startswith("<") else part for part, own in zip(parts, asked, strict=True))
            candidates["/" + "/".join(filled)] = rule
    return difflib.get_close_matches(path, candidates, n=5)


def _parts(path: str) -> list[str]:
    """What stands between the slashes; an empty part, as a slash at the end makes, cannot name anything."""
    return [part for part in path.split("/") if part]
