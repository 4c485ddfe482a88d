"""The page in a real browser: what it shows is what the engine answers, and its address is all there is to know."""

import json
import urllib.request

import pytest

from service import questions
from service.library import Library
from tests.browsing import HELD, Keys

MINUS = "\N{MINUS SIGN}"


@pytest.fixture(scope="module")
def engine(lee_store):
    library = Library(lee_store)
    return library.engine(library.find("lee"))


@pytest.fixture(scope="module")
def words(engine):
    """Four common words of the model that have no like among them."""
    return list(engine.words[40:44])


def decimals(score):
    return f"{score:.3f}".replace("-", MINUS)


def rows(neighbors):
    """Neighbors as the page writes them."""
    return [[near.word, decimals(near.score), f"{near.count:,}", f"{near.rank:,}"] for near in neighbors]


# ---- words ----


def test_a_search_shows_the_neighbors_of_the_engine(reader, engine, words):
    """A typed word is answered with its neighbors, their scores, counts and ranks; the address and title say so."""
    reader.visit().type("#word", words[0]).send().until(lambda: reader.texts(".entry h2") == [words[0]])
    reader.settled()
    assert reader.rows() == rows(engine.answer(questions.Neighbors(word=words[0])).neighbors)
    assert f"word={words[0]}" in reader.state
    assert reader.driver.title.startswith(words[0])
    assert words[0] in reader.said


def test_beside_words_like_it_stand_words_that_occur_with_it(reader, engine, words):
    """The second table is the engine's contexts."""
    reader.visit(model="lee", word=words[0])
    assert reader.rows(1) == rows(engine.answer(questions.Contexts(word=words[0])).contexts)


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


def test_blanks_around_a_word_are_not_asked_for(reader, engine, words):
    """What a reader types is trimmed: keyboards of phones put a space after a word."""
    reader.visit(model="lee").type("#word", f"  {words[0]} ").send().until(lambda: reader.texts(".entry h2") == [words[0]])
    assert f"word={words[0]}" in reader.state


def test_going_back_before_the_answer_leaves_nothing_busy(reader):
    """Back at a page without a question, its suggestions are there and nothing waits for what nobody wants."""
    reader.visit(model="lee").type("#word", HELD).send().until(lambda: reader.all(".waiting"))
    reader.back().until(lambda: reader.all(".suggested")).settled()
    assert not reader.all(".waiting")


def test_the_first_view_suggests_words_of_the_model(reader, engine):
    """Without a question there are common words of the model, each with its neighbors, and each leads to them."""
    reader.visit(model="lee").until(lambda: len(reader.all(".card")) == 6)
    word = reader.texts(".card > .word")[0]
    near = engine.answer(questions.Neighbors(word=word, topn=4, min_count=10)).neighbors
    assert reader.texts(".card:first-child .near")[:4] == [found.word for found in near]
    reader.click(".card").until(lambda: reader.texts(".entry h2") == [word]).settled()


def test_other_words_are_suggested_when_asked_for(reader):
    """The button below the suggestions brings others."""
    reader.visit(model="lee").until(lambda: len(reader.all(".card")) == 6)
    before = reader.texts(".card > .word")
    reader.click(".suggested button").until(lambda: reader.texts(".card > .word") not in (before, []))


def test_filters_are_asked_with_and_counted(reader, engine, words):
    """Filters stand in the address, the summary counts them, and the rows are those of the filtered question."""
    reader.visit(model="lee", word=words[0]).click(".filters summary")
    reader.type("#neighbors-min_count", "20").type("#neighbors-topn", "5").type("#neighbors-pattern", ".*e.*").send()
    reader.until(lambda: "min_count=20" in reader.state and len(reader.rows()) == 5).settled()
    asked = questions.Neighbors(word=words[0], topn=5, min_count=20, pattern=".*e.*")
    assert reader.rows() == rows(engine.answer(asked).neighbors)
    assert reader.texts(".tally") == ["3 in force"]
    reader.click("table.bars a").until(lambda: f"word={words[0]}" not in reader.state)
    assert "min_count=20" in reader.state  # walking on keeps them


def test_filters_that_no_word_passes_are_said(reader, words):
    """An empty answer is a sentence, not an empty table."""
    reader.visit(model="lee", word=words[0], prefix="qqq")
    assert "No word passes these filters" in reader.texts(".hint")[0]


def test_an_unknown_word_is_met_with_near_ones(reader, words):
    """The page says which word is not known, and a click on what looks like it asks for that instead."""
    reader.visit(model="lee", word="austrlia")
    assert "austrlia is not in this model" in reader.one(".problem").text
    assert "australia" in reader.texts(".problem .chip")
    reader.click(".problem .chip").until(lambda: reader.texts(".entry h2") == ["australia"]).settled()
    assert all("404" in message for message in reader.console())


def test_a_pattern_that_cannot_be_read_is_explained(reader, words):
    """What the service refuses is shown as a sentence."""
    reader.visit(model="lee", word=words[0], pattern="(")
    assert "pattern" in reader.one(".problem").text
    reader.console()


