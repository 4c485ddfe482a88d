"""Words that a model does not have, made from their pieces, in the page."""

import pytest

from service import questions
from service.library import Library
from tests.browsing import decimals, rows

UNKNOWN = "governmentish"


@pytest.fixture(scope="module")
def engine(lee_store):
    """The engine of the model that has rows for pieces of words."""
    library = Library(lee_store)
    return library.engine(library.find("other"))


def test_an_unknown_word_can_be_made(reader, engine):
    """Where the model can, the page offers to; what it then shows is marked, with the pieces, and has an address."""
    reader.visit(model="other", word=UNKNOWN)
    assert f"{UNKNOWN} is not in this model" in reader.one(".problem").text
    assert reader.texts(".problem .chip")[-1] == "Make its vector from its pieces"
    reader.click(".problem > p .chip").until(lambda: reader.all(".pieces")).settled()
    reader.console()  # the browser noted the refusal, and that this model has no vectors of contexts
    assert "on_missing=subword" in reader.state
    asked = questions.Neighbors(word=UNKNOWN, on_missing="subword")
    answer = engine.answer(asked)
    assert reader.rows() == rows(answer.neighbors)
    (made,) = answer.composed
    count = f"{len(made.pieces)} of its {made.of} pieces."
    said = f"{UNKNOWN} is not in this model\u2019s vocabulary: its vector is made from {count}"
    assert reader.one(".pieces summary").text == said
    reader.click(".pieces summary")
    assert reader.texts(".pieces .flowing .word") == list(made.pieces)
    assert reader.texts(".entry .quiet") == []  # it has neither count nor rank


def test_a_model_that_cannot_does_not_offer_to(reader):
    """Without rows of pieces there are near matches alone; asked for all the same, the page says what is missing."""
    reader.visit(model="lee", word=UNKNOWN)
    assert reader.all(".problem > p .chip") == []
    reader.visit(model="lee", word=UNKNOWN, on_missing="subword")
    assert "has no vectors of pieces" in reader.one(".problem").text
    reader.console()


def test_it_can_be_asked_for_beforehand(reader, engine):
    """A box among the filters makes unknown words from their pieces from the start, in an analogy too."""
    known = list(engine.words[40:42])
    reader.visit(model="other").go("analogy").click("[data-panel=analogy] .filters summary")
    reader.click("#analogy-on_missing").type("#a", known[0]).type("#b", known[1]).type("#c", UNKNOWN).send()
    reader.until(lambda: reader.all("table.bars")).settled()
    asked = questions.Analogy(a=known[0], b=known[1], c=UNKNOWN, on_missing="subword")
    assert reader.rows() == rows(engine.answer(asked).neighbors)
    assert reader.one(".pieces summary").text.startswith(UNKNOWN)


def test_two_words_can_be_compared(reader, engine):
    """Each word that was made is told once, however many answers name it."""
    known = engine.words[40]
    reader.visit(model="other", view="compare", a=known, b=UNKNOWN, on_missing="subword")
    asked = questions.Similarity(a=known, b=UNKNOWN, on_missing="subword")
    assert reader.texts(".measure strong") == [decimals(engine.answer(asked).score)]
    assert len(reader.all(".pieces")) == 1
