"""Answers that are asked for again: a tag from the model and the question, known before anything is computed."""

import hashlib

from flask import Response, request

from service.http.rendering import rendered
from service.questions import RandomWords
from storage.declared import Declared
from storage.models import ModelInfo

VERSION = "1.2"
"""Of the API; goes up whenever the same question gets another answer from the same model."""
_COMPRESSED = ":gzip"  # what flask-compress puts behind the tag of a compressed answer


def tag_of(info: ModelInfo, name: str, question: Declared) -> str:
    """The strong entity tag of the answer to a question: the same tag, the same bytes."""
    parts = [VERSION, vars(info), name, vars(question)]
    return hashlib.sha256(rendered(parts).encode()).hexdigest()[:32]


def is_repeatable(question: Declared) -> bool:
    """Whether the same question always gets the same answer."""
    return not (isinstance(question, RandomWords) and question.seed is None)


def tag_the_client_has(tag: str) -> str | None:
    """The tag as the request's If-None-Match has it, perhaps of a compressed answer."""
    has = request.if_none_match.as_set(include_weak=True)
    return next((each for each in (tag, tag + _COMPRESSED) if each in has), None)


def tagged(response: Response, tag: str) -> Response:
    """The response with its tag, which a cache may keep but has to ask about."""
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    if "If-None-Match" in request.headers:  # it may hold a star
        response.make_conditional(request)
    return response


def not_modified(tag: str) -> Response:
    """A response that says: what you have is still the answer."""
    return tagged(Response(status=304), tag)


def tagged_by_content(response: Response) -> Response:
    """The response with a tag made from its own bytes."""
    return tagged(response, hashlib.sha256(response.get_data()).hexdigest()[:32])
