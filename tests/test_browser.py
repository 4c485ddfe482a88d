"""The page in a real browser: words searched, completed, walked through and filtered, as the engine answers them."""

from service import questions
from tests.browsing import HELD, Keys, rows


def test_a_search_shows_the_neighbors_of_the_engine(reader, lee_engine, words):
    """A typed word is answered with its neighbors, their scores, counts and ranks; the address and title say so."""
    reader.visit().type("#word", words[0]).send().until(lambda: reader.texts(".entry h2") == [words[0]])
    reader.settled()
    assert reader.rows() == rows(lee_engine.answer(questions.Neighbors(word=words[0])).neighbors)
    assert f"word={words[0]}" in reader.state
    assert reader.driver.title.startswith(words[0])
    assert words[0] in reader.said


def test_beside_words_like_it_stand_words_that_occur_with_it(reader, lee_engine, words):
    """The second table is the engine's contexts."""
    reader.visit(model="lee", word=words[0])
    assert reader.rows(1) == rows(lee_engine.answer(questions.Contexts(word=words[0])).contexts)


def test_a_model_without_contexts_says_so(reader, words):
    """Where a model has none, its neighbors are shown all the same, and a sentence in place of the contexts."""
    reader.visit(model="other", word=words[0])
    assert len(reader.rows()) == 10
    assert "does not say" in reader.one(".columns .hint").text
    reader.console()  # the refusal of the API is there


def test_a_click_on_a_neighbor_walks_on_and_back_leads_back(reader, words):
    """A click shows the neighbor's own neighbors; the back button shows again what was there, field and address too."""
    reader.visit(model="lee", word=words[0])
    before, address = reader.rows(), reader.state
    nearest = before[0][0]
    reader.click("table.bars a").until(lambda: reader.texts(".entry h2") == [nearest]).settled()
    assert reader.one("#word").get_attribute("value") == nearest
    reader.back().until(lambda: reader.texts(".entry h2") == [words[0]]).settled()
    assert (reader.rows(), reader.state) == (before, address)
    assert reader.one("#word").get_attribute("value") == words[0]


def test_blanks_around_a_word_are_not_asked_for(reader, words):
    """What a reader types is trimmed: keyboards of phones put a space after a word."""
    reader.visit(model="lee").type("#word", f"  {words[0]} ").send()
    reader.until(lambda: reader.texts(".entry h2") == [words[0]]).settled()
    assert f"word={words[0]}" in reader.state


def test_going_back_before_the_answer_leaves_nothing_busy(reader):
    """Back at a page without a question, its suggestions are there and nothing waits for what nobody wants."""
    reader.visit(model="lee").type("#word", HELD).send().until(lambda: reader.all(".waiting"))
    reader.back().until(lambda: reader.all(".suggested")).settled()
    assert not reader.all(".waiting")


def test_the_first_view_suggests_words_of_the_model(reader, lee_engine):
    """Without a question there are common words of the model, each with its neighbors, and each leads to them."""
    reader.visit(model="lee").until(lambda: len(reader.all(".card")) == 6)
    word = reader.texts(".card > .word")[0]
    near = lee_engine.answer(questions.Neighbors(word=word, topn=4, min_count=10)).neighbors
    assert reader.texts(".card:first-child .near")[:4] == [found.word for found in near]
    reader.click(".card").until(lambda: reader.texts(".entry h2") == [word]).settled()


def test_other_words_are_suggested_when_asked_for(reader):
    """The button below the suggestions brings others."""
    reader.visit(model="lee").until(lambda: len(reader.all(".card")) == 6)
    before = reader.texts(".card > .word")
    reader.click(".suggested button").until(lambda: reader.texts(".card > .word") not in (before, []))


def test_filters_are_asked_with_and_counted(reader, lee_engine, words):
    """Filters stand in the address, the summary counts them, and the rows are those of the filtered question."""
    reader.visit(model="lee", word=words[0]).click(".filters summary")
    reader.type("#neighbors-min_count", "20").type("#neighbors-topn", "5").type("#neighbors-pattern", ".*e.*").send()
    reader.until(lambda: "min_count=20" in reader.state and len(reader.rows()) == 5).settled()
    asked = questions.Neighbors(word=words[0], topn=5, min_count=20, pattern=".*e.*")
    assert reader.rows() == rows(lee_engine.answer(asked).neighbors)
    assert reader.texts(".tally") == ["3 in force"]
    reader.click("table.bars a").until(lambda: f"word={words[0]}" not in reader.state)
    assert "min_count=20" in reader.state  # walking on keeps them


def test_filters_that_no_word_passes_are_said(reader, words):
    """An empty answer is a sentence, not an empty table."""
    reader.visit(model="lee", word=words[0], prefix="qqq")
    assert "No word passes these filters" in reader.texts(".hint")[0]


def test_an_unknown_word_is_met_with_near_ones(reader):
    """The page says which word is not known, and a click on what looks like it asks for that instead."""
    reader.visit(model="lee", word="austrlia")
    assert "austrlia is not in this model" in reader.one(".problem").text
    assert "australia" in reader.texts(".problem .chip")
    reader.click(".problem .chip").until(lambda: reader.texts(".entry h2") == ["australia"]).settled()
    reader.console()  # the browser noted the refusal


def test_a_pattern_that_cannot_be_read_is_explained(reader, words):
    """What the service refuses is shown as a sentence."""
    reader.visit(model="lee", word=words[0], pattern="(")
    assert "pattern" in reader.one(".problem").text
    reader.console()


def test_a_service_that_does_not_answer_can_be_asked_again(reader, words):
    """Without a network the page says so, and asks again when told to."""
    reader.visit(model="lee")
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    reader.driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    reader.type("#word", words[0]).send().until(lambda: reader.all(".problem"))
    assert "does not answer" in reader.one(".problem").text
    reader.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {**offline, "offline": False})
    reader.click(".problem .chip").until(lambda: reader.texts(".entry h2") == [words[0]]).settled()
    reader.console()


def test_typing_offers_words_that_begin_so(reader, lee_engine):
    """The list is the engine's, most frequent first; Enter takes what the arrows marked and asks at once."""
    offered = [found.word for found in lee_engine.answer(questions.Words(prefix="aus", topn=8)).words]
    reader.visit(model="lee").type("#word", "aus").until(lambda: reader.texts("[role=option] .word") == offered)
    assert reader.one("#word").get_attribute("aria-expanded") == "true"

    reader.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    marked = reader.one("#word").get_attribute("aria-activedescendant")
    assert reader.one(f"#{marked}").get_attribute("aria-selected") == "true"
    reader.press(Keys.ENTER).until(lambda: reader.texts(".entry h2") == [offered[1]]).settled()
    assert reader.one("#word").get_attribute("aria-expanded") == "false"


def test_escape_closes_the_list_and_leaves_what_was_typed(reader):
    """Escape closes the suggestions only."""
    reader.visit(model="lee").type("#word", "aus").until(lambda: reader.all("[role=option]"))
    reader.press(Keys.ESCAPE).until(lambda: not reader.all("[role=option]"))
    assert reader.one("#word").get_attribute("value") == "aus"
