"""`firth store`: publish a trained model in SQLite, with everything that is known of it."""

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.asking import db_option
from pipeline.commands.base import FILE, FirthCommand, force_option, tell
from pipeline.options import Setting, collect, settings_options
from pipeline.progress import Meter, of_map
from storage.declared import Declared, setting
from storage.errors import InputError
from storage.models import DTYPES

if TYPE_CHECKING:
    from pipeline.map.making import Made
    from pipeline.stages import Manifest
    from pipeline.training.model import Model
    from storage.embeddings import Embeddings, Floats
    from storage.models import ModelInfo
    from storage.store import Store
    from storage.subwords import Subwords

EXAMPLES = {
    "firth store work/model --name news --db firth.db": "publish as news@1, or as the next version",
    "firth models --db firth.db": "what is in the file now",
}
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class MapSettings(Declared):
    """Which words stand on the map."""

    map_words: int = setting(20_000, "Words on the map, the most frequent; 0 for no map.", low=0, high=100_000)


@dataclass(frozen=True, kw_only=True)
class PrecisionSettings(Declared):
    """In how many bits the vectors are kept."""

    dtype: str = setting(
        "float32",
        "How numbers are kept: as they are; in half the space as float16; or in a quarter as int8, with a scale for"
        " each word. What is lost is measured and stored with the model.",
        choices=DTYPES,
    )


def _given(context: click.Context, option: click.Parameter, name: str | None) -> str:
    """A name from any source; click takes a default of None for a given value, so `required` would not do."""
    if name is None:
        raise click.MissingParameter(ctx=context, param=option)
    return name


name_option = click.option(
    "--name",
    cls=Setting,
    metavar="NAME",
    show_default="none, it must be given",
    callback=_given,
    help="What the model is called; it gets the next version.",
)
keep_option = click.option("--keep-current", is_flag=True, help="Let NAME go on meaning the version that it means now.")


@click.command("store", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="DIR", type=FILE)
@name_option
@db_option
@settings_options(MapSettings, PrecisionSettings)
@keep_option
@force_option
def command(*, model: Path, name: str, db: Path, force: bool, keep_current: bool, **params: object) -> None:
    """Publish a model in an SQLite file.

    DIR is what `firth train` wrote. With the words, counts and vectors go the vectors of contexts (not of hierarchical
    softmax, which has none), a map of the most frequent words for the page, settings, the hashes of its text, losses,
    and the results of `firth crosscheck` and `firth evaluate` where those have been run.

    A published model never changes. Publishing another one under the same NAME makes the next version, which NAME means
    from then on; with --keep-current that waits for `firth publish`.

    Beside FILE, in FILE.derived, lies what makes the first answer come at once and lets several processes share one
    copy of the vectors. It can be taken away at any time, and is made again when it is needed.
    """
    publish(
        model,
        name,
        db,
        collect(MapSettings, params),
        collect(PrecisionSettings, params),
        force=force,
        keep=keep_current,
    )


def publish(
    folder: Path,
    name: str,
    db: Path,
    map_settings: MapSettings | None = None,
    precision: PrecisionSettings | None = None,
    *,
    force: bool,
    keep: bool = False,
) -> "ModelInfo":
    """Publish, unless the latest version of the name already is this very model; tell which."""
    from pipeline.training.model import load_model
    from storage.models import check_name
    from storage.store import Store

    check_name(name)
    map_settings, precision = map_settings or MapSettings(), precision or PrecisionSettings()
    model = load_model(folder)
    card = _card(folder, model, {**vars(map_settings), **vars(precision)})
    with Store.open(db, create=True) as store:
        info = None if force else _published(store, name, card)
        ran = info is None
        if info is None:
            made = model.embeddings, card, _contexts(model)
            info = publish_drawn(store, name, *made, subwords=model.subwords, keep=keep)
    tell("store", db, ran, [f"{info}: {info.words:,} words of {info.dimensions} dimensions"])
    return info


def publish_drawn(
    store: "Store",
    name: str,
    embeddings: "Embeddings",
    card: dict[str, Any],
    contexts: "Floats | None" = None,
    *,
    keep: bool,
    subwords: "Subwords | None" = None,
) -> "ModelInfo":
    """Publish words and vectors with what is made of them: a map, and files for speed; as the card's settings say."""
    from service.loading import derive
    from storage.dtypes import as_kept

    dtype, drawn = card["settings"]["dtype"], _map(embeddings, card["settings"]["map_words"])
    kept, rounding = _kept(embeddings, dtype)
    about = {**({"map": drawn.about} if drawn else {}), **({"rounding": rounding} if rounding else {})}
    made = drawn.map if drawn else None
    info = store.publish(
        name,
        embeddings,
        {**card, **about},
        contexts=contexts,
        map=made,
        subwords=subwords,
        dtype=dtype,
        keep_current=keep,
    )
    derive(store, info, kept, None if contexts is None else as_kept(contexts, dtype), subwords)
    return info


