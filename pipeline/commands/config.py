"""`firth config`: every setting in force and where it comes from."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.asking.spoken import COMMANDS as QUESTIONS
from pipeline.commands.asking import json_option
from pipeline.commands.base import FirthCommand, print_json, print_table
from pipeline.commands.word2vec_spellings import SPELLED, SpelledCommand, spellings_of
from pipeline.config import Found, all_commands, as_toml, settings_elsewhere, settings_of
from pipeline.options import Setting

EXAMPLES = {
    "firth config": "every setting and where it comes from",
    "firth --config firth.toml config --epochs 20": "with a file and an option",
    "firth config --toml > firth.toml": "a file to start from",
}
HEADER = (
    "# Settings of firth. A key up here is for every command that has it; for one command: a table such as [train]."
)

_FEW = 3


@dataclass
class Entry:
    """One setting as some commands find it."""

    option: Setting
    found: Found
    commands: list[str]

    @property
    def name(self) -> str:
        """What it is called in a file."""
        return str(self.option.name)


class ConfigCommand(SpelledCommand):
    """Takes the options of all other commands."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own, and every setting of the others once."""
        every = _every_setting(ctx)
        spelled = {name: every[name] for command in _spelled(ctx) for name in settings_of(command)}
        return [*every.values(), *FirthCommand.get_params(self, ctx), *spellings_of(spelled.values())]


@click.command("config", cls=ConfigCommand, examples=EXAMPLES)
@json_option
@click.option("--toml", is_flag=True, help="Print a file that sets what is in force, to start from.")
@click.pass_context
def command(context: click.Context, /, *, as_json: bool, toml: bool, **_: object) -> None:
    """Print every setting and where it comes from.

    An option is stronger than the file given with --config, the file than the environment (FIRTH_ and the setting's
    name in capitals), the environment than the default. In the file, a key at the top is for every command that has
    the setting, one in a table such as [train] for that command, and for `firth run` too.
    """
    entries = _entries(context)
    if toml:
        click.echo(_toml(entries))
    elif as_json:
        print_json({"settings": [_document(entry) for entry in entries]})
    else:
        rows = [(e.name, _shown(e), e.found.origin, _used_by(e.commands)) for e in entries]
        print_table(("setting", "value", "from", "used by"), rows)


def _spelled(context: click.Context) -> list[SpelledCommand]:
    """The commands that take word2vec.c's options."""
    return [command for command in all_commands(context).values() if isinstance(command, SpelledCommand)]


def _every_setting(context: click.Context) -> dict[str, Setting]:
    """Each setting once, none of them required."""
    every: dict[str, Setting] = {}
    for each in all_commands(context).values():
        for name, option in settings_of(each).items():
            if not option.in_tables:
                every.setdefault(name, copy.copy(option)).required = False
    return every


def _entries(context: click.Context) -> list[Entry]:
    """Each setting; more than once where commands find different values."""
    entries: dict[tuple[str, str, str], Entry] = {}
    for command_name, other in all_commands(context).items():
        elsewhere = settings_elsewhere(context, other)
        for name, option in settings_of(other).items():
            found = elsewhere.get(name, Found(option.default, "default"))
            spelling = context.meta[SPELLED].get(name)
            given = context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
            if given and not option.in_tables and (not spelling or isinstance(other, SpelledCommand)):
                found = Found(context.params[name], f"option {spelling or option.opts[0]}")
            entry = entries.setdefault((name, repr(found.value), found.origin), Entry(option, found, []))
            entry.commands.append(command_name)
    names = dict.fromkeys(entry.name for entry in entries.values())
    return [entry for name in names for entry in entries.values() if entry.name == name]


def _shown(entry: Entry) -> str:
    value, default = entry.found.value, entry.option.show_default
    if value is None or value == "":
        return f"({default})" if isinstance(default, str) else "-"
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _used_by(commands: Sequence[str]) -> str:
    """The commands; questions, of which there are many, as their number."""
    others = [name for name in commands if name not in QUESTIONS]
    if len(commands) - len(others) <= _FEW:
        return " ".join(commands)
    place = min(commands.index(name) for name in commands if name in QUESTIONS)
    return " ".join([*others[:place], f"{len(commands) - len(others)} questions", *others[place:]])


def _document(entry: Entry) -> dict[str, Any]:
    value = entry.found.value
    plain = str(value) if isinstance(value, Path) else value
    return {"setting": entry.name, "value": plain, "from": entry.found.origin, "commands": entry.commands}


def _toml(entries: Sequence[Entry]) -> str:
    """All settings at the top; in tables where commands differ, which TOML wants at the end."""
    names = [entry.name for entry in entries]
    lines = [HEADER, *(line for entry in entries if names.count(entry.name) == 1 for line in _lines(entry))]
    tables: dict[str, list[str]] = {}
    for entry in entries:
        for command in entry.commands if names.count(entry.name) > 1 else ():
            tables.setdefault(command, []).extend(_lines(entry))
    for table, settings in tables.items():
        lines += ["", f"[{table}]", *settings]
    return "\n".join(lines)


def _lines(entry: Entry) -> list[str]:
    """A comment, and the setting; as a comment too where it has no value."""
    value = entry.found.value
    setting = f"# {entry.name} =" if value is None else f"{entry.name} = {as_toml(value)}"
    return ["", f"# {entry.option.help}", setting]
