"""Co-occurrences: those that a loop over all pairs of tokens finds, exactly, in whatever way they are counted."""

import hashlib
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cooccurrence import tally
from pipeline.cooccurrence.cells import KEYS, UNITS
from pipeline.cooccurrence.counting import Counting, count, count_share
from pipeline.cooccurrence.runs import Run, merged
from pipeline.cooccurrence.tally import Tally
from pipeline.cooccurrence.units import WHOLE, units
from pipeline.settings import VocabularySettings
from pipeline.text.chunk import Chunk
from pipeline.text.token_files import TokenCorpus
from storage.errors import SettingError

SIZE = 6
SENTENCES = st.lists(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=9), min_size=1, max_size=5)
WAYS = st.just(SIZE), st.integers(1, 10), st.booleans(), st.sampled_from([1, 10**7])
TINY = 1  # bytes of memory: no square of frequent words, and as few notes at a time as there can be


class Sentences:
    """A text of sentences, `chunk` tokens at a time."""

    def __init__(self, sentences, chunk):
        self.ids = np.array([word for sentence in sentences for word in sentence], np.int32)
        self.sentence = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
        self.chunk = chunk

    def chunks(self, _):
        """The tokens in order."""
        for start in range(0, len(self.ids), self.chunk):
            part = slice(start, start + self.chunk)
            yield Chunk(self.ids[part], self.sentence[part], start)


def brute_force(sentences, window, symmetric):
    """Weight of each row and column, exactly: every token with every other one before it in its sentence."""
    found = Counter()
    for sentence in sentences:
        for place, center in enumerate(sentence):
            for before in range(max(0, place - window), place):
                found[center, sentence[before]] += Fraction(1, place - before)
                if symmetric:
                    found[sentence[before], center] += Fraction(1, place - before)
    return found


def as_weights(cells):
    """The same from counted cells, both halves of a symmetric matrix."""
    rows, columns = np.divmod(cells.keys, cells.size_v)
    weights = [Fraction(int(each), WHOLE) for each in np.fromfile(cells.folder / UNITS, "<i8")]
    found = dict(zip(zip(rows.tolist(), columns.tolist(), strict=True), weights, strict=True))
    if cells.symmetric:
        assert (rows <= columns).all()
        found |= {(column, row): weight for (row, column), weight in found.items()}
    return found


def digest(cells):
    """Of all bytes that a counting left."""
    return hashlib.sha256(b"".join((cells.folder / name).read_bytes() for name in (KEYS, UNITS))).hexdigest()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Gives an empty folder for each counting."""
    return lambda: tmp_path_factory.mktemp("counted")


@settings(max_examples=50)
@given(SENTENCES, st.integers(1, 12), st.builds(Counting, *WAYS))
def test_counts_are_those_of_a_loop_over_all_pairs(folders, sentences, chunk, how):
    """To the last bit, to both sides or to the left, wherever chunks are cut, with much memory and with little."""
    cells = count(Sentences(sentences, chunk), how, folders())
    assert as_weights(cells) == brute_force(sentences, how.window, how.symmetric)
    assert (np.diff(cells.keys) > 0).all()


@settings(max_examples=25)
@given(SENTENCES, st.integers(1, 10), st.integers(1, 3), st.integers(1, 4))
def test_shares_of_the_text_add_up(folders, sentences, window, chunk, processes):
    """What all processes count of their chunks is what one counts of all."""
    text, folder = Sentences(sentences, chunk), folders()
    shares = [
        count_share(text, Counting(SIZE, window, True, TINY, processes), n, folder / str(n)) for n in range(processes)
    ]
    runs = [Run.open(path) for paths in shares for path in paths]
    alone = count(text, Counting(SIZE, window, True, TINY), folders())
    assert [key for piece in merged(runs, 5) for key in piece.keys.tolist()] == alone.keys.tolist()


def test_any_number_of_processes_and_any_memory_give_the_same_bytes(lee_tokens, folders):
    """One process or two, all in memory or in many runs on disk."""
    corpus = TokenCorpus.open(lee_tokens)
    size = len(corpus.vocabulary(VocabularySettings()))
    found = {
        digest(count(corpus, Counting(size, 5, True, memory, processes), folders()))
        for memory, processes in ((10**9, 1), (TINY, 1), (10**7, 2))
    }
    assert len(found) == 1


def test_little_memory_means_many_runs(folders, monkeypatch):
    """Notes that find no room become a run each time they fill theirs, and the square of frequent words one more."""
    monkeypatch.setattr(tally, "FEWEST_NOTES", 10)
    each = Tally(SIZE, 2, symmetric=True, memory=10 * tally.NOTE_BYTES, folder=folders())
    each.side = 0  # no word is frequent
    each.add(np.arange(SIZE, dtype=np.int32).repeat(10), np.zeros(10 * SIZE, np.int64))
    assert len(each.finish()) == 12


@given(st.lists(st.lists(st.integers(0, 50), unique=True).map(sorted), min_size=1, max_size=4), st.integers(1, 60))
def test_merged_runs_hold_each_key_once(runs, most):
    """In order, with the sum of its units, in pieces of any size."""
    made = [Run(np.array(keys, np.int64), np.arange(1, len(keys) + 1)) for keys in runs]
    wanted = Counter()
    for run in made:
        wanted.update(dict(zip(run.keys.tolist(), run.units.tolist(), strict=True)))
    found = [pair for piece in merged(made, most) for pair in zip(*(each.tolist() for each in piece), strict=True)]
    assert found == sorted(wanted.items())


def test_weights_are_whole_numbers_of_units():
    """Exact up to distance 22, and within a part in 400,000 up to 1,000."""
    exact, all_of_them = units(22), units(1000)
    assert all(int(unit) * distance == WHOLE for distance, unit in enumerate(exact, start=1))
    off = np.abs(all_of_them * np.arange(1, 1001) / WHOLE - 1)
    assert off.max() < 1 / 400_000


def test_too_many_words_for_a_key_are_refused(tmp_path):
    """A key and a distance must fit 63 bits; the message says what to do."""
    with pytest.raises(SettingError, match="raise min_count or lower window"):
        Tally(2**30, 1000, symmetric=True, memory=TINY, folder=tmp_path)


def test_pairs_of_a_word(folders):
    """`a b a` with window 2: (a, b) twice from each side is one pair each way, (a, a) one more; it is told of both."""
    cells = count(Sentences([[0, 1, 0]], 10), Counting(2, 2, True, TINY), folders())
    assert as_weights(cells) == {(0, 1): 2, (1, 0): 2, (0, 0): 1}
    assert cells.pairs(1).tolist() == [6, 2]
