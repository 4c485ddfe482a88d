"""`firth lesson`: neural networks from a straight line to a network that writes, each a program to read and to run."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from pipeline.commands.asking import json_option
from pipeline.commands.base import FILE, FirthCommand, print_json, print_line
from pipeline.lessons.path import PATH, Lesson, after, lesson_named
from pipeline.options import collect, settings_options
from storage.declared import Declared, setting

EXAMPLES = {
    "firth lesson": "the path through the lessons",
    "firth lesson linear-regression": "the first of them",
    "firth lesson skip-gram --plot words.png": "with a picture",
    "firth lesson char-rnn --seed 7": "with other random draws",
}


@dataclass(frozen=True, kw_only=True)
class LessonSettings(Declared):
    """What can be set for a lesson."""

    seed: int = setting(1, "Seed of all random draws; the first lesson has none.", low=0, high=2**32 - 1)


@click.command("lesson", cls=FirthCommand, examples=EXAMPLES)
@click.argument("name", metavar="[NAME]", required=False, type=click.Choice([lesson.name for lesson in PATH]))
@click.option("--list", "listed", is_flag=True, help="Show the path through the lessons; so does no NAME.")
@click.option("--plot", type=FILE, metavar="FILE", help="Also draw what the lesson finds, as .png or .svg.")
@settings_options(LessonSettings)
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    name: str | None,
    listed: bool,
    plot: Path | None,
    as_json: bool,
    **params: object,
) -> None:
    """Learn what is beneath word vectors, by programs that run.

    From a straight line to a network that writes, each lesson is a file that explains itself, prints what it does, and
    checks its gradients. Without a NAME, the path through them is shown, for which --json is, too.
    """
    if name and (listed or as_json):
        raise click.UsageError(f"{'--list' if listed else '--json'} goes without NAME", context)
    if plot and not name:
        raise click.UsageError("--plot needs the NAME of a lesson", context)
    if name:
        _teach(lesson_named(name), collect(LessonSettings, params).seed, plot)
    elif as_json:
        print_json({"lessons": [{"name": each.name, "about": each.line, "seconds": each.seconds} for each in PATH]})
    else:
        _show_path()


def _teach(lesson: Lesson, seed: int, plot: Path | None) -> None:
    from threadpoolctl import threadpool_limits

    from pipeline.lessons.page import Page
    from pipeline.lessons.pictures.style import require_drawable, save

    if plot:
        require_drawable(plot)
    click.echo(_title(f"Lesson {PATH.index(lesson) + 1}: {lesson.line}"))
    page = Page(print_line, lambda text: click.echo(_title(text)), full="█" if _has_blocks() else "#")
    teach = lesson.module.teach
    with threadpool_limits(1, "blas"):  # several threads add in another order
        result = teach(page, seed)
    following = after(lesson)
    click.echo("")
    print_line(f"The program itself: pipeline/lessons/{lesson.file}.py")
    if plot:
        save(lesson, result, plot)
        print_line(f"Its picture: {plot}")
    if following:
        print_line(f"Next: firth lesson {following.name}")


def _show_path() -> None:
    print_line("Lessons from a straight line to a network that writes. Each builds on those before it.")
    click.echo("")
    for number, lesson in enumerate(PATH, start=1):
        print_line(f"  {number}  {lesson.name:<18} {lesson.seconds:>2} s  {lesson.line}")
    click.echo("")
    print_line(f"Begin with: firth lesson {PATH[0].name}")


def _title(text: str) -> str:
    """In bold, where that can be shown."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else click.style(text, bold=True)


def _has_blocks() -> bool:
    try:
        "█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
