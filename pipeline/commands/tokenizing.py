"""`firth tokenize`: text in, token ids on disk out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.commands.base import FirthCommand, force_option, out_option, tell
from pipeline.options import collect, settings_options
from pipeline.progress import Meter, of_reading
from pipeline.settings import Settings, TokenSettings, setting

EXAMPLES = {
    "firth tokenize corpus/ --out work/tokens": "every .txt, .gz, .bz2, .xz and .zst file in a folder",
    "firth tokenize a.txt b.txt.gz --keep-case --out work/tokens": "two files, capitals kept",
    "zcat dump.gz | firth tokenize - --out work/tokens": "standard input",
}
SHOWN_COUNTS = ("1", "2", "5", "10", "20", "50", "100")


@dataclass(frozen=True, kw_only=True)
class WorkSettings(Settings):
    """How the work is divided; the result is the same."""

    processes: int = setting(0, "Processes that tokenize at once; 0 is one for each processor.", low=0, high=1024)


@click.command("tokenize", cls=FirthCommand, examples=EXAMPLES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@out_option("the token files")
@settings_options(TokenSettings, WorkSettings)
@force_option
def command(*, paths: tuple[str, ...], out: Path, force: bool, **params: object) -> None:
    """Turn text into numbered words.

    PATH is a file, a folder (all text files in it and below it), or - for standard input; .gz, .bz2, .xz and .zst are
    unpacked. One sentence or paragraph a line: a training window never crosses the end of a line.
    """
    tokenize_into(out, paths, collect(TokenSettings, params), collect(WorkSettings, params), force=force)


def tokenize_into(out: Path, paths: Sequence[str], settings: TokenSettings, work: WorkSettings, *, force: bool) -> None:
    """Run the stage with a progress bar and tell what came out."""
    from pipeline.stages import StageFolder
    from pipeline.text.tokenizing import tokenize, total_bytes

    with Meter("tokenize") as meter:
        report = of_reading(meter, total_bytes(paths))
        manifest, ran = tokenize(
            StageFolder(out), paths, settings, processes=work.processes or None, force=force, report=report
        )
    found = manifest.report
    curve = [f"{count}: {found['size_curve'][count]:,}" for count in SHOWN_COUNTS if count in found["size_curve"]]
    facts = [
        f"{found['tokens']:,} tokens in {found['sentences']:,} lines, {found['types']:,} different words",
        f"words by --min-count: {', '.join(curve)}",
    ]
    tell("tokenize", out, ran, facts)
