"""Forms: how the words of a question stand in a line, alike on the command line, on standard input and in the shell.

A form turns a line's words into the values of the question's fields; what is not in it is an option.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from storage.errors import SettingError

SETS_APART = "/"
"""What stands between two sets of words."""

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WEIGHTED = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\*(.+)", re.DOTALL)

Values = dict[str, Any]


class Form(ABC):
    """What stands in a line.

    Attributes:
        usage: as `--help` shows it.
        fields: the fields of the question that it fills.
    """

    usage: str
    fields: tuple[str, ...]

    @abstractmethod
    def read(self, words: Sequence[str]) -> Values:
        """The values of the fields.

        Raises:
            SettingError: words are missing or left over; the message says which.
        """

    def split(self, line: str) -> list[str]:
        """The words of a line of text: between tabs, if there are any, and else between blanks."""
        return [word.strip() for word in line.split("\t")] if "\t" in line else line.split()

    def word_in(self, typed: str) -> tuple[str, str]:
        """What is no part of the word in a word as it is typed, and the word."""
        return "", typed


class Words(Form):
    """A word for each field, and for the last of them, if it is a list, all that follow."""

    def __init__(self, *single: str, several: str = "", optional: bool = False) -> None:
        self.fields = (*single, several) if several else single
        self._single, self._several, self._optional = single, several, optional
        names = [f"[{name.upper()}]" if optional else name.upper() for name in single]
        self.usage = " ".join([*names, f"{_singular(several)}..."] if several else names)

    def read(self, words: Sequence[str]) -> Values:
        """One word each, and the rest."""
        first, rest = words[: len(self._single)], words[len(self._single) :]
        if len(first) < len(self._single) and not self._optional:
            raise _missing(self._single[len(first)].upper())
        values: Values = dict(zip(self._single, first, strict=False))
        if self._several:
            if not rest:
                raise _missing(_singular(self._several))
            return {**values, self._several: tuple(rest)}
        if rest:
            raise _left_over(self.usage, rest)
        return values

    def split(self, line: str) -> list[str]:
        """The whole line where only one word is wanted, so that it may hold blanks."""
        return [line.strip()] if len(self.fields) == 1 and not self._several else super().split(line)


class Pairs(Form):
    """Pairs of words for the fields a and b, and perhaps one more word behind them."""

    def __init__(self, last: str = "") -> None:
        self._last = last
        self.fields = ("a", "b", last) if last else ("a", "b")
        self.usage = " ".join(["A B [A B]...", *([last.upper()] if last else [])])

    def read(self, words: Sequence[str]) -> Values:
        """Every other word of the pairs to a, the rest to b."""
        pairs = words[:-1] if self._last else words
        if not pairs:
            raise _missing("A")
        if len(pairs) % 2:
            what = f"pairs of words and one more, {self._last.upper()}," if self._last else "pairs of words"
            raise SettingError(f"{what} are needed: {self.usage}; got {len(words)} words")
        values: Values = {"a": tuple(pairs[::2]), "b": tuple(pairs[1::2])}
        return {**values, self._last: words[-1]} if self._last else values


class TwoSets(Form):
    """Two sets of words for the fields a and b, with a slash between them."""

    fields = ("a", "b")
    usage = f"A... {SETS_APART} B..."

    def read(self, words: Sequence[str]) -> Values:
        """The words before the slash, and those behind it."""
        slashes = [place for place, word in enumerate(words) if word == SETS_APART]
        if len(slashes) != 1 or slashes[0] in (0, len(words) - 1):
            raise SettingError(f"two sets of words are needed, with a lone {SETS_APART} between them: {self.usage}")
        return {"a": tuple(words[: slashes[0]]), "b": tuple(words[slashes[0] + 1 :])}


class Formula(Form):
    """A sum of words such as `king + woman - man`, each of which may have a weight: `2*king`."""

    fields = ("positive", "negative", "positive_weights", "negative_weights")
    usage = "WORD [+ WORD | - WORD]..."

    def read(self, words: Sequence[str]) -> Values:
        """The terms by their signs; weights only where one is not 1."""
        if not words:
            raise _missing("WORD")
        signed = list(words) if words[0] in ("+", "-") else ["+", *words]
        signs, terms = signed[::2], signed[1::2]
        if strange := [sign for sign in signs if sign not in ("+", "-")]:
            raise SettingError(f"a lone + or - is needed before {strange[0]!r}: {self.usage}")
        if len(signs) > len(terms):
            raise SettingError(f"a word is missing behind the last {signs[-1]}")
        values: Values = {}
        for field, sign in (("positive", "+"), ("negative", "-")):
            weighed = [_weighed(term) for own, term in zip(signs, terms, strict=True) if own == sign]
            values[field] = tuple(word for word, _ in weighed)
            weights = tuple(weight for _, weight in weighed)
            values[f"{field}_weights"] = weights if any(weight != 1 for weight in weights) else ()
        return values

    def word_in(self, typed: str) -> tuple[str, str]:
        """The weight with its star, and the word."""
        weight, star, word = typed.partition("*")
        return (weight + star, word) if _WEIGHTED.fullmatch(typed) else ("", typed)


class Numbers(Form):
    """Numbers for the field `vector`, as words of their own or with commas between them, with or without brackets."""

    fields = ("vector",)
    usage = "NUMBER..."

    def read(self, words: Sequence[str]) -> Values:
        """All numbers of all words."""
        written = self.split(" ".join(words))
        if not written:
            raise _missing("NUMBER")
        if strange := [text for text in written if not _NUMBER.fullmatch(text)]:
            raise SettingError(f"{strange[0]!r} is not a number")
        return {"vector": tuple(map(float, written))}

    def split(self, line: str) -> list[str]:
        """What stands between commas and blanks."""
        return re.split(r"[,\s]+", bare) if (bare := line.strip("[], \t\r\n")) else []


def _singular(field: str) -> str:
    return field.removesuffix("s").upper()


def _weighed(term: str) -> tuple[str, float]:
    found = _WEIGHTED.fullmatch(term)
    return (found[2], float(found[1])) if found else (term, 1.0)


def _missing(name: str) -> SettingError:
    return SettingError(f"Missing argument '{name}'.")


def _left_over(usage: str, rest: Sequence[str]) -> SettingError:
    found = ", ".join(map(repr, rest))
    return SettingError(f"{found} left over, only {usage or 'options'} can be given; put a word with blanks in quotes")
