"""Options of the command line, made from dataclasses like those in `settings`: one source of their names and ranges."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from storage.declared import WRITTEN, Declared, allowed_range, check_range
from storage.errors import SettingError

ORIGINS = "firth.origins"  # key in click's context: setting -> where its value comes from, if file or environment
TRUE_OR_FALSE = {"1", "true", "yes", "on", "0", "false", "no", "off"}  # of click's, the ones that nobody misreads

Chosen = TypeVar("Chosen", bound=Declared)
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Setting(click.Option):
    """An option that a configuration file and the environment can set too, under its Python name.

    Plain `click.Option`s say what to do this once (`--force`, `--json`) and cannot be set elsewhere.
    """

    def __init__(self, declarations: Sequence[str], *, in_tables: bool = False, **attributes: Any) -> None:
        super().__init__(declarations, **{"default": None, "show_default": True, **attributes})
        self.in_tables = in_tables  # only there: at the top of a file and in the environment its name means another

    def from_text(self, context: click.Context, text: str) -> Any:
        """The value that a string from the environment stands for; several are separated by commas or blanks.

        Raises:
            click.BadParameter: it stands for none; the message says what is allowed.
        """
        if self.is_flag and text.lower() not in TRUE_OR_FALSE:
            raise click.BadParameter(f"{text!r} is not {self._type_in_words()}", context, self)
        return self.type_cast_value(context, re.split(r"[,\s]+", text.strip()) if self.multiple else text)

    def from_toml(self, context: click.Context, value: object) -> Any:
        """The value that a TOML value stands for; types are not bent: "5" is no number and 1 is not true.

        Raises:
            click.BadParameter: wrong type or out of range; the message says what is allowed.
        """
        if self.multiple and isinstance(value, list):
            fits = all(self._fits(each) for each in value)
        else:
            fits = not self.multiple and self._fits(value)
        if not fits:
            raise click.BadParameter(f"{value!r} is not {self._type_in_words()}", context, self)
        return self.type_cast_value(context, value)

    def _fits(self, value: object) -> bool:
        if self.is_flag or isinstance(value, bool):
            return self.is_flag and isinstance(value, bool)
        if isinstance(self.type, Number):
            return isinstance(value, (int, self.type.kind))
        return isinstance(value, str)

    def _type_in_words(self) -> str:
        if self.is_flag:
            return "true or false"
        if isinstance(self.type, Number):
            return f"{self.type.in_words}; allowed: {self.type.allowed}"
        return "a list of strings" if self.multiple else "a string"


class Number(click.ParamType[int | float]):
    """A number of a settings field; every refusal says what is allowed."""

    def __init__(self, field: "dataclasses.Field[Any]") -> None:
        self.field = field
        self.kind: type[int] | type[float] = int if field.type in (int, int | None) else float
        self.name = "integer" if self.kind is int else "number"

    @property
    def in_words(self) -> str:
        """What it has to be."""
        return "a whole number" if self.kind is int else "a number"

    @property
    def allowed(self) -> str:
        """What it may be."""
        return allowed_range(self.field) or self.in_words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | float:
        """Turn a string, or what is a number already, into a number in the field's range."""
        try:
            number = self._read(value)
            check_range(self.field, number)
        except SettingError as error:
            self.fail(str(error), param, ctx)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not {self.in_words}; allowed: {self.allowed}", param, ctx)
        return number

    def _read(self, value: Any) -> int | float:
        if isinstance(value, str) and not WRITTEN[self.kind].fullmatch(value):
            raise ValueError
        return self.kind(value)


def settings_options(*classes: type[Declared]) -> Callable[[Decorated], Decorated]:
    """Give a command one option for each field of these dataclasses, in the order of the fields."""
    fields = [field for cls in classes for field in dataclasses.fields(cls)]

    def decorate(function: Decorated) -> Decorated:
        for field in reversed(fields):  # click lists the decorator nearest to the function last
            function = field_option(field)(function)
        return function

    return decorate


def field_option(
    field: "dataclasses.Field[Any]", kind: type[click.Option] = Setting, **attributes: Any
) -> Callable[[Decorated], Decorated]:
    """Give a command an option for one field; a field that is a tuple is an option that can be repeated.

    Args:
        field: what it sets.
        kind: its class.
        attributes: more of what that class takes.
    """
    name, default, described = field.name.replace("_", "-"), field.default, field.metadata["help"]
    if field.type is bool:
        return click.option(f"--{name}/--no-{name}", cls=kind, default=default, help=described)
    if (allowed := allowed_range(field)) and not field.metadata["choices"]:
        described = f"{described.rstrip('.')} ({allowed})."
    if field.metadata.get("in_tables"):
        attributes["in_tables"] = True
    if several := isinstance(default, tuple):
        described = f"{described.rstrip('.')} (can be repeated)."
    return click.option(
        f"--{name}",
        cls=kind,
        type=_type(field),
        default=default,
        multiple=several,
        show_default=field.metadata["shown"] or default not in ("", ()),
        help=described,
        **attributes,
    )


def collect(cls: type[Chosen], params: Mapping[str, object]) -> Chosen:
    """Make the settings `cls` from a command's parameters.

    Raises:
        SettingError: settings that contradict each other; the message says where those that it names were set.
    """
    try:
        values: dict[str, Any] = {field.name: params[field.name] for field in dataclasses.fields(cls)}
        return cls(**values)
    except SettingError as error:
        named = set(re.findall(r"\w+", str(error)))
        origins: Mapping[str, str] = click.get_current_context().meta.get(ORIGINS, {})
        places = "; ".join(f"{name} is set by {origins[name]}" for name in origins if name in named)
        raise SettingError(f"{error} ({places})" if places else str(error)) from None


def _type(field: "dataclasses.Field[Any]") -> click.ParamType[Any]:
    if choices := field.metadata["choices"]:
        return click.Choice(choices)
    return Number(field) if field.type in (int, float, int | None, float | None) else click.STRING
