"""Texts behave as the list of strings that they were made of, and their places as its dictionary."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.texts import Places, Texts, order_of

some_texts = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=9)
places = st.none() | st.integers(-12, 12)


@given(some_texts)
def test_they_are_the_same_texts(texts):
    """Read one by one, from either end, or all together, they are what they were made of, whatever their characters."""
    made = Texts.of(texts)
    assert len(made) == len(texts)
    assert list(made) == texts
    assert [made[place] for place in range(-len(texts), len(texts))] == texts * 2


@given(some_texts, places, places, st.none() | st.integers(1, 3) | st.integers(-3, -1))
def test_slices_are_those_of_a_list(texts, start, stop, step):
    """Any slice is the list that the same slice of a list is."""
    assert Texts.of(texts)[start:stop:step] == texts[start:stop:step]


@pytest.mark.parametrize("place", [2, -3])
def test_what_is_beyond_the_end(place):
    """A place that is not there is an IndexError, as everywhere."""
    with pytest.raises(IndexError):
        _ = Texts.of(["a", "b"])[place]


def test_many_texts_are_read_in_order():
    """More texts than are decoded at once come in their order, some with line feeds among them."""
    texts = [f"{number}\n" * (number % 1000 == 0) + f"é{number}" for number in range(10_000)]
    assert list(Texts.of(texts)) == texts


@given(some_texts)
def test_their_order_is_that_of_strings(texts):
    """In the order the texts ascend, and equal ones keep theirs."""
    order = order_of(Texts.of(texts)).tolist()
    assert order == sorted(range(len(texts)), key=lambda place: (texts[place], place))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=9, unique=True), st.text())
def test_places_are_a_dictionary(texts, other):
    """Every text is found where it stands, and nothing else is found."""
    places = Places(Texts.of(texts), order_of(texts))
    assert dict(places) == {text: place for place, text in enumerate(texts)}
    assert places.get(other) == (texts.index(other) if other in texts else None)


def test_a_text_that_cannot_be_written_is_in_no_place():
    """A lone surrogate is looked up like any text, and not found."""
    assert Places(Texts.of(["a"]), order_of(["a"])).get("\udc80") is None
