r"""Which words a regular expression matches, in a time that no pattern can blow up.

RE2 does not backtrack: its time grows with the text and with the pattern, and what it cannot match that way, such as
backreferences, it refuses. Cox 2010, "Regular Expression Matching in the Wild".

Words are matched many at once, as lines of one text with `\n \xff \n` behind each. No character of a pattern matches
the byte \xff, which is no part of UTF-8, so a pattern that has to be followed by such an end matches a word as a whole
or not at all; and a run of words that all match is found in one step.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.errors import UnusableQuestion

Mask = NDArray[np.bool_]

_END = b"\n\xff\n"
_WORDS_AT_ONCE = 2048  # the time is looked at in between
_LARGEST_PROGRAM = 20_000  # RE2's instructions: `\pL{0,10}` has 12,000
_PATIENCE = 1.0, 4e-6  # seconds of processor time, and for each word; sane patterns need a tenth of it
_PATTERNS_KEPT = 16  # a byte a word for each
_OUTSIDE_OF_THE_WORD = re.compile(r"\\[ACz]|\(\?[a-zA-Z]*-")  # ends of the text, bytes, flags that change what ^ is


@dataclass(frozen=True, eq=False)
class _Lines:
    """Some words as lines of a text.

    Attributes:
        first: the row of the first.
        starts: (n + 1,) where in the text each word begins, and where the last one's line ends.
        text: the lines as UTF-8.
    """

    first: int
    starts: NDArray[np.int64]
    text: bytes


class Patterns:
    """Matches patterns with each of V words."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self.mask = lru_cache(_PATTERNS_KEPT)(self._mask)

    def _mask(self, pattern: str) -> Mask:
        """(V,) bool, which words the pattern matches as a whole; not to be written to, for others get the same one.

        Raises:
            UnusableQuestion: it is not a pattern, or one that would take too long.
        """
        alone, in_lines = _compiled(pattern)
        matched = np.zeros(len(self._words), bool)
        end = time.thread_time() + _PATIENCE[0] + _PATIENCE[1] * len(self._words)
        for lines in self._lines:
            _mark(matched, in_lines, lines)
            if time.thread_time() > end:
                raise UnusableQuestion(f"the pattern {pattern!r} takes too long on {len(matched):,} words; simplify it")
        for row in self._of_several_lines:
            matched[row] = alone.fullmatch(self._words[row]) is not None
        matched.flags.writeable = False
        return matched

    @cached_property
    def _lines(self) -> list[_Lines]:
        return [_lines(self._words, first) for first in range(0, len(self._words), _WORDS_AT_ONCE)]

    @cached_property
    def _of_several_lines(self) -> list[int]:
        return [row for row, word in enumerate(self._words) if "\n" in word]


def _lines(words: Sequence[str], first: int) -> _Lines:
    # a word that is itself of several lines is matched by itself: here stands what nothing matches
    some = [b"\xff" if "\n" in word else word.encode() for word in words[first : first + _WORDS_AT_ONCE]]
    starts = np.cumsum([0, *(len(word) + len(_END) for word in some)])
    return _Lines(first, starts, b"".join(word + _END for word in some))


def _mark(matched: Mask, pattern: Any, lines: _Lines) -> None:
    """Set what the pattern matches among these lines."""
    for run in pattern.finditer(lines.text):
        begin, end = lines.first + np.searchsorted(lines.starts, run.span())
        matched[begin:end] = True


def _compiled(pattern: str) -> tuple[Any, Any]:
    """The pattern for one word, and for a run of lines.

    It has to be a pattern also by itself: `a)|(b` is none.
    """
    if found := _OUTSIDE_OF_THE_WORD.search(pattern.replace(r"\\", "")):
        raise UnusableQuestion(f"the pattern {pattern!r} cannot have {found[0]!r}: it is matched with whole words")
    return _regular(pattern, pattern), _regular(rf"(?m)^(?:(?:{pattern})\n\C\n)+", pattern)


def _regular(expression: str, pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        compiled = re2.compile(expression, options)
    except UnicodeEncodeError:
        raise UnusableQuestion(f"the pattern {pattern!r} cannot be written as UTF-8") from None
    except re2.error as error:
        why = error.args[0].decode(errors="replace")
        raise UnusableQuestion(f"the pattern {pattern!r} cannot be used: {why}; allowed: the syntax of RE2") from None
    re2.purge()  # it would keep 128 of them, of megabytes each
    if compiled.programsize > _LARGEST_PROGRAM:
        raise UnusableQuestion(f"the pattern {pattern!r} is too large: repeat fewer things, or less often")
    return compiled
