"""Where a model comes from: the chain from the files of its text to what was published, each link with its hash."""

from collections.abc import Iterator, Mapping
from typing import Any

from storage.files import sha256_of_json
from storage.models import ModelInfo
from storage.seals import OCCASIONS, Seals

Json = Mapping[str, Any]
_STAGES = ("tokenize", "train")
_NEEDED = {"stage", "key", "settings", "inputs", "report", "code"}


def stage_key(stage: str, code: Json, settings: Json, inputs: Json) -> str:
    """Hash of everything that decides what a stage of the pipeline writes."""
    return sha256_of_json({"stage": stage, "code": code, "settings": settings, "inputs": inputs})


def chain(info: ModelInfo, card: Json, seals: Seals) -> list[dict[str, Any]]:
    """The links that are known, in the order of their making; each has the name of its `stage`.

    Args:
        info: the model.
        card: everything that was published with it.
        seals: of its parts.
    """
    return list(_links(info, card, seals))


def manifests(card: Json) -> dict[str, Json]:
    """What the stages of the pipeline say of their work, as far as the card has it."""
    known = _object(card.get("manifest"))
    stages = {stage: _object(known.get(stage)) for stage in _STAGES}
    return {stage: manifest for stage, manifest in stages.items() if manifest.keys() >= _NEEDED}


def _links(info: ModelInfo, card: Json, seals: Seals) -> Iterator[dict[str, Any]]:
    stages = manifests(card)
    if tokenize := stages.get("tokenize"):
        sources = _objects(_object(tokenize["inputs"]).get("sources"))
        yield {"stage": "corpus", "sha256": sha256_of_json([each.get("sha256") for each in sources]), "files": sources}
        yield _link(tokenize)
    if imported := _object(card.get("import")):
        told = {name: imported.get(name) for name in ("format", "left_out", "code")}
        yield {"stage": "import", **told, "files": _objects(imported.get("files"))}
    yield {"stage": "vocabulary", "sha256": seals.get("vocabulary"), "words": info.words}
    if train := stages.get("train"):
        settings, inputs, report = (_object(train[name]) for name in ("settings", "inputs", "report"))
        start = {"parent": inputs.get("parent"), "start_vectors": inputs.get("start_vectors")}
        yield {**_link(train), "seed": settings.get("seed"), **start, "losses": report.get("losses", [])}
    yield {"stage": "vectors", "sha256": info.vectors_sha256, "dtype": info.dtype, "rounding": card.get("rounding")}
    if crosscheck := _object(card.get("crosscheck")):
        yield {"stage": "crosscheck", "verdict": crosscheck.get("verdict"), "levels": _verdicts(crosscheck)}
    if evaluation := _object(card.get("evaluation")):
        yield {"stage": "evaluation", **_scores(evaluation)}
    sealed = {name: seals[name] for name in OCCASIONS if name in seals}
    yield {"stage": "published", "as": str(info), "at": info.created, "seals": dict(seals), **_seal(sealed)}


def _link(manifest: Json) -> dict[str, Any]:
    """A stage of the pipeline; `made` is not known of models of the first Firth."""
    settings = manifest["settings"]
    return {
        "stage": manifest["stage"],
        "key": manifest["key"],
        "settings": settings,
        "settings_sha256": sha256_of_json(settings),
        "code": manifest["code"],
        "made": manifest.get("made") or None,
    }


def _verdicts(crosscheck: Json) -> dict[str, Any]:
    return {name: _object(level).get("verdict") for name, level in _object(crosscheck.get("levels")).items()}


def _scores(evaluation: Json) -> dict[str, Any]:
    wanted = ("spearman", "accuracy", "covered", "total")
    return {
        name: {key: result[key] for key in wanted if key in result}
        for name, result in evaluation.items()
        if _object(result)
    }


def _object(value: Any) -> Json:
    """A JSON object; {} where there is something else: whoever published the card was free to."""
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Json]:
    """The objects of a JSON array; none where there is something else."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _seal(sealed: Seals) -> dict[str, str | None]:
    """The seal over all, and its occasion; None in a file of an earlier schema."""
    occasion, sha256 = next(iter(sealed.items()), (None, None))
    return {"sealed": occasion, "sha256": sha256}
