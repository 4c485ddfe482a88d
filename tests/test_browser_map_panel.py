"""The map on the page, in a real browser: found, hovered, picked, and kept while words are walked through."""

from selenium.webdriver.common.action_chains import ActionChains

from service import questions
from tests.browsing import Keys


def hovered(reader):
    """The word that the page names under the pointer."""
    return reader.js("return document.querySelector('.hovered').textContent")


def point_at(reader, right=0, down=0):
    """Move the pointer to a place of the map, as far from its middle."""
    ActionChains(reader.driver).move_to_element_with_offset(reader.one(".atlas canvas"), right, down).perform()
    return reader


def test_a_word_is_found_and_named_under_the_pointer(reader, lee_engine, words):
    """A searched word comes to the middle of the map: there the pointer finds it. Its neighbors stand beside it."""
    reader.visit(model="lee").go("map").type("#place", words[0]).send()
    reader.until(lambda: f"word={words[0]}" in reader.state and reader.all("table.bars")).settled()
    point_at(reader, 40, 40)
    point_at(reader).until(lambda: hovered(reader) == words[0])
    near = lee_engine.answer(questions.Neighbors(word=words[0])).neighbors
    assert [row[0] for row in reader.rows()] == [found.word for found in near]


def test_a_click_on_a_point_marks_its_neighbors(reader):
    """The word under the pointer becomes the chosen one, in the address too; back leads to the map without it."""
    reader.visit(model="lee", view="map")
    places = ((right, down) for down in range(-150, 151, 10) for right in range(-200, 201, 10))
    word = next(found for place in places if (found := hovered(point_at(reader, *place))))
    ActionChains(reader.driver).click().perform()
    reader.until(lambda: f"word={word}" in reader.state and reader.all("table.bars")).settled()
    assert reader.one("#place").get_attribute("value") == word
    reader.back().until(lambda: reader.all(".regions"))


def test_walking_stays_on_the_map(reader, words):
    """A neighbor in the list beside the map leads to its place there; the map is not loaded again."""
    reader.visit(model="lee", view="map", word=words[0])
    reader.requests()
    nearest = reader.rows()[0][0]
    reader.click("table.bars a").until(lambda: f"word={nearest}" in reader.state).settled()
    assert "view=map" in reader.state
    assert [address for address in reader.requests() if address.endswith("/map")] == []


def test_the_map_is_loaded_when_it_is_opened(reader, words):
    """Who does not open the map fetches neither its drawing nor its data."""
    reader.visit(model="lee", word=words[0])
    early = [address for address in reader.requests() if "map" in address and not address.endswith("map.css")]
    assert [address for address in early if "/views/" not in address] == []
    reader.go("map").until(lambda: reader.all(".atlas canvas")).settled()
    assert any(address.endswith("/models/lee/map") for address in reader.requests())


def test_a_word_of_the_view_goes_along_to_the_map(reader, words):
    """From a word's neighbors the navigation leads to that word's place."""
    reader.visit(model="lee", word=words[0]).go("map")
    assert f"word={words[0]}" in reader.state
    assert reader.texts(".answer caption .formula") == [words[0]]


def test_a_model_without_a_map_says_so(reader):
    """Where a model was stored without one, a sentence says so, and other models still have theirs."""
    reader.visit(model="other", view="map")
    assert "has no map" in reader.one(".problem").text
    reader.driver.find_element("css selector", "#model option[value=lee]").click()
    reader.until(lambda: reader.all(".regions")).settled()
    reader.console()  # the browser noted the refusal


def test_the_map_is_used_from_the_keyboard(reader, words):
    """Focused, the map names the word in its middle after a key, and Enter picks it."""
    reader.visit(model="lee", view="map", word=words[0])
    reader.js("document.querySelector('.atlas canvas').focus()")
    reader.press("+").until(lambda: hovered(reader))
    word = hovered(reader)
    assert reader.said == word
    reader.press(Keys.ENTER).until(lambda: f"word={word}" in reader.state).settled()
