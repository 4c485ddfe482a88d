"""What is checked of a model's chain: that each link follows from the one before, and the rows from the last."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from storage.embeddings import Embeddings, Floats
from storage.files import sha256_of_array
from storage.models import ModelInfo
from storage.provenance import Json, manifests, stage_key
from storage.seals import sha256_of_vocabulary
from storage.verification.checks import Check, checked


def check_chain(info: ModelInfo, card: Json, embeddings: Embeddings, contexts: Floats | None) -> Iterator[Check]:
    """Every link that the card of a model has."""
    stages = manifests(card)
    for name, manifest in stages.items():
        yield checked(str(info), name, partial(_key, manifest))
    if train := stages.get("train"):
        yield checked(str(info), "tokenize to train", partial(_followed, stages, card))
        yield checked(str(info), "train to vocabulary", partial(_words, train, embeddings))
        if info.dtype == "float32":
            yield checked(str(info), "train to vectors", partial(_matrices, train, embeddings, contexts))
        else:
            yield Check(str(info), "train to vectors", note=f"not known of {info.dtype}, which rounded them")


def _key(manifest: Json) -> Iterator[str]:
    found = stage_key(*(manifest[name] for name in ("stage", "code", "settings", "inputs")))
    if found != manifest["key"]:
        yield f"its key is not that of its code, settings and inputs, {found}"


def _followed(stages: dict[str, Json], card: Json) -> Iterator[str]:
    train, tokenize = stages["train"], stages.get("tokenize")
    if tokenize and train["inputs"]["tokens"] != tokenize["key"]:
        yield "it was trained on other tokens"
    if card["loss_curve"] != train["report"]["losses"]:
        yield "the loss curve is not that of the training"
    settings: dict[str, Any] = {name: value for each in stages.values() for name, value in each["settings"].items()}
    if other := sorted(name for name, value in settings.items() if card["settings"].get(name) != value):
        yield f"{', '.join(other)} is not as it was set in the training"


def _words(train: Json, embeddings: Embeddings) -> Iterator[str]:
    report, counts = train["report"], embeddings.counts
    if report["words"] != len(embeddings):
        yield f"{report['words']} words were trained"
    if np.any(np.diff(counts) > 0) or counts[-1] < 0:
        yield "counts do not descend"
    whole = not train["inputs"].get("parent") and not train["settings"].get("held_out")
    if whole and counts.sum() != report["tokens"]:
        yield f"the counts add up to {counts.sum():,}, and {report['tokens']:,} tokens were trained"
    hashed = report.get("vocabulary_sha256")  # the first Firth took none
    if hashed and hashed != sha256_of_vocabulary(embeddings.words, counts):
        yield "other words or counts were trained"


def _matrices(train: Json, embeddings: Embeddings, contexts: Floats | None) -> Iterator[str]:
    for name, matrix in {"vectors": embeddings.matrix, "contexts": contexts}.items():
        trained = train["report"].get(f"{name}_sha256")
        if matrix is not None and trained and sha256_of_array(matrix) != trained:
            yield f"other {name} were trained"
