"""Many questions in one request: each gets the very bytes that it would get alone.

{"questions": [{"question": "similarity", "a": "king", "b": "queen"}, ...]}
{"answers": [{"status": 200, "answer": {...}}, {"status": 404, "error": {...}}, ...]}
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from service.engine import Engine
from service.http.answering import answer_text
from service.http.reading import Malformed, checked_object, from_json
from service.problems import problem_of
from service.questions import QUESTIONS
from storage.declared import Declared
from storage.errors import FirthError, UnusableQuestion
from storage.models import ModelInfo

AT_ONCE = 16
"""Questions of batches that a process answers at the same time: measured, more gain nothing."""

Item = dict[str, Any]


def items_of(posted: Mapping[str, Any], most: int) -> list[Item]:
    """The questions of a batch, each an object that names its question.

    Raises:
        Malformed: there is something else in it; then no question of it is answered.
        UnusableQuestion: there are none, or more than `most`.
    """
    if list(posted) != ["questions"] or not isinstance(posted["questions"], list):
        raise Malformed("a batch is a JSON object whose only member is 'questions', a list")
    items = [checked_object(item, f"item {index} of 'questions'") for index, item in enumerate(posted["questions"])]
    for index, item in enumerate(items):
        if not isinstance(item.get("question"), str):
            raise Malformed(
                f"item {index} of 'questions' does not name its 'question'; allowed: {', '.join(QUESTIONS)}"
            )
    if not 1 <= len(items) <= most:
        raise UnusableQuestion(f"questions has {len(items)} items; allowed: 1 to {most}")
    return items


class Batches:
    """Answers batches, several of their questions at a time, so that these are ranked together.

    The threads are shared by all batches of a process: however many come, single questions still have their turn.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "batch")  # which start when they are first needed

    def answered(self, info: ModelInfo, engine: Engine, items: Sequence[Item]) -> str:
        """The answers in the order of the questions, as JSON."""
        outcomes = self._threads.map(lambda item: _outcome(info, engine, item), items)
        return f'{{"answers":[{",".join(map(_text, outcomes))}]}}'


def _outcome(info: ModelInfo, engine: Engine, item: Item) -> str | FirthError:
    try:
        return answer_text(info, engine, _question(item))
    except FirthError as error:
        return error


def _text(outcome: str | FirthError) -> str:
    if isinstance(outcome, str):
        return f'{{"status":200,"answer":{outcome}}}'
    problem = problem_of(outcome)
    return f'{{"status":{problem.status},{problem.text()[1:]}'


def _question(item: Item) -> Declared:
    given = {name: value for name, value in item.items() if name != "question"}
    if item["question"] not in QUESTIONS:
        raise Malformed(f"there is no question {item['question']!r}; allowed: {', '.join(QUESTIONS)}")
    return from_json(QUESTIONS[item["question"]], given)
