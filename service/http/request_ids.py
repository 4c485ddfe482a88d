"""An id for every request: the client's own, or one made here; it is in the response, in errors and in the log."""

import re
import secrets

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-ID"
_SANE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")  # nothing that could break a header or a line of a log


def register(app: Flask) -> None:
    """Let every response carry the id of its request."""
    app.after_request(_identified)


def request_id() -> str:
    """The id of the request that is being answered; where there is none (it could not be read), another each time."""
    if not has_request_context():
        return secrets.token_hex(16)
    if "request_id" not in g:
        sent = request.headers.get(HEADER, "")
        g.request_id = sent if _SANE.fullmatch(sent) else secrets.token_hex(16)
    return str(g.request_id)


def _identified(response: Response) -> Response:
    response.headers[HEADER] = request_id()
    return response