# ---- autocompletion ----


def test_typing_offers_words_that_begin_so(reader, engine):
    """The list is the engine's, most frequent first; Enter takes what the arrows marked and asks at once."""
    offered = [found.word for found in engine.answer(questions.Words(prefix="aus", topn=8)).words]
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


# ---- analogy, calculator, comparison ----


def test_an_analogy_is_solved_as_the_engine_does(reader, engine, words):
    """The blanks are filled, the answer stands in the sentence, and beside it what is nearest to c alone."""
    a, b, c, _ = words
    reader.visit(model="lee").go("analogy").type("#a", a).type("#b", b).type("#c", c).send()
    answer = engine.answer(questions.Analogy(a=a, b=b, c=c))
    reader.until(lambda: reader.texts(".solution") == [answer.neighbors[0].word]).settled()
    assert reader.rows() == rows(answer.neighbors)
    assert reader.rows(1) == rows(answer.nearest_to_c)
    assert reader.rows(2) == rows(answer.unexcluded)


def test_the_method_of_an_analogy_can_be_chosen(reader, engine, words):
    """The method stands in the address, and the answer is that method's."""
    a, b, c, _ = words
    reader.visit(model="lee", view="analogy", a=a, b=b, c=c)
    reader.click("#method option[value='3cosmul']").send().until(lambda: "method=3cosmul" in reader.state).settled()
    assert reader.rows() == rows(engine.answer(questions.Analogy(a=a, b=b, c=c, method="3cosmul")).neighbors)


def test_the_verdict_says_what_the_offset_did(reader, engine, words):
    """The sentence above the columns agrees with them."""
    a, b, c, _ = words
    reader.visit(model="lee", view="analogy", a=a, b=b, c=c)
    answer = engine.answer(questions.Analogy(a=a, b=b, c=c))
    alone = [near.word for near in answer.nearest_to_c]
    solution = answer.neighbors[0].word
    place = alone.index(solution) + 1 if solution in alone else 0
    said = ["is not among", "is also the word nearest"][place == 1] if place < 2 else f"is number {place} "
    assert said in reader.one(".verdict").text


def test_words_are_added_and_taken_away(reader, engine, words):
    """A sum typed into the calculator, with a sign turned and a weight given, is the engine's most similar."""
    reader.visit(model="lee").go("most-similar")
    first, second = ".terms li:nth-child(1)", ".terms li:nth-child(2)"
    reader.type(f"{first} [data-word]", words[0]).type(f"{second} [data-word]", words[1])
    reader.click(f"{second} .sign").type(f"{second} [type=number]", "0.5").send()
    reader.until(lambda: "negative=" in reader.state and reader.all("table.bars")).settled()
    asked = questions.MostSimilar(positive=(words[0],), negative=(words[1],), negative_weights=(0.5,))
    assert reader.rows() == rows(engine.answer(asked).neighbors)


def test_a_sum_can_have_more_words_and_fewer(reader, words):
    """A word is added and another left out; the address has those that remain."""
    reader.visit(model="lee", view="most-similar", positive=words[:2]).click(".add")
    reader.press(words[2]).press(Keys.ESCAPE).click(".terms li:first-child .remove").send()
    reader.until(lambda: words[2] in reader.state).settled()
    assert reader.state.endswith(f"positive={words[1]}&positive={words[2]}")


def test_two_words_are_compared(reader, engine, words):
    """Their cosine, the rank of each in the other's neighbors, and the neighbors they share."""
    a, b = words[:2]
    reader.visit(model="lee").go("compare").type("#left", a).type("#right", b).send()
    reader.until(lambda: reader.all(".measure")).settled()
    assert reader.texts(".measure strong") == [decimals(engine.answer(questions.Similarity(a=a, b=b)).score)]
    for one, other in ((a, b), (b, a)):
        rank = engine.answer(questions.Rank(a=one, b=other))
        assert f"{other} is number {rank.rank:,} of the {rank.of:,} neighbors of {one}." in reader.one(".verdict").text
    near = [{near.word for near in engine.answer(questions.Neighbors(word=word, topn=100)).neighbors} for word in (a, b)]
    assert f"{len(near[0] & near[1])} of their 100 nearest words are shared" in reader.one("table.both caption").text
    assert {row[0] for row in reader.rows()} <= near[0] & near[1]


def test_one_word_is_looked_up_in_two_models(reader, engine, lee_store, words):
    """Both models' neighbors stand side by side, and those in both are marked."""
    reader.visit(model="lee").go("compare").click("#other option[value='other']")
    reader.type("#both", words[0]).send("[data-panel=models]").until(lambda: len(reader.all("table.bars")) == 2).settled()
    library = Library(lee_store)
    other = library.engine(library.find("other"))
    found = [one.answer(questions.Neighbors(word=words[0])).neighbors for one in (engine, other)]
    assert [reader.rows(0), reader.rows(1)] == [rows(neighbors) for neighbors in found]
    shared = {near.word for near in found[0]} & {near.word for near in found[1]}
    assert set(reader.texts("tr.shared a")) == shared
    assert f"{len(shared)} of 10 neighbors are the same" in reader.one(".verdict").text


