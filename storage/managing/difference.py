"""What two models have in common and what not: their cards, part by part, and their vocabularies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.models import ModelInfo
from storage.store import Store

SHOWN = 10  # words that only one of them has
_NOTHING = None  # where one of them has no such value


@dataclass(frozen=True)
class Vocabularies:
    """Two vocabularies beside each other.

    Attributes:
        a: how many words the one has.
        b: how many the other has.
        shared: how many both have.
        only_a: the most frequent words that only the one has, at most ten.
        only_b: the same of the other.
    """

    a: int
    b: int
    shared: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]

    @classmethod
    def of(cls, a: Sequence[str], b: Sequence[str]) -> "Vocabularies":
        """Compare words, the most frequent first."""
        in_a, in_b = set(a), set(b)
        only_a = [word for word in a if word not in in_b]
        only_b = [word for word in b if word not in in_a]
        return cls(len(a), len(b), len(a) - len(only_a), tuple(only_a[:SHOWN]), tuple(only_b[:SHOWN]))


@dataclass(frozen=True)
class Difference:
    """Two models beside each other.

    Attributes:
        a: the one.
        b: the other.
        same_vectors: whether their vectors are the same, byte for byte and in the same order.
        vocabulary: their words.
        card: the values that differ, of each part of their cards by where they stand (`train.inputs.tokens`): that of
            the one and that of the other, None where it has none.
    """

    a: ModelInfo
    b: ModelInfo
    same_vectors: bool
    vocabulary: Vocabularies
    card: Mapping[str, Mapping[str, tuple[Any, Any]]]

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        plain = {"a": self.a.as_dict(), "b": self.b.as_dict(), "same_vectors": self.same_vectors}
        return {**plain, "vocabulary": vars(self.vocabulary), "card": self.card}


def difference(store_a: Store, a: ModelInfo, store_b: Store, b: ModelInfo) -> Difference:
    """Compare two models, of one store or of two.

    Raises:
        StoreError: a file cannot be read, or is damaged.
    """
    card_a, card_b = store_a.card(a), store_b.card(b)
    parts = {part: _differing(card_a.get(part), card_b.get(part)) for part in {**card_a, **card_b}}
    return Difference(
        a,
        b,
        (a.vectors_sha256, a.dimensions) == (b.vectors_sha256, b.dimensions),
        Vocabularies.of(store_a.words(a), store_b.words(b)),
        {part: values for part, values in parts.items() if values},
    )


def _differing(a: Any, b: Any) -> dict[str, tuple[Any, Any]]:
    in_a, in_b = dict(_leaves(a)), dict(_leaves(b))
    pairs = {place: (in_a.get(place, _NOTHING), in_b.get(place, _NOTHING)) for place in {**in_a, **in_b}}
    return {place: pair for place, pair in pairs.items() if pair[0] != pair[1]}


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that is no object, and no list of such, with where it stands."""
    inside: Mapping[Any, Any] = {}
    if isinstance(value, Mapping):
        inside = value
    elif isinstance(value, list) and any(isinstance(each, (Mapping, list)) for each in value):
        inside = dict(enumerate(value))
    if not inside:
        yield place, value
    for name, each in inside.items():
        yield from _leaves(each, f"{place}.{name}" if place else str(name))
