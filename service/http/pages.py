"""The OpenAPI document at /openapi.json, and pages made from it at /docs, with nothing from another host."""

from importlib.resources import files
from threading import Lock
from typing import Any

from flask import Blueprint, Response, render_template
from flask_openapi3.openapi import OpenAPI

from service.http.caching import tagged_by_content
from service.http.description import components
from service.http.rendering import json_response, rendered

_UI = files("flask_openapi3_swagger") / "templates" / "swagger"
_POLICY = (  # Swagger UI's icons are in its style sheet, as data
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)


def register(app: OpenAPI) -> None:
    """Add both routes."""
    pages = Blueprint("docs", __name__, static_folder=str(_UI), static_url_path="/docs/static")
    reading, texts = Lock(), list[str]()

    @pages.get("/openapi.json")
    def openapi() -> Response:
        """Describe the HTTP API in OpenAPI 3.1."""
        with reading:  # the document is put together when it is first asked for
            if not texts:
                texts.append(rendered(_document(app)))
        return tagged_by_content(json_response(texts[0]))

    @pages.get("/docs")
    def docs() -> Response:
        """Show the description of the API, to read and to try."""
        response = Response(render_template("docs.html"))
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    app.register_blueprint(pages)


def _document(app: OpenAPI) -> dict[str, Any]:
    app.components_schemas.update(components())
    document = app.api_doc
    del document["components"]["schemas"][app.validation_error_model.__name__]  # flask-openapi3's own, never sent
    return document
