"""Documentation that cannot rot: the pages are generated, and every command and option explains itself."""

import shlex
from pathlib import Path

import click
import pytest
from cogapp import Cog

from pipeline.cli import COMMANDS, firth
from pipeline.config import settings_of
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings

DOCS = Path(__file__).parents[1] / "docs"
ROOT = click.Context(firth, info_name="firth", **firth.context_settings)


def command_named(name):
    """A command of `firth`."""
    return firth.get_command(ROOT, name)


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_generated_pages_are_current(page, monkeypatch):
    """What is generated into a page is what would be generated now; `make docs` writes it again."""
    monkeypatch.chdir(DOCS.parent)
    assert Cog().main(["cog", "--check", "--diff", str(page)]) == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_reference(name):
    """docs/cli.md has a section for each command, with its usage."""
    assert f"## firth {name}\n\n```text\nUsage: firth {name} " in (DOCS / "cli.md").read_text("utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name):
    """A command says in a short sentence what it does, and so does each of its options."""
    command = command_named(name)
    first_line = command.help.splitlines()[0]
    assert first_line[-1] in ".?"
    assert len(first_line) <= 64
    for param in command.get_params(click.Context(command, ROOT, name)):
        if isinstance(param, click.Option):
            assert param.help, param.name
            assert param.help[-1] in ".)", param.name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_defaults_and_examples(name):
    """--help names the default of every setting that has one, and ends with examples."""
    command = command_named(name)
    printed = command.get_help(click.Context(command, ROOT, name, terminal_width=200))
    settings, examples = printed.split("\nExamples:\n")
    assert [line.strip() for line in examples.splitlines() if line][1::2] == list(command.examples)
    defaults = [option for option in settings_of(command).values() if option.default not in (None, "")]
    assert settings.count("[default: ") >= len(defaults)


@pytest.mark.parametrize(
    ("name", "example"), [(name, example) for name in COMMANDS for example in command_named(name).examples]
)
def test_every_example_is_a_command_line_of_today(name, example):
    """The examples in the help parse: no option in them was renamed or removed, and no value went out of range."""
    if example.startswith("curl "):
        assert example.split("/")[3] == "api"
        return
    words = shlex.split(example.split("|")[-1].split(">")[0])
    assert words[0] == "firth"
    if words[1] == "--config":
        words = [words[0], *words[3:]]  # the file of the example is not here
    command_named(words[1]).make_context(words[1], words[2:], parent=ROOT)
    assert name in COMMANDS


@pytest.mark.parametrize("cls", [TokenSettings, VocabularySettings, TrainSettings])
def test_every_setting_is_documented(cls):
    """docs/cli.md names every setting of the stages as an option."""
    page = (DOCS / "cli.md").read_text("utf-8")
    for setting in cls().as_dict():
        assert f"--{setting.replace('_', '-')}" in page
