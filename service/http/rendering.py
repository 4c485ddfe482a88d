"""JSON as it leaves the service: the same text alone and inside a batch."""

from typing import Any

from flask import Response

from storage.json_text import json_text

JSON = "application/json"


def rendered(value: Any) -> str:
    """A value as compact JSON, fields in the order they were given, never NaN.

    A lone surrogate (from a file name that is not UTF-8) becomes its escape.
    """
    return json_text(value, separators=(",", ":"))


def json_response(text: str, status: int = 200) -> Response:
    """A response whose body is this JSON text and nothing else."""
    return Response(text, status, mimetype=JSON)