# ---- the model ----


def test_the_card_shows_what_is_known_of_the_model(reader, lee_store):
    """Words, dimensions, hashes, corpus and the loss of every pass, drawn."""
    library = Library(lee_store)
    info = library.find("lee")
    card = library.card(info)
    reader.visit(model="lee").go("card")
    for folded in reader.all("details.part > summary"):
        folded.click()
    text = reader.one(".answer").text
    source = card["manifest"]["tokenize"]["inputs"]["sources"][0]
    for fact in (f"{info.words:,}", info.vectors_sha256, source["sha256"], f"{source['bytes']:,}", "skip-gram"):
        assert fact in text
    assert len(reader.all(".curve circle")) == len(card["loss_curve"])


def test_another_model_answers_the_same_question(reader, lee_store, words):
    """Choosing a model keeps the word and shows that model's neighbors; back leads back."""
    reader.visit(model="lee", word=words[0])
    before = reader.rows()
    reader.driver.find_element("css selector", "#model option[value=other]").click()
    reader.until(lambda: "model=other" in reader.state).settled()
    library = Library(lee_store)
    asked = questions.Neighbors(word=words[0])
    assert reader.rows() == rows(library.engine(library.find("other")).answer(asked).neighbors)
    reader.back().until(lambda: "model=lee" in reader.state).settled().until(lambda: reader.rows() == before)
    reader.console()  # `other` has no contexts


def test_a_model_that_is_not_there_is_explained(reader, words):
    """An address with a wrong model offers the right ones, and keeps the question."""
    reader.visit(model="leee", word=words[0])
    reader.click(".problem .chip").until(lambda: reader.texts(".entry h2") == [words[0]]).settled()
    assert "model=lee&" in reader.state
    reader.console()


# ---- addresses ----

VIEWS = {
    "words": {"view": "neighbors", "word": 0, "min_count": "10"},
    "calculator": {"view": "most-similar", "positive": [0, 1], "negative": [2]},
    "analogy": {"view": "analogy", "a": 0, "b": 1, "c": 2, "method": "3cosmul"},
    "comparison": {"view": "compare", "a": 0, "b": 1},
    "two models": {"view": "compare", "word": 0, "other": "other"},
    "card": {"view": "card"},
}


def state_of(view, words):
    """The address of a view, words put in for their numbers."""
    named = {name: value for name, value in VIEWS[view].items()}
    for name, value in named.items():
        if isinstance(value, int):
            named[name] = words[value]
        if isinstance(value, list):
            named[name] = [words[place] for place in value]
    return {"model": "lee@1", **named}


@pytest.mark.parametrize("view", VIEWS)
def test_a_shared_address_shows_the_same_view(reader, words, view):
    """What an address shows does not depend on the way there: come back to or opened anew, it is the same."""
    reader.visit(**state_of(view, words))
    forms = "return [...document.querySelectorAll('main section:not([hidden]) [name]')].map((field) => field.value)"
    address = reader.state
    reader.go("map" if view == "card" else "card").back().until(lambda: reader.state == address).settled()
    shown, fields = reader.one("*").text, reader.js(forms)
    reader.visit(**state_of(view, words))
    assert (reader.one("*").text, reader.js(forms)) == (shown, fields)
    reader.console()


@pytest.mark.parametrize("view", VIEWS)
def test_the_line_for_a_shell_asks_the_same(reader, words, view):
    """Each curl line of a view is an address of this service that answers, with the model that is shown."""
    reader.visit(**state_of(view, words)).click(".curl summary")
    lines = reader.texts(".curl code")
    assert lines
    for line in lines:
        address = line.removeprefix("curl '").removesuffix("'")
        assert address.startswith(reader.address)
        with urllib.request.urlopen(address) as answer:  # noqa: S310 - our own service
            assert json.load(answer)["model"]["name"] in ("lee", "other")


@pytest.mark.parametrize("view", VIEWS)
def test_no_request_leaves_the_host(reader, words, view):
    """Everything that the page fetches comes from the service that it came from."""
    reader.visit(**state_of(view, words))
    asked = [address for address in reader.requests() if not address.startswith(("data:", "blob:"))]
    assert len(asked) > 10
    assert [address for address in asked if not address.startswith(reader.address)] == []


def test_the_line_for_a_shell_can_be_copied(reader, words):
    """The button puts the line on the clipboard and says so."""
    reader.visit(model="lee", word=words[0]).click(".curl summary")
    reader.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    reader.click(".curl button").until(lambda: reader.texts(".curl button")[0] == "Copied")
    copied = reader.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == reader.texts(".curl code")[0]
    assert reader.said == "Copied"
