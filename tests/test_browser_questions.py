"""The page's other questions in a real browser: analogies, sums, comparisons, and the model itself."""

from service import questions
from service.library import Library
from tests.browsing import MINUS, Keys, decimals, rows


def test_an_analogy_is_solved_as_the_engine_does(reader, lee_engine, words):
    """The blanks are filled, the answer stands in the sentence, and beside it what is nearest to c alone."""
    a, b, c, _ = words
    reader.visit(model="lee").go("analogy").type("#a", a).type("#b", b).type("#c", c).send()
    answer = lee_engine.answer(questions.Analogy(a=a, b=b, c=c))
    reader.until(lambda: reader.texts(".solution") == [answer.neighbors[0].word]).settled()
    assert reader.rows() == rows(answer.neighbors)
    assert reader.rows(1) == rows(answer.nearest_to_c)
    assert reader.rows(2) == rows(answer.unexcluded)
    assert reader.one("caption .about").text == f"nearest to {b} {MINUS} {a} + {c}"


def test_the_method_of_an_analogy_can_be_chosen(reader, lee_engine, words):
    """The method stands in the address, and the answer is that method's."""
    a, b, c, _ = words
    reader.visit(model="lee", view="analogy", a=a, b=b, c=c)
    reader.click("#method option[value='3cosmul']").send().until(lambda: "method=3cosmul" in reader.state).settled()
    assert reader.rows() == rows(lee_engine.answer(questions.Analogy(a=a, b=b, c=c, method="3cosmul")).neighbors)
    assert reader.one("caption .about").text.startswith("by cos(")


def test_the_verdict_says_what_the_offset_did(reader, lee_engine, words):
    """The sentence above the columns agrees with them."""
    a, b, c, _ = words
    reader.visit(model="lee", view="analogy", a=a, b=b, c=c)
    answer = lee_engine.answer(questions.Analogy(a=a, b=b, c=c))
    alone = [near.word for near in answer.nearest_to_c]
    solution = answer.neighbors[0].word
    place = alone.index(solution) + 1 if solution in alone else 0
    said = ["is not among", "is also the word nearest"][place == 1] if place < 2 else f"is number {place} "
    assert said in reader.one(".verdict").text


def test_words_are_added_and_taken_away(reader, lee_engine, words):
    """A sum typed into the calculator, with a sign turned and a weight given, is the engine's most similar."""
    reader.visit(model="lee").go("most-similar")
    first, second = ".terms li:nth-child(1)", ".terms li:nth-child(2)"
    reader.type(f"{first} [data-word]", words[0]).type(f"{second} [data-word]", words[1])
    reader.click(f"{second} .sign").type(f"{second} [type=number]", "0.5").send()
    reader.until(lambda: "negative=" in reader.state and reader.all("table.bars")).settled()
    asked = questions.MostSimilar(positive=(words[0],), negative=(words[1],), negative_weights=(0.5,))
    assert reader.rows() == rows(lee_engine.answer(asked).neighbors)


def test_a_sum_can_have_more_words_and_fewer(reader, words):
    """A word is added and another left out; the address has those that remain."""
    reader.visit(model="lee", view="most-similar", positive=words[:2]).click(".add")
    reader.press(words[2]).press(Keys.ESCAPE).click(".terms li:first-child .remove").send()
    reader.until(lambda: words[2] in reader.state).settled()
    assert reader.state.endswith(f"positive={words[1]}&positive={words[2]}")


def test_two_words_are_compared(reader, lee_engine, words):
    """Their cosine, the rank of each in the other's neighbors, and the neighbors they share."""
    a, b = words[:2]
    reader.visit(model="lee").go("compare").type("#left", a).type("#right", b).send()
    reader.until(lambda: reader.all(".measure")).settled()
    assert reader.texts(".measure strong") == [decimals(lee_engine.answer(questions.Similarity(a=a, b=b)).score)]
    for one, other in ((a, b), (b, a)):
        rank = lee_engine.answer(questions.Rank(a=one, b=other))
        assert f"{other} is number {rank.rank:,} of the {rank.of:,} neighbors of {one}." in reader.one(".verdict").text
    answers = [lee_engine.answer(questions.Neighbors(word=word, topn=100)) for word in (a, b)]
    near = [{near.word for near in answer.neighbors} for answer in answers]
    assert f"{len(near[0] & near[1])} of their 100 nearest words are shared" in reader.one("table.both caption").text
    assert {row[0] for row in reader.rows()} <= near[0] & near[1]


def test_the_odd_one_out_is_told(reader, lee_engine, words):
    """Of words with commas between them the page names the one that the engine does, with the cosine of each."""
    reader.visit(model="lee").go("compare").type("#several", ", ".join(words)).send("[data-panel=odd]")
    reader.until(lambda: reader.all("[data-panel=odd] table")).settled()
    answer = lee_engine.answer(questions.DoesntMatch(words=tuple(words)))
    assert reader.one("[data-panel=odd] .verdict").text == f"{answer.word} fits least."
    assert reader.rows() == [[found.word, decimals(found.score)] for found in reversed(answer.scores)]


def test_fewer_than_three_words_are_refused_before_they_are_asked(reader, words):
    """The browser itself says that three are needed; nothing is asked."""
    reader.visit(model="lee").go("compare").type("#several", words[0]).send("[data-panel=odd]")
    assert "At least 3 words" in reader.js("return document.querySelector('#several').validationMessage")
    assert "words=" not in reader.state


def test_one_word_is_looked_up_in_two_models(reader, lee_engine, lee_store, words):
    """Both models' neighbors stand side by side, and those in both are marked."""
    reader.visit(model="lee").go("compare").click("#other option[value='other']")
    reader.type("#both", words[0]).send("[data-panel=models]")
    reader.until(lambda: len(reader.all("table.bars")) == 2).settled()
    library = Library(lee_store)
    other = library.engine(library.find("other"))
    found = [one.answer(questions.Neighbors(word=words[0])).neighbors for one in (lee_engine, other)]
    assert [reader.rows(0), reader.rows(1)] == [rows(neighbors) for neighbors in found]
    shared = {near.word for near in found[0]} & {near.word for near in found[1]}
    assert set(reader.texts("tr.shared a")) == shared
    assert f"{len(shared)} of 10 neighbors are the same" in reader.one(".verdict").text


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
    hashes = [link.get(name) for link in library.whole_card(info)["chain"] for name in ("sha256", "settings_sha256")]
    assert all(sha256 in text for sha256 in filter(None, hashes))
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
