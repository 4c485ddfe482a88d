"""The pages at /docs in a real browser: the whole API, to read and to try, under the strict policy, from here alone."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from service.questions import QUESTIONS


def found(reader, selector):
    """The elements of the pages, once there are some."""
    reader.until(lambda: reader.driver.find_elements(By.CSS_SELECTOR, selector))
    return reader.driver.find_elements(By.CSS_SELECTOR, selector)


def opened(reader):
    """A reader who has opened the pages."""
    reader.driver.get(f"{reader.address}docs")
    found(reader, ".opblock")
    return reader


def test_every_question_is_there(reader):
    """Every question is listed with both of its methods."""
    listed = {block.text for block in found(opened(reader), ".opblock-summary-path")}
    for name in QUESTIONS:
        assert any(text.replace("\u200b", "").endswith(f"/{name}") for text in listed), name
    assert len(found(reader, ".opblock-get")) == len(QUESTIONS) + 3  # and the models, a card, a map
    assert len(found(reader, ".opblock-post")) == len(QUESTIONS) + 1  # and batches


def test_nothing_leaves_the_host(reader):
    """The pages ask only this service; that the policy kept nothing back is seen from the empty console."""
    opened(reader)
    asked = [address for address in reader.requests() if not address.startswith("data:")]
    assert len(asked) > 4
    assert all(address.startswith(reader.address) for address in asked)


def test_a_question_can_be_tried(reader):
    """What is filled in is asked of this service, and its answer is shown."""
    opened(reader)
    block = "#operations-questions-get_words"
    found(reader, f"{block} .opblock-summary-control")[0].click()
    found(reader, f"{block} .try-out__btn")[0].click()
    field = found(reader, f"{block} tr[data-param-name=model] input")[0]
    field.clear()
    field.send_keys("lee", Keys.TAB)  # what was typed counts when the field is left
    reader.js("arguments[0].click()", found(reader, f"{block} .execute")[0])
    status = found(reader, f"{block} .live-responses-table .response-col_status")
    assert "200" in [each.text.split()[0] for each in status if each.text]
