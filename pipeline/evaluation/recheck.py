"""A stored evaluation, made again from the stored vectors: are the scores in the card those of this model?"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pipeline.evaluation.evaluate import evaluate
from storage.models import ModelInfo
from storage.store import Store
from storage.verification.checks import Check, checked

_SCORES = {"wordsim353": "spearman", "simlex999": "spearman", "analogies": "accuracy"}
_TOLERANCE = 1e-3  # another BLAS rounds otherwise, which decides between answers that are as near


def check_evaluation(store: Store, info: ModelInfo) -> Iterator[Check]:
    """The check of a model's evaluation, where it has one; vectors that were rounded since have other scores."""
    kept = store.card(info).get("evaluation")
    if not isinstance(kept, Mapping) or not kept.keys() >= _SCORES.keys():  # whoever published was free to say else
        return
    if info.dtype != "float32":
        yield Check(str(info), "evaluation", note=f"made before the vectors were rounded to {info.dtype}")
        return
    yield checked(str(info), "evaluation", partial(_differences, store, info, kept))


def _differences(store: Store, info: ModelInfo, kept: Mapping[str, Any]) -> Iterator[str]:
    found: dict[str, Any] = evaluate(store.load(info), restrict=kept["analogies"]["restrict"]).as_dict()
    for name, score in _SCORES.items():
        before, now = kept[name], found[name]
        same = (before["covered"], before["total"]) == (now["covered"], now["total"])
        if not same or not _alike(before[score], now[score]):
            yield f"{name}: {_told(now, score)}, not {_told(before, score)}"


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _TOLERANCE


def _told(result: Mapping[str, Any], score: str) -> str:
    return f"{score} {result[score]} of {result['covered']} questions"
