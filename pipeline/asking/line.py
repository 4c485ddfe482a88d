"""A line typed in `firth shell`, as words: blanks part them, quotes are for words with blanks, and don't needs none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORD = re.compile(r"""(?<!\S)(?:"([^"]*)(?:"(?!\S)|$)|'([^']*)'(?!\S)|(\S+))""")


@dataclass(frozen=True)
class Unfinished:
    """A line up to the cursor.

    Attributes:
        words: those before the one at the cursor.
        beginning: of the word at the cursor, without its quote; may be empty.
        typed: how many characters of the line it takes, with its quote.
    """

    words: list[str]
    beginning: str
    typed: int


def words_of(line: str) -> list[str]:
    """The words of a line."""
    return [_word(found) for found in _found(line)]


def unfinished(line: str) -> Unfinished:
    """The words of a line that is still being typed."""
    found = list(_found(line))
    if not found or found[-1].end() < len(line):
        return Unfinished([_word(each) for each in found], "", 0)
    *before, last = found
    return Unfinished([_word(each) for each in before], _word(last), len(line) - last.start())


def quoted(word: str) -> str:
    """The word as it can be typed."""
    if words_of(word) == [word]:
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'


def _found(line: str) -> Iterator["re.Match[str]"]:
    return _WORD.finditer(line)


def _word(found: "re.Match[str]") -> str:
    return next(part for part in found.groups() if part is not None)
