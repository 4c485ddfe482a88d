"""Where settings come from: an option, else the TOML file of --config, else the environment, else the default.

In the file, a key at the top is for every command that has the setting; one in a table such as [train] is for that
command, and also for `firth run`, which is every stage, unless its own table [run] says otherwise; `firth plan` reads
the tables of the stages that it plans in the same way. In the environment a setting is called FIRTH_ and its name in
capitals. `model` alone means two things: what is trained, in the tables of the commands that train, and elsewhere the
stored model that is asked.

click itself would let the environment win over its `default_map`; so the two are laid over each other here.
"""

import difflib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.options import ORIGINS, Setting
from storage.errors import SettingError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "FIRTH_"
SWITCHES = {  # in the environment, but no settings: a traceback, the tests' large texts, the secret of `serve`
    "FIRTH_DEBUG",
    "FIRTH_CORPORA",
    "FIRTH_TOKEN",
}
READS = {  # tables of stages that are also for these commands
    "run": ("tokenize", "train", "crosscheck", "evaluate", "store"),
    "plan": ("tokenize", "train"),
}
CONFIG = "firth.config"  # key in click's context: the file given with --config
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A setting's value, and where it was found, in words."""

    value: Any
    origin: str


@dataclass(frozen=True)
class ConfigFile:
    """A TOML file: keys for every command, and tables for one."""

    path: Path
    top: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, path: Path) -> "ConfigFile":
        """Read the file.

        Raises:
            SettingError: it cannot be read or is not TOML; the message names file, line and column.
        """
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise SettingError(f"--config {path}: {error.strerror or error}") from None
        except ValueError as error:
            raise SettingError(f"--config {path}: {error}") from None
        tables = {key: value for key, value in document.items() if isinstance(value, dict)}
        return cls(path, {key: value for key, value in document.items() if key not in tables}, tables)

    def check(self, context: click.Context) -> None:
        """Refuse tables that are no command, keys that are no setting, and values that a setting cannot have.

        Raises:
            SettingError: names the file, the key and what was meant or is allowed.
        """
        known = all_commands(context)
        everywhere = {name for command in known.values() for name in settings_of(command)}
        for key in self.top:
            _require(key, everywhere, f"{self.path}: {key!r} is not a setting")
        for table, values in self.tables.items():
            _require(table, known, f"{self.path}: table [{table}] is not a command")
            for key in values:
                _require(key, settings_of(known[table]), f"{self.path}: {key!r} is not a setting of [{table}]")
        for command in known.values():
            self.layer(context, command)

    def layer(self, context: click.Context, command: click.Command) -> dict[str, Found]:
        """What the file says to `command`, in the types of its settings."""
        found, options = {}, settings_of(command)
        own = command.name or ""
        tables = (*READS.get(own, ()), own)
        for table, values in (("", self.top), *((name, self.tables.get(name, {})) for name in tables)):
            for key in values.keys() & options.keys():
                if options[key].in_tables and not table:
                    continue
                place = f"{self.path}: {f'{table}.' if table else ''}{key}"
                found[key] = Found(_typed(options[key].from_toml, context, values[key], place), f"file {place}")
        return found


def remember(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Callback of a --config before the command's name: keep the file for the command."""
    if path is None:
        return
    if CONFIG in context.meta:
        raise click.UsageError("--config is given twice; one file holds the settings of every command")
    context.meta[CONFIG] = ConfigFile.read(path)


def settle(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Callback of a command's --config: find the settings elsewhere before click takes defaults for them.

    The whole file is checked, also what it says to other commands.

    Raises:
        SettingError: the file cannot be read, or a name or a value in it or in the environment is wrong.
    """
    remember(context, parameter, path)
    if CONFIG in context.meta:
        context.meta[CONFIG].check(context)
    _warn_of_unknown(context)
    found = settings_elsewhere(context, context.command)
    context.default_map = {name: each.value for name, each in found.items()}
    context.meta[ORIGINS] = {name: each.origin for name, each in found.items()}


def settings_elsewhere(context: click.Context, command: click.Command) -> dict[str, Found]:
    """What environment and file say to `command`, the file being stronger."""
    file: ConfigFile | None = context.meta.get(CONFIG)
    return _environment_layer(context, command) | (file.layer(context, command) if file else {})


def settings_of(command: click.Command) -> dict[str, Setting]:
    """The options of a command that are settings, by name."""
    return {param.name: param for param in command.params if isinstance(param, Setting) and param.name}


def all_commands(context: click.Context) -> dict[str, click.Command]:
    """Every command of `firth`, by name."""
    group = context.find_root().command
    names = group.list_commands(context) if isinstance(group, click.Group) else []
    found = ((name, group.get_command(context, name)) for name in names if isinstance(group, click.Group))
    return {name: command for name, command in found if command}


def as_toml(value: object) -> str:
    """A setting's value in TOML."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")  # DEL: bare in JSON, not in TOML


def _variables() -> dict[str, str]:
    """The settings in the environment; an empty variable counts as none."""
    return {name: text for name, text in os.environ.items() if name.startswith(PREFIX) and text}


def _environment_layer(context: click.Context, command: click.Command) -> dict[str, Found]:
    found, ours = {}, _variables()
    for name, option in settings_of(command).items():
        variable = PREFIX + name.upper()
        if variable in ours and not option.in_tables:
            value = _typed(option.from_text, context, ours[variable], f"environment variable {variable}")
            found[name] = Found(value, f"environment {variable}")
    return found


def _warn_of_unknown(context: click.Context) -> None:
    """A variable of another command is fine; one of no command would be a wish that nobody hears."""
    strangers = _variables().keys() - {PREFIX + name.upper() for name in settings_of(context.command)} - SWITCHES
    if not strangers:
        return  # the usual case, in which the other commands need not be imported
    known = {name.upper() for command in all_commands(context).values() for name in settings_of(command)}
    for name in sorted(variable.removeprefix(PREFIX) for variable in strangers):
        if name not in known:
            _LOG.warning(
                "environment variable %s%s is not a setting%s", PREFIX, name, did_you_mean(name, known, PREFIX)
            )


def _typed(convert: Callable[[click.Context, Any], Any], context: click.Context, value: object, place: str) -> Any:
    try:
        return convert(context, value)
    except click.BadParameter as error:
        raise SettingError(f"{place}: {error.message}") from None


def _require(name: str, known: Iterable[str], complaint: str) -> None:
    if name not in known:
        raise SettingError(f"{complaint}{did_you_mean(name, known)}")


def did_you_mean(name: str, known: Iterable[str], prefix: str = "") -> str:
    """A remark for the end of a complaint about `name`, empty where nothing known looks like it."""
    near = difflib.get_close_matches(name.replace("-", "_"), sorted(known), n=3)
    return f" (did you mean {', '.join(prefix + each for each in near)}?)" if near else ""
