"""A line of text to tokens, by one regular expression."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import chain, groupby

from pipeline.settings import TokenSettings

WORD_PATTERN = r"[^\W_]+(?:['\u200c\u200d][^\W_]+|\p{M}[^\W_]*)*"
r"""The regular expression of a word. `\p{M}` stands for the combining marks of this Python's Unicode data.

A word begins with a letter or digit (`[^\W_]`: \w without the underscore) and goes on through letters, digits and
combining marks, which \w lacks and without which Hindi falls apart. An apostrophe joins what stands on both its sides
(don't, l'homme), and so do the invisible joiners U+200C and U+200D of Persian, Sinhala and Malayalam. The typographic
apostrophe U+2019 is written as the plain one before.
"""


class Tokenizer:
    """Text to tokens, as the settings say.

    A line is lower-cased (unless `keep_case`) and brought to Unicode's normal form C; then every match of the
    expression is a token, except those that are too short or only decimal digits (unless `keep_numbers`).

    A `token_pattern` replaces WORD_PATTERN. It is matched against each stretch without white space by itself, so a
    token never contains white space, and `^` and `$` mean the ends of the stretch. A match counts as a whole, groups
    or not.
    """

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._own = not settings.token_pattern
        self._expression = re.compile(settings.token_pattern or python_pattern(WORD_PATTERN))

    def matches(self, text: str) -> list[str]:
        """All matches in `text`, in order, also those that are not kept."""
        if not self._settings.keep_case:
            text = text.lower()
        if not text.isascii():
            text = unicodedata.normalize("NFC", text)
        if self._own:
            return self._expression.findall(text.replace("\u2019", "'"))
        return [match[0] for stretch in text.split() for match in self._expression.finditer(stretch)]

    def keeps(self, token: str) -> bool:
        """Whether a match is a token."""
        settings = self._settings
        return len(token) >= settings.min_length and (settings.keep_numbers or not token.isdecimal())

    def tokens(self, line: str) -> list[str]:
        """The tokens of a line, in order."""
        return [token for token in self.matches(line) if self.keeps(token)]


@cache
def python_pattern(pattern: str) -> str:
    r"""`pattern` for Python's `re`, which has no `\p{M}`.

    Marks beyond U+FFFF get a branch of their own behind a cheap look ahead: in one character class with the others
    they would be compared one range at a time with every character of the text, at a third of the speed.
    """
    common = _marks(range(0x10000))
    rare = _marks(chain(range(0x10000, 0x20000), range(0xE0000, 0xE1000)))
    return pattern.replace(r"\p{M}", rf"(?:[{common}]|(?=[\U00010000-\U0010FFFF])[{rare}])")


def _marks(points: Iterable[int]) -> str:
    """The combining marks among the code points, as the inside of a character class."""
    runs = groupby(points, key=lambda point: unicodedata.category(chr(point)).startswith("M"))
    marks = [[chr(point) for point in run] for is_mark, run in runs if is_mark]
    return "".join(f"{run[0]}-{run[-1]}" for run in marks)
