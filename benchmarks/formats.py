"""Reading and writing files of vectors: Firth's formats, and gensim's functions for the three that both have.

fastText's model has rows for half as many buckets of words' pieces as it has words; both programs make each word's
vector from these when they read it.
"""

from typing import Any

from benchmarks.common import WORK, clean, in_child, save, table
from storage.formats.known import FORMATS

WORDS, DIMENSIONS = 400_000, 300
BOTH = ("word2vec", "word2vec-binary", "fasttext-bin")


def measure(words: int = WORDS, dimensions: int = DIMENSIONS) -> None:
    """Write and read each format once, each in a process of its own."""
    folder = clean(WORK / "formats")
    rows = []
    for format_ in FORMATS:
        if not format_.written:
            continue
        for who in ("firth", "gensim") if format_.name in BOTH else ("firth",):
            file = folder / f"{who}{format_.suffixes[0]}"
            arguments = (format_.name, str(file), str(words), str(dimensions))
            made, found = (in_child("benchmarks.one_format", who, what, *arguments) for what in ("write", "read"))
            rows.append({"format": format_.name, "who": who, "file": file.stat().st_size, "write": made, "read": found})
            print(f"{format_.name} {who}: {made['processor']:.1f} s, {found['processor']:.1f} s", flush=True)
            file.unlink()
    save("formats", {"words": words, "dimensions": dimensions, "rows": rows})
    clean(folder)


def report(figures: dict[str, Any]) -> str:
    """The README's table: processor time."""
    by_who = {(row["format"], row["who"]): row for row in figures["rows"]}
    rows = []
    for name, who in by_who:
        if who == "firth":
            ours, theirs = by_who[name, "firth"], by_who.get((name, "gensim"))
            columns = [_seconds(each, what) for what in ("write", "read") for each in (ours, theirs)]
            rows.append([name, f"{ours['file'] / 1e6:,.0f} MB", *columns, _memory(ours), _memory(theirs)])
    size = f"{figures['words']:,} x {figures['dimensions']}"
    header = [size, "file", "write", "gensim", "read", "gensim", "peak of reading", "gensim"]
    return table(header, rows)


def _seconds(row: dict[str, Any] | None, what: str) -> str:
    return f"{row[what]['processor']:.1f} s" if row else ""


def _memory(row: dict[str, Any] | None) -> str:
    return f"{row['read']['peak_bytes'] / 1e6:,.0f} MB" if row else ""
