"""Headers that name the model an answer is from, also where the body has no room for it, as that of a bare number."""

from flask import Flask, Response, g

MODEL, SHA256 = "Firth-Model", "Firth-Vectors-SHA256"
HEADERS = (MODEL, SHA256)
"""`name@version`, and the hash of its vectors."""


def register(app: Flask) -> None:
    """Let every response that a model gave, an error about its words too, carry the model's name, version and hash."""
    app.after_request(_named)


def _named(response: Response) -> Response:
    info = g.get("model")
    if info is not None:
        response.headers[MODEL] = str(info)
        response.headers[SHA256] = info.vectors_sha256
    return response
