"""The route of a model's map: columns of words, places and clusters, which change with the model alone."""

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint

from service.answers import document
from service.engine import Engine
from service.http import caching, description
from service.http.reading import from_query
from service.http.rendering import json_response, rendered
from service.http.routes import Nothing, answering
from service.library import Library
from service.vocabulary_map import vocabulary_map
from storage.errors import UnusableQuestion
from storage.models import ModelInfo


def blueprint(library: Library) -> APIBlueprint:
    """The route under /api/v1; `<model>` is `name` (its current version), `name@version` or `name@tag`."""
    api = APIBlueprint("map", __name__, url_prefix="/api/v1", abp_responses=description.errors())

    @api.get("/models/<model>/map", **description.vocabulary_map())
    def of_model() -> Response:
        """Show where a model's words stand on a plane, and in which clusters."""
        asked = from_query(Nothing, request.query_string)
        info, engine = answering(library)
        tag = caching.tag_of(info, "map", asked)
        if known := caching.tag_the_client_has(tag):
            return caching.not_modified(known)
        return caching.tagged(json_response(_text(library, info, engine)), tag)

    return api


def _text(library: Library, info: ModelInfo, engine: Engine) -> str:
    """The map's JSON document.

    Raises:
        UnusableQuestion: the model was stored without a map.
    """
    drawn = library.map(info)
    if drawn is None:
        raise UnusableQuestion(f"{info} has no map: it was stored with --map-words 0, too few words, or an older Firth")
    return rendered(document(info, vocabulary_map(drawn, engine.words, engine.counts, library.card(info))))
