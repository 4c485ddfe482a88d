"""What can be published: whatever does not fit together is an `InputError`, before anything is written."""

from typing import Any

from storage.embeddings import Embeddings, Floats
from storage.errors import InputError
from storage.json_text import json_text
from storage.maps import Map
from storage.subwords import Subwords


def card_text(part: str, value: Any) -> str:
    """A part of a card as JSON.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return json_text(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"the card's {part!r} is not JSON: {error}") from error


def check_fit(embeddings: Embeddings, contexts: Floats | None, map_: Map | None, subwords: Subwords | None) -> None:
    """Refuse parts of a model that do not fit its words.

    Raises:
        InputError: says what does not fit.
    """
    if contexts is not None:
        embeddings.check_contexts(contexts)
    if map_ is not None and map_.rows[-1] >= len(embeddings):
        raise InputError(f"the map has row {map_.rows[-1]}, but there are {len(embeddings)} words")
    if subwords is not None:
        if subwords.dimensions != embeddings.dimensions:
            raise InputError(f"subwords have {subwords.dimensions} dimensions, vectors {embeddings.dimensions}")
        subwords.check_numbers()
