"""`firth tokenize`: text in, token ids on disk out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.commands.base import FirthCommand, force_option, out_option, tell
from pipeline.options import collect, settings_options
from pipeline.progress import Meter, of_reading
from pipeline.settings import PhraseSettings, TokenSettings
from storage.declared import Declared, setting

EXAMPLES = {
    "firth tokenize corpus/ --out work/tokens": "every .txt, .gz, .bz2, .xz and .zst file in a folder",
    "firth tokenize a.txt b.txt.gz --keep-case --out work/tokens": "two files, capitals kept",
    "firth tokenize books/ --phrases 2 --connector-words english --out work/tokens": "join phrases: bank_of_america",
    "zcat dump.gz | firth tokenize - --out work/tokens": "standard input",
}
SHOWN_COUNTS = ("1", "2", "5", "10", "20", "50", "100")
SHOWN_PHRASES = 5


@dataclass(frozen=True, kw_only=True)
class WorkSettings(Declared):
    """How the work is divided; the result is the same."""

    processes: int = setting(0, "Processes that tokenize at once; 0 is one for each processor.", low=0, high=1024)


@click.command("tokenize", cls=FirthCommand, examples=EXAMPLES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@out_option("the token files")
@settings_options(TokenSettings, PhraseSettings, WorkSettings)
@force_option
def command(*, paths: tuple[str, ...], out: Path, force: bool, **params: object) -> None:
    """Turn text into numbered words.

    PATH is a file, a folder (all text files in it and below it), or - for standard input; .gz, .bz2, .xz and .zst are
    unpacked. One sentence or paragraph a line: neither a training window nor a phrase crosses the end of a line.

    With --phrases, phrases.tsv in the output lists what was joined, with scores and counts.
    """
    settings, phrasing = collect(TokenSettings, params), collect(PhraseSettings, params)
    tokenize_into(out, paths, settings, phrasing, collect(WorkSettings, params), force=force)


def tokenize_into(
    out: Path,
    paths: Sequence[str],
    settings: TokenSettings,
    phrasing: PhraseSettings,
    work: WorkSettings,
    *,
    force: bool,
) -> None:
    """Run the stage with a progress bar and tell what came out."""
    from pipeline.stages import StageFolder
    from pipeline.text.tokenizing import tokenize, total_bytes

    with Meter("tokenize") as meter:
        report = of_reading(meter, total_bytes(paths))
        manifest, ran = tokenize(
            StageFolder(out), paths, settings, phrasing, processes=work.processes or None, force=force, report=report
        )
    found = manifest.report
    curve = [f"{count}: {found['size_curve'][count]:,}" for count in SHOWN_COUNTS if count in found["size_curve"]]
    facts = [
        f"{found['tokens']:,} tokens in {found['sentences']:,} lines, {found['types']:,} different words",
        f"words by --min-count: {', '.join(curve)}",
        *(_of_pass(number, each) for number, each in enumerate(found["phrases"], 1)),
    ]
    tell("tokenize", out, ran, facts)


def _of_pass(number: int, found: Mapping[str, Any]) -> str:
    """One line about a pass: how many phrases it joined, and the best."""
    best = [f"{each['phrase']} {each['score']:.4g}" for each in found["top"][:SHOWN_PHRASES]]
    facts = f"pass {number}: {found['phrases']:,} phrases, joined {found['joined']:,} times"
    return f"{facts}; highest scores: {', '.join(best)}" if best else facts
