"""A line of text to tokens."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import TokenSettings
from pipeline.text.tokens import Tokenizer

WHITE_SPACE = [chr(point) for point in range(0x110000) if chr(point).isspace()]
TRICKY = "aZß9_'\u2019.-Σσİ½²日ｱ\u200c\u200d\u0301\u093f\u094d\u0939\ufe0f❤\U0001f600\U0001d167\U000e0100\u212b"
texts = st.text(st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"])), max_size=30)
patterns = st.sampled_from(
    ["", r"\S+", r".*", r"[^ ]+", r"a\s+b|b", r"^\w+$", r"(\w)(\w)?", r"x*", r"\w+(?=\s)", r"(?s)."]
)


def own_words(text):
    """The words of a text, letter by letter, without a regular expression."""
    text = unicodedata.normalize("NFC", text.lower()).replace("\u2019", "'")
    words, word = [], ""
    for here, after in zip(text, text[1:] + " ", strict=False):
        inside = word and (unicodedata.category(here)[0] == "M" or (here in "'\u200c\u200d" and after.isalnum()))
        if here.isalnum() or inside:
            word += here
        elif word:
            words.append(word)
            word = ""
    return [*words, word] if word else words


@given(texts)
def test_a_word_is_what_the_documentation_says(text):
    """Letters, digits and marks that begin with a letter or digit, joined by apostrophes and joiners: nothing else."""
    assert Tokenizer(TokenSettings(keep_numbers=True)).tokens(text) == own_words(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don\u2019t stop, l'homme!", ["don't", "stop", "l'homme"]),
        ("the dogs' 'n' ''italic''", ["the", "dogs", "n", "italic"]),
        ("snake_case", ["snake", "case"]),
        ("हिन्दी में किताब", ["हिन्दी", "में", "किताब"]),
        ("می\u200cخواهم ශ්\u200dරී", ["می\u200cخواهم", "ශ්\u200dරී"]),  # noqa: RUF001 - Persian
        ("x² ½ 1990s 1990 ٣", ["x²", "½", "1990s"]),
        ("I ❤\ufe0flove 1\ufe0f\u20e3", ["i", "love", "1\ufe0f\u20e3"]),
        ("ΟΔΟΣ Straße ÅNGSTRÖM A\u030angstro\u0308m", ["οδος", "straße", "ångström", "ångström"]),
        ("one\u2028two\x85three\x0bfour", ["one", "two", "three", "four"]),
    ],
)
def test_examples(text, tokens):
    """Apostrophes, marks, joiners, numbers, emoji, capitals and composed letters come out as a reader would expect."""
    assert Tokenizer(TokenSettings()).tokens(text) == tokens


def test_every_combining_mark_stays_inside_its_word():
    """No mark of this Python's Unicode data splits a word, on whatever plane it is."""
    tokenizer = Tokenizer(TokenSettings())
    marks = [chr(point) for point in range(0x110000) if unicodedata.category(chr(point)).startswith("M")]
    assert [mark for mark in marks if len(tokenizer.tokens(f"a{mark}b")) != 1] == []


@given(texts)
def test_composed_and_decomposed_text_give_the_same_tokens(text):
    """Tokens are in normal form C, and the form of the text makes no difference."""
    tokens = Tokenizer(TokenSettings()).tokens(text)
    assert all(unicodedata.is_normalized("NFC", token) for token in tokens)
    assert Tokenizer(TokenSettings()).tokens(unicodedata.normalize("NFD", text)) == tokens


@given(texts, st.sampled_from(WHITE_SPACE), texts, patterns, st.booleans())
def test_text_may_be_cut_at_any_white_space(before, white, after, pattern, keep_case):
    """The tokens of two texts with white space between them are the tokens of each, whatever the pattern."""
    tokenizer = Tokenizer(TokenSettings(token_pattern=pattern, keep_case=keep_case))
    assert tokenizer.tokens(before + white + after) == tokenizer.tokens(before) + tokenizer.tokens(after)


@given(texts, patterns)
def test_no_token_is_empty_or_holds_white_space(text, pattern):
    """A line feed can separate words on disk because no pattern lets white space in."""
    tokens = Tokenizer(TokenSettings(token_pattern=pattern)).tokens(text)
    assert all(token and not any(map(str.isspace, token)) for token in tokens)


def test_settings_choose_the_tokens():
    """keep_case, keep_numbers and min_length each do what their help says."""
    text = "The 12 of 1990s"
    chosen = {
        "keep_case": Tokenizer(TokenSettings(keep_case=True)).tokens(text),
        "keep_numbers": Tokenizer(TokenSettings(keep_numbers=True)).tokens(text),
        "min_length": Tokenizer(TokenSettings(min_length=3)).tokens(text),
    }
    assert chosen == {
        "keep_case": ["The", "of", "1990s"],
        "keep_numbers": ["the", "12", "of", "1990s"],
        "min_length": ["the", "1990s"],
    }


def test_a_pattern_with_groups_gives_whole_matches():
    """Groups in a pattern are for its author, the match counts as a whole."""
    settings = TokenSettings(token_pattern=r"(\w+)@(\w+)")  # noqa: S106 - not that kind of token
    assert Tokenizer(settings).tokens("to Ann@Home, now") == ["ann@home"]


def test_with_gensims_expression_the_tokens_are_gensims(lee_text):
    """Given the regular expression of gensim's tokenizer, Firth finds on real text the tokens that gensim finds."""
    from gensim.utils import PAT_ALPHABETIC, tokenize

    text = lee_text.read_text("utf-8")
    tokens = Tokenizer(TokenSettings(token_pattern=PAT_ALPHABETIC.pattern)).tokens(text)
    assert tokens == list(tokenize(text, lowercase=True))
    assert len(tokens) > 50_000
