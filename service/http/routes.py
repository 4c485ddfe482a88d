"""The HTTP API: routes made from the declared questions, each read, asked of the engine, and handed on."""

from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from service.engine import Engine
from service.http import batches, caching, description
from service.http.answering import answer_text
from service.http.outward import without_folders
from service.http.reading import from_json, from_query, json_object
from service.http.rendering import JSON, json_response, rendered
from service.library import Library
from service.questions import QUESTIONS
from service.settings import ServiceSettings
from storage.declared import Declared
from storage.models import ModelInfo


class Nothing(Declared):
    """What is asked where there is nothing to say: no parameters."""


def blueprint(library: Library, settings: ServiceSettings) -> APIBlueprint:
    """The routes under /api/v1; `<model>` is `name` (its current version), `name@version` or `name@tag`."""
    api = APIBlueprint("api", __name__, url_prefix="/api/v1", abp_responses=description.errors())
    many = batches.Batches()

    @api.get("/models", **description.listing())
    def models() -> Response:
        """List the published models."""
        from_query(Nothing, request.query_string)
        catalog = library.catalog()
        listed = {"models": [catalog.described(info) for info in catalog.models]}
        return caching.tagged_by_content(json_response(rendered(listed)))

    @api.get("/models/<model>", **description.card())
    def card() -> Response:
        """Show a model's card: its chain from text to seals, settings, loss curve, cross-check, evaluation.

        Files are named without the folders they lay in.
        """
        from_query(Nothing, request.query_string)
        g.model = library.find(named_model())
        return caching.tagged_by_content(json_response(rendered(without_folders(library.whole_card(g.model)))))

    @api.post("/models/<model>/batch", **description.batch(settings.max_batch))
    def batch() -> Response:
        """Ask many questions of one model, of any kind; each has its own answer or error."""
        items = batches.items_of(posted(), settings.max_batch)
        info, engine = answering(library)
        return json_response(many.answered(info, engine, items))

    for name, cls in QUESTIONS.items():
        _add_question(api, library, name, cls)
    return api


def _add_question(api: APIBlueprint, library: Library, name: str, cls: type[Declared]) -> None:
    """Give a question its two routes: GET with parameters, POST with a JSON object."""

    def ask_by_get() -> Response:
        question = from_query(cls, request.query_string)
        info, engine = answering(library)
        tag = caching.tag_of(info, name, question)
        if known := caching.tag_the_client_has(tag):
            return caching.not_modified(known)
        response = json_response(answer_text(info, engine, question))
        return caching.tagged(response, tag) if caching.is_repeatable(question) else response

    def ask_by_post() -> Response:
        question = from_json(cls, posted())
        info, engine = answering(library)
        return json_response(answer_text(info, engine, question))

    ask_by_get.__doc__, ask_by_post.__doc__ = cls.__doc__, cls.__doc__
    path = f"/models/<model>/{name}"
    api.get(path, endpoint=f"get_{name}", **description.asked_by_get(name, cls))(ask_by_get)
    api.post(path, endpoint=f"post_{name}", **description.asked_by_post(name, cls))(ask_by_post)


def named_model() -> str:
    """The model in the request's address.

    flask-openapi3 hands a view only what it has validated itself, which nothing here leaves to it.
    """
    return str((request.view_args or {})["model"])


def answering(library: Library) -> tuple[ModelInfo, Engine]:
    """The model in the request's address and its engine; who writes the access log finds it as `g.model`."""
    g.model, engine = library.answering(named_model())
    return g.model, engine


def posted() -> dict[str, object]:
    """The JSON object of a POST request.

    Raises:
        Malformed: the body is not a JSON object, or there are parameters in the address too.
        RequestEntityTooLarge: the body is longer than allowed.
        UnsupportedMediaType: the body does not say that it is JSON.
    """
    from_query(Nothing, request.query_string)
    if request.mimetype != JSON:
        raise UnsupportedMediaType(f"the body is of type {request.mimetype!r}; send JSON as {JSON}")
    body = request.get_data()
    if request.content_length is None and len(body) == request.max_content_length:
        raise RequestEntityTooLarge  # werkzeug cuts a body that does not say its length, and does not tell
    return json_object(body)
