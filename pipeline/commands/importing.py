"""`firth import`: vectors of another program into the store."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.commands.asking import db_option, json_option
from pipeline.commands.base import FILE, FirthCommand, force_option, print_json, tell
from pipeline.commands.formats import format_option, on_unfit_option, words_option
from pipeline.commands.store import MapSettings, PrecisionSettings, keep_option, name_option, publish_drawn
from pipeline.options import collect, settings_options
from pipeline.progress import Meter, of_share

if TYPE_CHECKING:
    from storage.embeddings import Embeddings
    from storage.formats.format import Format
    from storage.formats.intake import Intake
    from storage.formats.source import Source
    from storage.models import ModelInfo
    from storage.store import Store
    from storage.subwords import Subwords

EXAMPLES = {
    "firth import GoogleNews-vectors-negative300.bin.gz --name news": "word2vec's binary, packed or not",
    "firth import cc.en.300.bin --name english": "fastText's model, which has vectors for words it has never met",
    "firth import glove.6B.300d.txt --name glove --db vectors.db": "what a file holds is seen from its bytes",
    "firth import vectors.npy --words vocabulary.txt --name mine": "the words from a file of their own",
    "firth import old.bin --name old --encoding cp1251 --on-unfit skip": "leave out, and list, what cannot be kept",
}


@click.command("import", cls=FirthCommand, examples=EXAMPLES)
@click.argument("file", metavar="FILE", type=FILE)
@name_option
@db_option
@format_option("What FILE is, such as word2vec-binary; by default its content tells.", written=False)
@click.option("--encoding", default="utf-8", show_default=True, help="Of the words, where the format leaves it open.")
@words_option("with the words, where FILE has none; by default it is looked for beside FILE")
@on_unfit_option("the store cannot keep: empty, repeated or not UTF-8, or with a vector that is not finite")
@settings_options(MapSettings, PrecisionSettings)
@keep_option
@json_option
@force_option
def command(
    *,
    file: Path,
    name: str,
    db: Path,
    named: str | None,
    encoding: str,
    words: Path | None,
    on_unfit: str,
    as_json: bool,
    force: bool,
    keep_current: bool,
    **params: object,
) -> None:
    """Publish another program's vectors in an SQLite file.

    Formats: text and binary of word2vec and gensim, text of GloVe and fastText, fastText's .bin with the rows of words'
    pieces, what gensim's `save` wrote (KeyedVectors, Word2Vec, FastText: read without unpickling), .npy with a file of
    words, Parquet, Arrow, safetensors with a JSON file of words, TensorFlow projector's TSV, and the tables of llm;
    each packed with gzip, bzip2, xz or Zstandard, or not.

    The model's card says what was imported, with the hash of the file. Words keep their order, which most programs
    make that of their frequency. Where the file does not say how often they stood in the corpus, their counts are 0.
    """
    from storage.formats.known import detect
    from storage.formats.known import named as format_named
    from storage.formats.source import Source
    from storage.models import check_name
    from storage.store import Store

    check_name(name)
    if db.exists() and db.stat().st_size:
        Store.open(db).close()  # that it is no store is told now, not when a large file has been read
    source = Source(file, encoding=encoding, words=words)
    format_ = format_named(named) if named else detect(source)
    intake, embeddings = _read(source, format_, db, skip=on_unfit == "skip")
    about = _about(source, format_, intake, on_unfit)
    settings = {**vars(collect(MapSettings, params)), **vars(collect(PrecisionSettings, params))}
    card = {"import": about, "settings": settings}
    info, ran = _publish(name, db, embeddings, card, force=force, keep=keep_current, subwords=source.subwords)
    if as_json:
        print_json({"model": info.as_dict(), "import": about})
        return
    facts = [f"{info}: {info.words:,} words of {info.dimensions} dimensions from {format_.title}"]
    if source.subwords:
        rows = f"{len(source.subwords):,} rows of words' pieces"
        facts.append(f"{rows}: unknown words get vectors with --on-missing subword")
    tell("import", db, ran, [*facts, *intake.left_out.lines()])


def _read(source: "Source", format_: "Format", db: Path, *, skip: bool) -> "tuple[Intake, Embeddings]":
    """Read the file; its vectors lie beside the store meanwhile, on the disk that has to hold them anyway."""
    from storage.formats.intake import Intake

    folder = next(folder for folder in db.absolute().parents if folder.is_dir())
    with Intake(source, folder, skip=skip) as intake, Meter("import") as meter:
        report = of_share(meter, "bytes")
        for block in format_.read(source):
            intake.take(block)
            report(source.tally.bytes_read, source.size)
        return intake, intake.embeddings()


def _about(source: "Source", format_: "Format", intake: "Intake", on_unfit: str) -> dict[str, Any]:
    """What the card says of the import."""
    from pipeline.stages import code_version

    return {
        "files": source.about(),
        "format": format_.name,
        "options": {"encoding": source.encoding, "on_unfit": on_unfit},
        "counts": "as the file has them" if intake.counted else "not in the file; 0 stands for that",
        "left_out": intake.left_out.as_dict(),
        "subwords": source.subwords.about() if source.subwords else None,
        "code": code_version(),
    }


def _publish(
    name: str,
    db: Path,
    embeddings: "Embeddings",
    card: dict[str, Any],
    *,
    force: bool,
    keep: bool,
    subwords: "Subwords | None",
) -> "tuple[ModelInfo, bool]":
    """Publish, unless the latest version of the name already is this very import; also whether it was done."""
    from storage.store import Store

    with Store.open(db, create=True) as store:
        found = None if force else _published(store, name, card)
        if found:
            return found, False
        return publish_drawn(store, name, embeddings, card, keep=keep, subwords=subwords), True


def _published(store: "Store", name: str, card: Mapping[str, Any]) -> "ModelInfo | None":
    """The latest version of `name`, if it is an import of the same files in the same way."""
    latest = [info for info in store.models() if info.name == name][-1:]
    return next((info for info in latest if _lasting(store.card(info)) == _lasting(card)), None)


def _lasting(card: Mapping[str, Any]) -> dict[str, Any]:
    """What was imported and how, wherever it lay."""
    about = card.get("import", {})
    files = [{**file, "file": ""} for file in about.get("files", [])]
    settings = {name: card.get("settings", {}).get(name) for name in ("map_words", "dtype")}
    return {**about, **settings, "files": files, "code": None}
