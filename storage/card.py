"""`whole_card`: everything that is known of a stored model besides its words and vectors, alike at every edge."""

from typing import Any

from storage.models import ModelInfo
from storage.provenance import chain
from storage.store import Store


def whole_card(store: Store, info: ModelInfo) -> dict[str, Any]:
    """The model with its tags, its chain from text to seals, and the card as it was published."""
    card = store.card(info)
    return {"model": store.catalog().described(info), "chain": chain(info, card, store.seals(info)), "card": card}
