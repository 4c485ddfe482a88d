"""Where a model comes from, for people: each link of its chain in a few lines."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeline.crosscheck.rendering import TITLES

Link = Mapping[str, Any]
Lines = Iterator[str]
_FILES_SHOWN = 20
_CURVE_SHOWN = 10


def lineage_rows(chain: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Rows of two cells, the first empty but where a link begins."""
    rows = []
    for link in chain:
        lines = _TOLD.get(link["stage"], _other)(link)
        rows += [(link["stage"] if place == 0 else "", line) for place, line in enumerate(lines)]
    return rows


def _corpus(link: Link) -> Lines:
    files = link["files"]
    yield f"{len(files):,} files, {sum(file['bytes'] for file in files):,} bytes"
    for file in files[:_FILES_SHOWN]:
        yield f"{file['name']}  {file['bytes']:,} bytes  sha256 {file['sha256']}"
    if (more := len(files) - _FILES_SHOWN) > 0:
        yield f"and {more:,} more; --json has them all"


def _import(link: Link) -> Lines:
    yield f"from {link['format']}"
    for file in link["files"]:
        yield ", ".join(f"{name} {value}" for name, value in file.items())


def _stage(link: Link) -> Lines:
    yield f"key {link['key']}"
    yield f"settings sha256 {link['settings_sha256']}"
    yield ", ".join(f"{name} {value}" for name, value in link["settings"].items() if value not in ("", None))
    made = link["made"]
    if made:
        yield f"from {made['started']} to {made['ended']}"
        yield f"on {made['machine']['system']}, {made['machine']['processors']} x {made['machine']['processor']}"
    versions = ", ".join(f"{name} {version}" for name, version in link["code"].items())
    yield f"with {versions}" + (f", {made['python']}, {made['blas']}" if made else "")


def _train(link: Link) -> Lines:
    yield from _stage(link)
    if parent := link["parent"]:
        yield f"continued from the model of key {parent['key']}, vectors.npy sha256 {parent['vectors_sha256']}"
    losses = [f"{loss:.4f}" for loss in link["losses"]]
    half = _CURVE_SHOWN // 2
    shown = losses if len(losses) <= _CURVE_SHOWN else [*losses[:half], "...", *losses[-half:]]
    if link["start_vectors"]:
        yield f"started from vectors of a file of sha256 {link['start_vectors']}"
    yield f"loss of each epoch: {' '.join(shown)}"


def _vocabulary(link: Link) -> Lines:
    yield f"{link['words']:,} words, sha256 {link['sha256'] or 'not taken'}"


def _vectors(link: Link) -> Lines:
    yield f"{link['dtype']}, sha256 {link['sha256']}"
    if lost := link["rounding"]:
        error, near = lost["cosine_error"], lost["neighbors"]
        yield f"lost by rounding: cosines are off by {error['mean']:.1e} in the mean, {error['max']:.1e} at most"
        yield f"and {near['overlap']:.1%} of the {near['topn']} nearest words of {near['asked']} words are the same"


def _crosscheck(link: Link) -> Lines:
    yield f"{link['verdict']} ({', '.join(f'{name} {verdict}' for name, verdict in link['levels'].items())})"


def _evaluation(link: Link) -> Lines:
    for name, title in TITLES.items():
        if result := link.get(name):
            score = result.get("spearman", result.get("accuracy"))
            shown = "not defined" if score is None else f"{score:.3f}"
            yield f"{title} {shown}, {result['covered']:,} of {result['total']:,} questions covered"


def _published(link: Link) -> Lines:
    yield f"as {link['as']} at {link['at']}"
    if link["sha256"]:
        when = "when it was published" if link["sealed"] == "published" else "later, when its file got seals"
        yield f"sealed {when}: sha256 {link['sha256']}"


def _other(link: Link) -> Lines:
    for name, value in link.items():
        if name != "stage" and value is not None:
            yield f"{name} {value}"


_TOLD: Mapping[str, Callable[[Link], Lines]] = {
    "corpus": _corpus,
    "import": _import,
    "tokenize": _stage,
    "vocabulary": _vocabulary,
    "train": _train,
    "vectors": _vectors,
    "crosscheck": _crosscheck,
    "evaluation": _evaluation,
    "published": _published,
}
