"""Who may ask, and how often: a bearer token, and a limit for each address. Both are off unless they are set."""

import hmac
import os
import re
from functools import partial
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, request
from flask_openapi3.openapi import OpenAPI
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from service.problems import problem
from service.settings import ServiceSettings
from storage.errors import SettingError

TOKEN_VARIABLE = "FIRTH_TOKEN"  # noqa: S105 - the name of the variable, not its value
PROBES = {"livez", "readyz"}
OPEN = PROBES | {"page", "docs.docs", "docs.openapi"}
"""Endpoints that need no token, with the static files: probes have none, and pages hold nothing of the models."""
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750, section 2.1


def register(app: OpenAPI, settings: ServiceSettings) -> None:
    """Let the application refuse who asks too often (429) or without the token (401).

    Raises:
        SettingError: the token's file cannot be read, or the token is none.
    """
    if settings.requests_per_minute:
        _limit(app, settings.requests_per_minute)
    if token := read_token(settings.token_file):
        app.before_request(partial(_check_token, token))
        app.security_schemes = {"token": {"type": "http", "scheme": "bearer"}}
        app.openapi_extensions = {"security": [{"token": []}]}


def read_token(file: str) -> str:
    """The token that clients must have: the file's content, or else the environment's FIRTH_TOKEN; empty for none.

    Raises:
        SettingError: the file cannot be read, or there is no token in it.
    """
    if not file and TOKEN_VARIABLE not in os.environ:
        return ""
    try:
        token = Path(file).read_text("ascii").strip() if file else os.environ[TOKEN_VARIABLE]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"token_file {file} cannot be read: {error}") from error
    if not _TOKEN.fullmatch(token):
        raise SettingError(f"{file or TOKEN_VARIABLE} holds no token; allowed: letters, digits and . _ ~ + / - =")
    return token


def _check_token(token: str) -> None:
    endpoint = request.endpoint or ""
    if endpoint in OPEN or endpoint.endswith("static") or request.method == "OPTIONS":
        return
    sent = request.authorization
    has_one = sent is not None and sent.type == "bearer" and sent.token
    if not has_one or not hmac.compare_digest(str(sent.token if sent else "").encode(), token.encode()):
        raise Unauthorized(
            "this service wants a token: send the header `Authorization: Bearer TOKEN`",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "firth"}),
        )


def _limit(app: Flask, per_minute: int) -> None:
    from flask_limiter import Limiter, RateLimitExceeded
    from flask_limiter.util import get_remote_address

    app.after_request(_without_needless_retry)  # what is registered first runs last
    refusal = f"more requests than one address may make; allowed: {per_minute} in a minute"
    app.register_error_handler(RateLimitExceeded, lambda _: problem(429, "too_many_requests", refusal))
    limiter = Limiter(
        get_remote_address,
        app=app,
        application_limits=[f"{per_minute} per minute"],
        strategy="moving-window",
        storage_uri="memory://",
        headers_enabled=True,
    )
    limiter.request_filter(lambda: request.endpoint in PROBES or (request.endpoint or "").endswith("static"))


def _without_needless_retry(response: Response) -> Response:
    """The response, of which flask-limiter says when to come back even where that was not why."""
    if response.status_code not in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        response.headers.pop("Retry-After", None)
    return response
