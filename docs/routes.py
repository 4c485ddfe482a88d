"""The generated parts of docs/http.md: the table of routes, and answers of a real service over a tiny store."""

import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from flask import Flask

from service.app import create_app
from storage.embeddings import Embeddings
from storage.store import Store

_KEPT = tempfile.TemporaryDirectory()  # goes when the process ends
WORDS = {"king": (4, 3, 1), "queen": (4, 3, -1), "man": (1, 4, 1), "woman": (1, 4, -1), "apple": (0, -1, 0)}


def route_table() -> str:
    """Every route with its methods and the docstring of its view, as a Markdown table."""
    app = _app()
    methods: dict[str, set[str]] = {}
    purposes = {}
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.endswith("static"):
            methods.setdefault(rule.rule, set()).update((rule.methods or set()) & {"GET", "POST"})
            purposes[rule.rule] = (app.view_functions[rule.endpoint].__doc__ or "").splitlines()[0]
    rows = [f"| {', '.join(sorted(methods[rule]))} | `{rule}` | {purposes[rule]} |" for rule in sorted(methods)]
    return "\n".join(["| methods | route | what it does |", "| --- | --- | --- |", *rows])


def example(path: str) -> str:
    """A request and what the service really answers to it."""
    response = _app().test_client().get(path, headers={"X-Request-ID": "7f3a"})
    answer = json.loads(response.text, parse_float=lambda number: round(float(number), 6))  # the same on any machine
    body = json.dumps(answer, indent=2, ensure_ascii=False)
    return f"```\nGET {path}\n{response.status}\n{body}\n```"


@cache
def _app() -> Flask:
    folder = Path(_KEPT.name)
    vectors = np.array(list(WORDS.values()), np.float32)
    counts = np.arange(len(WORDS), 0, -1, dtype=np.int64)
    with Store.open(folder / "firth.db", create=True) as store:
        store.publish("tiny", Embeddings(tuple(WORDS), counts, vectors), {})
    return create_app(folder / "firth.db", preload=True)
