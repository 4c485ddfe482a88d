"""An answer as the text of its JSON document, the same alone and in a batch."""

from service.answers import document
from service.engine import Engine
from service.http.rendering import rendered
from storage.declared import Declared
from storage.models import ModelInfo


def answer_text(info: ModelInfo, engine: Engine, question: Declared) -> str:
    """The engine's answer as JSON.

    Raises:
        UnknownWord: a word that it cannot do without is not in the vocabulary.
        UnusableQuestion: the question has no answer.
    """
    return rendered(document(info, engine.answer(question)))
