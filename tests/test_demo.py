"""The embedded default corpus."""

import pytest

from pipeline.text.demo import demo_corpus


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The two files, written once."""
    return demo_corpus(tmp_path_factory.mktemp("demo"))


def test_the_demo_is_real_english_text_one_paragraph_a_line(demo):
    """More than half a million words of 106 Wikipedia articles and 300 news stories, without blank lines."""
    wikipedia, news = (path.read_text("utf-8").split("\n") for path in demo)
    assert [path.name for path in demo] == ["wikipedia.txt", "news.txt"]
    assert len(news) == 300 + 1  # the last line ends too
    assert sum(len(line.split()) for line in wikipedia + news) > 500_000
    assert all(line.strip() == line != "" for line in wikipedia[:-1] + news[:-1])


def test_the_demo_is_free_of_markup(demo):
    """No templates, links, tags or pages that only point to others."""
    text = demo[0].read_text("utf-8")
    assert [mark for mark in ("{{", "[[", "<ref", "#REDIRECT") if mark in text] == []


def test_a_demo_that_is_there_is_left_alone(demo):
    """The second call writes nothing."""
    before = [path.stat().st_mtime_ns for path in demo]
    assert demo_corpus(demo[0].parent) == demo
    assert [path.stat().st_mtime_ns for path in demo] == before


def test_a_missing_file_is_written_again_and_the_other_left_alone(demo):
    """Each file is there whole or not at all, so each is looked for by itself."""
    wikipedia, news = demo
    before, text = wikipedia.stat().st_mtime_ns, news.read_bytes()
    news.unlink()
    demo_corpus(news.parent)
    assert (wikipedia.stat().st_mtime_ns, news.read_bytes()) == (before, text)
