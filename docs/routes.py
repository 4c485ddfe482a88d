"""The generated parts of docs/http.md: routes, parameters, and what a real service over a tiny store answers."""

import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from flask import Flask

from service.app import create_app
from service.http.docstrings import text_of
from service.http.examples import EXAMPLES, given
from service.http.fields import Field, fields_of, is_required, kind_of
from service.http.schemas import described
from service.problems import MEANINGS
from service.questions import QUESTIONS, ByCosine, Question, Ranking
from service.settings import ServiceSettings
from storage.declared import Declared, allowed_range
from storage.embeddings import Embeddings
from storage.store import Store

HOST = "http://127.0.0.1:8000"
WORDS = {"king": (4, 3, 1), "queen": (4, 3, -1), "man": (1, 4, 1), "woman": (1, 4, -1), "apple": (0, -1, 0)}
SHARED: dict[type[Declared], str] = {  # parameters that many questions have, told once
    ByCosine: "those of every ranking, and `search`",
    Ranking: "those of every ranking",
    Question: "`case`, `on_missing`",
}
_KEPT = tempfile.TemporaryDirectory()  # goes when the process ends


def route_table() -> str:
    """Every route with its methods and the first line of what it does, as a Markdown table."""
    app = _app()
    methods: dict[str, set[str]] = {}
    purposes = {}
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.endswith("static"):
            methods.setdefault(rule.rule, set()).update((rule.methods or set()) & {"GET", "POST"})
            purposes[rule.rule] = (app.view_functions[rule.endpoint].__doc__ or "").splitlines()[0]
    rows = [(", ".join(sorted(methods[rule])), f"`{rule}`", purposes[rule]) for rule in sorted(methods)]
    return _table(("methods", "route", "what it does"), rows)


def error_table() -> str:
    """Every error that a client can meet."""
    rows = [(str(status), f"`{code}`", when) for (status, code), when in MEANINGS.items()]
    return _table(("status", "`code`", "when"), rows)


def ranking_parameters() -> str:
    """The parameters that every ranking has, and last of all `search`, which those by one cosine have."""
    return _parameter_table(list(fields_of(ByCosine).values()))


def questions() -> str:
    """A section for each question: what it is, its parameters, and an example with its answer."""
    return "\n\n".join(_section(name) for name in QUESTIONS)


def get(path: str) -> str:
    """A GET request and what the service really answers to it."""
    return f"```\ncurl '{HOST}{path}'\n```\n\n{_answer(_app().test_client().get(path, headers=_ID))}"


def bare(path: str) -> str:
    """A GET request and an answer that is no object."""
    answer = _parsed(_app().test_client().get(path).text)
    return f"```\ncurl '{HOST}{path}'\n```\n\n```\n{json.dumps(answer)}\n```\n"


def post(path: str, body: dict[str, Any]) -> str:
    """A POST request and what the service really answers to it."""
    curl = f"curl {HOST}{path} --json '{json.dumps(body)}'"
    return f"```\n{curl}\n```\n\n{_answer(_app().test_client().post(path, json=body, headers=_ID))}"


_ID = {"X-Request-ID": "7f3a"}  # the same whenever the page is made


def _section(name: str) -> str:
    cls = QUESTIONS[name]
    base, shared = next(((base, told) for base, told in SHARED.items() if issubclass(cls, base)), (Declared, ""))
    own = [field for field in fields_of(cls).values() if field.name not in fields_of(base)]
    parts = [f"### {name}", text_of(cls), _parameter_table(own), f"And {shared}." if shared else ""]
    query = urlencode(given(EXAMPLES[name]), doseq=True)
    return "\n\n".join([part for part in parts if part] + [get(f"/api/v1/models/tiny/{name}?{query}")])


def _parameter_table(fields: list[Field]) -> str:
    rows = [(f"`{field.name}`", described(field), str(kind_of(field)).rstrip(","), _bounds(field)) for field in fields]
    return _table(("parameter", "what it is", "type", "allowed, default"), rows)


def _bounds(field: Field) -> str:
    allowed = allowed_range(field)
    if is_required(field):
        return f"{allowed}; needed" if allowed else "needed"
    default = "" if field.default in (None, "", ()) else f"default {field.default}"
    return "; ".join(part for part in (allowed, default) if part)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _answer(response: Any) -> str:
    answer = _parsed(response.text)
    members = ",\n".join(f"  {json.dumps(name)}: {_shown(value)}" for name, value in answer.items())
    status = "" if response.status_code == 200 else f"{response.status}\n"
    return f"```\n{status}{{\n{members}\n}}\n```"


def _parsed(text: str) -> Any:
    """JSON with its numbers rounded, so that they are the same on any machine."""
    return json.loads(text, parse_float=lambda number: round(float(number), 6))


def _shown(value: Any) -> str:
    """A member of an answer, with a line for each object of a list."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[\n" + ",\n".join(f"    {json.dumps(item, ensure_ascii=False)}" for item in value) + "\n  ]"
    return json.dumps(value, ensure_ascii=False)


@cache
def _app() -> Flask:
    folder = Path(_KEPT.name)
    vectors = np.array(list(WORDS.values()), np.float32)
    counts = np.arange(len(WORDS), 0, -1, dtype=np.int64)
    with Store.open(folder / "firth.db", create=True) as store:
        store.publish("tiny", Embeddings(tuple(WORDS), counts, vectors), {}, contexts=vectors[::-1])
    return create_app(folder / "firth.db", ServiceSettings(word2vec_api="tiny"), preload=True)
