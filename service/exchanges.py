"""What is known of a request once it is answered, and who is told: the metrics and the access log."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True)
class Exchange:
    """A request and its response, without anything that a client chose freely, except `query`.

    Attributes:
        method: GET and so on, or OTHER: clients can make up names.
        route: the pattern of the address, with its variables' names instead of their values; empty where none fits.
        status: of the response.
        seconds: from the request's arrival in the application to its answer.
        size: bytes of the response's body, None where they are not known.
        request_id: the response's X-Request-ID; empty where there is none.
        model: `name@version` of the model that answered; empty where none did.
        query: the query string as it came, with the words in it.
    """

    method: str
    route: str
    status: int
    seconds: float = 0.0
    size: int | None = None
    request_id: str = ""
    model: str = ""
    query: str = ""


Observer = Callable[[Exchange], None]


def observe(app: Flask, *observers: Observer) -> None:
    """Tell the observers of every request; to be called before anything else looks at requests and responses."""

    def begin() -> None:
        g.begun = time.perf_counter()

    def end(response: Response) -> Response:
        exchange = _exchange(response)
        for observer in observers:
            observer(exchange)
        return response

    app.before_request(begin)  # the first to look at a request, and so the last to look at its response
    app.after_request(end)
    app.extensions["observers"] = observers


def unreadable(app: Flask, response: Response) -> None:
    """Tell of a request that never reached the application, since the server could not read it."""
    for observer in app.extensions["observers"]:
        observer(Exchange("OTHER", "", response.status_code, size=response.calculate_content_length()))


def _exchange(response: Response) -> Exchange:
    return Exchange(
        method=request.method if request.method in _METHODS else "OTHER",
        route=request.url_rule.rule if request.url_rule else "",
        status=response.status_code,
        seconds=time.perf_counter() - g.begun,
        size=response.calculate_content_length(),
        request_id=response.headers.get("X-Request-ID", ""),
        model=_model(g.get("model")),
        query=request.query_string.decode("utf-8", "replace"),
    )


def _model(answered: Any) -> str:
    return "" if answered is None else str(answered)
