"""Connector words: `of` in `bank_of_america`. They may stand inside a phrase, not at its ends, and are not scored."""

import re
from pathlib import Path

from storage.errors import InputError

ENGLISH = ("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with", "without")
"""Articles, prepositions and conjunctions, the same as gensim's ENGLISH_CONNECTOR_WORDS."""


def connector_words(chosen: str) -> tuple[str, ...]:
    """The words that --connector-words stands for, in order, each once.

    Args:
        chosen: `english`, or words separated by commas or white space, or @ and the name of a file that holds them.

    Raises:
        InputError: the file cannot be read or holds no word.
    """
    if chosen == "english":
        return ENGLISH
    return _separated(_contents(chosen[1:]) if chosen.startswith("@") else chosen)


def _contents(name: str) -> str:
    try:
        text = Path(name).read_text("utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"--connector-words @{name}: {why}; a text file in UTF-8 is needed") from None
    if not _separated(text):
        raise InputError(f"--connector-words @{name}: the file holds no word; leave the option out for none")
    return text


def _separated(text: str) -> tuple[str, ...]:
    return tuple(sorted({word for word in re.split(r"[,\s]+", text) if word}))
