"""The options of word2vec.c, one dash each, as second spellings of Firth's own; --help does not show them.

They are for command lines that people have. word2vec.c ignores an option that it does not know and reads `-size abc`
as 0; here both are wrong usage, and so is what contradicts itself.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from pipeline.commands.base import FirthCommand

PARAMETERS = {
    "-size": "vector_size",
    "-window": "window",
    "-sample": "sample",
    "-negative": "negative",
    "-hs": "loss",
    "-cbow": "architecture",
    "-min-count": "min_count",
    "-iter": "epochs",
    "-alpha": "alpha",
    "-threads": "workers",
}
"""The parameter that each stands for, in commands that have it."""

SWITCHES = {"-hs": {"0": "ns", "1": "hs"}, "-cbow": {"0": "skipgram", "1": "cbow"}}
"""What a value of 0 or 1 stands for."""

NO_NOISE = ("-negative", 0)  # sets nothing: it says what -hs 1 says already
SPELLED = "firth.spelled"  # key in click's context: parameter -> which of these options has set it


class Spelling(click.Option):
    """One of these options."""

    def __init__(self, spelling: str, own: click.Option) -> None:
        kind = click.Choice(SWITCHES[spelling]) if spelling in SWITCHES else own.type
        super().__init__(
            [spelling, f"word2vec_{own.name}"],
            type=_OrZero(kind) if spelling == "-negative" else kind,
            hidden=True,
            help=f"As {own.opts[0]}.",
        )
        self.spelling, self.own = spelling, own

    def meaning(self, value: Any) -> Any:
        """The value of Firth's own option that a value of this one stands for."""
        return SWITCHES[self.spelling][value] if self.spelling in SWITCHES else value


class _OrZero(click.ParamType[Any]):
    """A number, or 0 for no negative sampling."""

    def __init__(self, number: click.ParamType[Any]) -> None:
        self._number, self.name = number, number.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """0 as it is, all else as the number that it has to be."""
        return 0 if value == "0" else self._number.convert(value, param, ctx)


class SpelledCommand(FirthCommand):
    """A command that also takes the options of word2vec.c, those whose parameter it has."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own, and the second spellings of them."""
        params = super().get_params(ctx)
        return [*params, *spellings_of(params)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and let every second spelling set what it stands for."""
        given = list(args)  # click takes them from `args`
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            whole = _whole(error.option_name, given)
            raise click.NoSuchOption(whole, possibilities=error.possibilities, ctx=ctx) from None
        apply_spellings(ctx, self.get_params(ctx))
        return rest


def spellings_of(params: Iterable[click.Parameter]) -> list[Spelling]:
    """The second spellings of those of these parameters that have one."""
    own = {param.name: param for param in params if isinstance(param, click.Option)}
    return [Spelling(each, own[name]) for each, name in PARAMETERS.items() if name in own]


def _whole(option: str, arguments: Sequence[str]) -> str:
    """The argument -debug of which click, which looks for options of one letter, says that there is no -d."""
    strangers = (each for each in arguments if re.match("-[^-]", each) and each not in PARAMETERS)
    return next((each for each in strangers if each.startswith(option) or option[1] in each[1:]), option)


def apply_spellings(context: click.Context, params: Iterable[click.Parameter]) -> None:
    """Give the values of the spellings to the parameters they stand for.

    Raises:
        click.UsageError: a spelling and another option contradict each other.
    """
    values = {each: context.params.pop(str(each.name)) for each in params if isinstance(each, Spelling)}
    given = {each: each.meaning(value) for each, value in values.items() if value is not None}
    for spelling, value in given.items():
        _require_one_voice(context, spelling, value)
    context.meta[SPELLED] = {}
    for spelling, value in given.items():
        if (spelling.spelling, value) != NO_NOISE:
            _set(context, spelling, value)
    _require_one_loss(context, {spelling.spelling: value for spelling, value in given.items()})


def _set(context: click.Context, spelling: Spelling, value: object) -> None:
    name = str(spelling.own.name)
    context.params[name] = value
    context.set_parameter_source(name, ParameterSource.COMMANDLINE)
    context.meta[SPELLED][name] = spelling.spelling


def _require_one_voice(context: click.Context, spelling: Spelling, value: object) -> None:
    """Refuse a spelling beside the long option with another value."""
    own = spelling.own
    if _is_given(context, str(own.name)) and context.params[str(own.name)] != value:
        _refuse(context, f"{spelling.spelling} and {own.opts[0]} contradict each other; give one of them")


def _require_one_loss(context: click.Context, given: Mapping[str, object]) -> None:
    """Refuse what in word2vec.c trains two output layers, or none."""
    loss = context.params.get("loss")
    if NO_NOISE in given.items() and loss == "ns":
        _refuse(context, "-negative 0 leaves nothing to train; allowed: 1 or more, or 0 together with -hs 1")
    both = _is_given(context, "loss") and _is_given(context, "negative")
    if both and loss != "ns" and {"-hs", "-negative"} & given.keys():
        _refuse(
            context,
            f"word2vec.c would train two output layers, one for negative sampling and one for {loss}; Firth trains one:"
            " leave out the noise words (-negative 0), or give -hs 0",
        )


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _refuse(context: click.Context, why: str) -> NoReturn:
    raise click.UsageError(why, context)
