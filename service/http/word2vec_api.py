"""The routes of 3Top/word2vec-api, so that its clients keep working: /word2vec/similarity and its like.

The same addresses, parameters and shapes of answers; but an unknown word is an error and never left out, most_similar
ranks by the cosine with the sum of the unit vectors (3CosAdd; 3Top's called 3CosMul under this name), and nothing is
ever NaN or a pickle.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from flask import Response, g, request
from flask_openapi3.blueprint import APIBlueprint

from service import answers, questions
from service.http import description
from service.http.fields import fields_of, is_required
from service.http.reading import from_pairs, pairs_of
from service.http.rendering import json_response, rendered
from service.http.schemas import Schema
from service.library import Library
from service.questions import LARGEST_TOPN, MOST_WORDS
from storage.declared import Declared, asked

Asked = TypeVar("Asked", bound=Declared)
Ask = Callable[[Declared], Any]
NUMBER: Schema = {"type": "number"}
PAIRS: Schema = {"type": "array", "items": {"type": "array", "items": {"anyOf": [{"type": "string"}, NUMBER]}}}
BASE64: Schema = {"type": "string", "format": "byte"}


@dataclass(frozen=True, kw_only=True)
class TwoWords(Declared):
    """The cosine of two words, as a bare number."""

    w1: str = asked("One word.")
    w2: str = asked("The other word.")


@dataclass(frozen=True, kw_only=True)
class TwoSets(Declared):
    """The cosine of the mean vectors of two sets of words, as a bare number."""

    ws1: tuple[str, ...] = asked("The words of one set.", most=MOST_WORDS)
    ws2: tuple[str, ...] = asked("The words of the other.", most=MOST_WORDS)


@dataclass(frozen=True, kw_only=True)
class Sum(Declared):
    """The words nearest to the sum of some words less others, as pairs of word and cosine."""

    positive: tuple[str, ...] = asked("Words to add.", (), most=MOST_WORDS)
    negative: tuple[str, ...] = asked("Words to take away.", (), most=MOST_WORDS)
    topn: int = asked("How many words to answer with.", 10, low=1, high=LARGEST_TOPN)


@dataclass(frozen=True, kw_only=True)
class OneWord(Declared):
    """The vector of a word: little-endian float32, base64-encoded."""

    word: str = asked("The word.")


def blueprint(library: Library, model: str) -> APIBlueprint:
    """The routes, answered from one model: `name` (always its current version), `name@version` or `name@tag`."""
    peer = APIBlueprint("word2vec_api", __name__, url_prefix="/word2vec", abp_responses=description.errors())

    def answer(question: Declared) -> Any:
        g.model, engine = library.answering(model)
        return engine.answer(question)

    def add(path: str, cls: type[Asked], schema: Schema, view: Callable[[Asked], Any]) -> None:
        def ask() -> Response:
            return json_response(rendered(view(_read(cls))))

        ask.__doc__ = cls.__doc__
        peer.get(path, endpoint=path.strip("/"), **description.of_peer(path.strip("/"), cls, schema))(ask)

    def similarity(asked: TwoWords) -> float:
        found: answers.Similarity = answer(questions.Similarity(a=asked.w1, b=asked.w2))
        return found.score

    def n_similarity(asked: TwoSets) -> float:
        found: answers.SetSimilarity = answer(questions.SetSimilarity(a=asked.ws1, b=asked.ws2))
        return found.score

    def most_similar(asked: Sum) -> list[tuple[str, float]]:
        found: answers.MostSimilar = answer(questions.MostSimilar(**vars(asked)))
        return [(neighbor.word, neighbor.score) for neighbor in found.neighbors]

    def vector(asked: OneWord) -> str:
        found: answers.Vector = answer(questions.Vector(word=asked.word))
        return base64.b64encode(np.array(found.vector, "<f4").tobytes()).decode()

    add("/similarity", TwoWords, NUMBER, similarity)
    add("/n_similarity", TwoSets, NUMBER, n_similarity)
    add("/most_similar", Sum, PAIRS, most_similar)
    add("/model", OneWord, BASE64, vector)
    return peer


def _read(cls: type[Asked]) -> Asked:
    """The parameters; an optional one that is empty, as 3Top's `negative=`, is as if it was not given."""
    optional = {name for name, field in fields_of(cls).items() if not is_required(field)}
    pairs = pairs_of(request.query_string)
    return from_pairs(cls, [(name, text) for name, text in pairs if text or name not in optional])