def _kept(embeddings: "Embeddings", dtype: str) -> "tuple[Embeddings, dict[str, Any] | None]":
    """The embeddings as they will be read back, and what they lose by that; None where they are kept as they are."""
    if dtype == "float32":
        return embeddings, None
    from pipeline.evaluation.rounding import measure_rounding
    from storage.dtypes import as_kept

    kept = replace(embeddings, matrix=as_kept(embeddings.matrix, dtype))
    return kept, measure_rounding(embeddings, kept).as_dict()


def _map(embeddings: "Embeddings", words: int) -> "Made | None":
    """The map of a model's most frequent words, unless there are too few of them."""
    from pipeline.map.making import FEWEST, make_map

    if min(words, len(embeddings)) < FEWEST:
        _LOG.info("no map is made: %s words are wanted on it of %s", words, len(embeddings))
        return None
    with Meter("store  map") as meter:
        return make_map(embeddings, words, of_map(meter))


def _contexts(model: "Model") -> "Floats | None":
    """The output vectors where each belongs to a word; those of hierarchical softmax belong to the tree's nodes."""
    return None if model.settings.loss == "hs" else model.contexts


def _card(folder: Path, model: "Model", storing: dict[str, Any]) -> dict[str, Any]:
    """Everything that is known of a model besides its words and vectors, before it is stored, with these settings."""
    from pipeline.crosscheck.kept import CROSSCHECK
    from pipeline.evaluation.evaluate import EVALUATION

    found = {"crosscheck": CROSSCHECK.load(folder), "evaluation": EVALUATION.load(folder)}
    for name, kept in found.items():
        if kept and kept.stale:
            _LOG.warning("the %s in %s is about an earlier model and is left out; run it again", name, folder)
    tokens = _tokens_manifest(model)
    return {
        "settings": {**(tokens["settings"] if tokens else {}), **model.manifest.settings, **storing},
        "manifest": {"tokenize": tokens, "train": _lasting(model.manifest)},
        "loss_curve": model.manifest.report["losses"],
        **{name: dict(kept.result) for name, kept in found.items() if kept and not kept.stale},
    }


def _tokens_manifest(model: "Model") -> dict[str, Any] | None:
    """The manifest of the tokens that the model was trained on; None where they are gone or others by now."""
    from pipeline.stages import StageFolder

    try:
        manifest = StageFolder(model.tokens).manifest("tokenize")
    except InputError as error:
        _LOG.warning("the model is stored without the hashes of its text: %s", error)
        return None
    if manifest.key != model.manifest.inputs["tokens"]:
        _LOG.warning("the model is stored without the hashes of its text: %s holds other tokens by now", model.tokens)
        return None
    return _lasting(manifest)


def _lasting(manifest: "Manifest") -> dict[str, Any]:
    """What a manifest says of the stage's work, without where its files happen to lie."""
    kept = {name: value for name, value in vars(manifest).items() if name not in ("data", "files")}
    return {**kept, "report": {name: value for name, value in manifest.report.items() if name != "tokens_folder"}}


def _published(store: "Store", name: str, card: dict[str, Any]) -> "ModelInfo | None":
    """The latest version of `name`, if its card is this very one, in which the hashes of the vectors are."""
    latest = [info for info in store.models() if info.name == name][-1:]
    same = [info for info in latest if _timeless(store.card(info)) == _timeless(json.loads(json.dumps(card)))]
    return same[0] if same else None


def _timeless(card: dict[str, Any]) -> dict[str, Any]:
    """A card without what storing adds, and without when, where and by how many the work was done."""
    lasting = {part: value for part, value in card.items() if part not in ("map", "rounding")}
    stages = {name: _done(manifest) if manifest else None for name, manifest in card["manifest"].items()}
    return {**lasting, "manifest": stages}


def _done(manifest: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in manifest.items() if name != "made"}
    passing = ("seconds", "words_per_s", "pairs_per_s", "workers")
    return {**kept, "report": {name: value for name, value in manifest["report"].items() if name not in passing}}
