"""The HTTP API: each view reads its parameters, asks the engine, and hands on the answer."""

from typing import Any

from flask import Blueprint, g, request

from service import questions
from service.answers import document
from service.engine import Engine
from service.library import Library
from service.parameters import read_parameters, read_topn
from storage.models import ModelInfo

Json = dict[str, Any]


def blueprint(library: Library) -> Blueprint:
    """The routes under /api/v1; `<model>` is `name` (its latest version) or `name@version`."""
    api = Blueprint("api", __name__, url_prefix="/api/v1")

    def answering(model: str) -> tuple[ModelInfo, Engine]:
        g.model, engine = library.answering(model)
        return g.model, engine

    @api.get("/models")
    def models() -> Json:
        """List the published models."""
        _parameters()
        return {"models": [info.as_dict() for info in library.models()]}

    @api.get("/models/<model>")
    def card(model: str) -> Json:
        """Show a model's card: settings, provenance, loss curve, cross-check, evaluation."""
        _parameters()
        info = library.find(model)
        return {"model": info.as_dict(), "card": library.card(info)}

    @api.get("/models/<model>/similarity")
    def similarity(model: str) -> Json:
        """Answer with the cosine of `a` and `b`."""
        asked = _parameters("a", "b")
        info, engine = answering(model)
        return document(info, engine.answer(questions.Similarity(a=asked["a"], b=asked["b"])))

    @api.get("/models/<model>/neighbors")
    def neighbors(model: str) -> Json:
        """Answer with the `topn` words nearest to `word`."""
        asked = _parameters("word", optional=("topn",))
        topn = read_topn(asked)
        info, engine = answering(model)
        return document(info, engine.answer(questions.Neighbors(word=asked["word"], topn=topn)))

    @api.get("/models/<model>/analogy")
    def analogy(model: str) -> Json:
        """Answer `a` is to `b` as `c` is to ? with the `topn` words nearest to b - a + c."""
        asked = _parameters("a", "b", "c", optional=("topn",))
        topn = read_topn(asked)
        info, engine = answering(model)
        question = questions.Analogy(a=asked["a"], b=asked["b"], c=asked["c"], topn=topn)
        return document(info, engine.answer(question))

    return api


def _parameters(*required: str, optional: tuple[str, ...] = ()) -> dict[str, str]:
    return read_parameters(request.query_string, required, optional)
