"""`firth export`: a stored model into a file of another program's format."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option, json_option
from pipeline.commands.base import FILE, FirthCommand, print_json, tell
from pipeline.commands.formats import format_option, on_unfit_option, words_option
from pipeline.progress import Meter, of_share

if TYPE_CHECKING:
    from storage.assembling import Cuts
    from storage.models import ModelInfo

EXAMPLES = {
    "firth export news news.bin.gz": "binary of word2vec, which gensim reads, packed",
    "firth export news news.txt --format glove": "text without a first line",
    "firth export news@2 news.parquet": "for pandas, Polars and DuckDB",
    "firth export news vectors.tsv": "with metadata.tsv, for projector.tensorflow.org",
    "firth export english english.bin --format fasttext-bin": "for fastText and gensim, with the rows of pieces",
    "firth export news news-llm.db": "for `llm similar news king -d news-llm.db`, Datasette and sqlite-utils",
}


@click.command("export", cls=FirthCommand, examples=EXAMPLES)
@click.argument("name", metavar="NAME[@VERSION]", shell_complete=complete_model)
@click.argument("file", metavar="FILE", type=FILE)
@db_option
@format_option("What FILE will be, such as word2vec-binary; by default its name tells.", written=True)
@words_option("that gets the words, where FILE has no room for them; by default named after FILE")
@on_unfit_option("the format cannot carry, such as those with blanks in word2vec's")
@json_option
@click.option("--force", is_flag=True, help="Replace files that are there, but never a store of Firth.")
def command(
    *,
    name: str,
    file: Path,
    db: Path,
    named: str | None,
    words: Path | None,
    on_unfit: str,
    as_json: bool,
    force: bool,
) -> None:
    """Write a stored model into FILE, for another program.

    Every number is written so that it comes back to the last bit. A file whose name ends in .gz, .bz2, .xz or .zst is
    packed. Formats by the ends of names: .txt and .w2v word2vec, .bin word2vec-binary, .vec fasttext-vec, .glove glove,
    .npy npy, .parquet parquet, .arrow and .feather arrow, .safetensors safetensors, .tsv projector, .db and .sqlite
    llm, .fasttext fasttext-bin. Only parquet, arrow, safetensors, projector, llm and fasttext-bin carry counts. Only
    fasttext-bin carries the rows of words' pieces, from which its readers make each vector anew, to about six digits.
    """
    from storage.formats.known import meant
    from storage.formats.known import named as format_named
    from storage.formats.outgoing import table_of
    from storage.formats.target import Target
    from storage.store import Store

    format_ = format_named(named) if named else meant(file)
    with Store.open(db) as store:
        info = store.find(name)
        embeddings = store.load(info, verify=True)
        cuts = store.cuts(info)
        subwords = store.load_subwords(info) if cuts and format_.subwords else None
    target = Target(file, words=words, replace=force)
    with Meter("export") as meter, target:
        report = of_share(meter, "words")
        table, left_out = table_of(
            embeddings, format_, _about(info), skip=on_unfit == "skip", report=report, subwords=subwords
        )
        format_.write(table, target)
    if as_json:
        files = [str(path) for path in target.files]
        about = {"format": format_.name, "files": files, "left_out": left_out.as_dict(), "subwords": bool(subwords)}
        print_json({"model": info.as_dict(), **about})
        return
    beside = [f"with {path}" for path in target.files[1:]]
    facts = [f"{table.words:,} words of {info} as {format_.title}", *beside, *left_out.lines()]
    tell("export", file, True, facts if subwords else [*facts, *_left_out(cuts)])


def _left_out(cuts: "Cuts | None") -> list[str]:
    """What a format without rows of pieces leaves out of a model that has such."""
    return [f"left out: {cuts.rows:,} rows of words' pieces, which fasttext-bin alone can carry"] if cuts else []


def _about(info: "ModelInfo") -> dict[str, Any]:
    """Facts about the model for formats that have room for them."""
    return {"name": info.name, "model": f"firth:{info}", "created": info.created, "vectors_sha256": info.vectors_sha256}
