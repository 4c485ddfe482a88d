"""The generated parts of docs/formats.md: the formats there are, and which words each of them can carry."""

from storage.formats.known import FORMATS

WORDS = {
    "a blank inside, `new york`": "new york",
    "a tab": "a\tb",
    "a line feed": "a\nb",
    "a carriage return at the end": "a\r",
    "a NUL": "a\0b",
    "a no-break space, U+0085, U+2028": "a\u00a0b\u0085c\u2028d",
    "`</s>`, emoji, right to left": "</s>\U0001f600\u05e9",
    "10,000 characters": "x" * 10_000,
    "a number": "123",
}


def formats() -> str:
    """Every format, in the order in which a file is tried."""
    rows = [
        [f"`{each.name}`", each.title, " ".join(each.suffixes), _yes(each.written), _yes(each.counts)]
        for each in FORMATS
    ]
    return _table(["--format", "what it is", "names", "exported", "counts"], rows)


def carried() -> str:
    """Which words each exported format can carry."""
    written = [each for each in FORMATS if each.written]
    rows = [[title, *(_yes(not each.misfit(word)) for each in written)] for title, word in WORDS.items()]
    return _table(["a word with, or that is", *(f"`{each.name}`" for each in written)], rows)


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
