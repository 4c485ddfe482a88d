"""Phrases: scores by hand, and everything equal to gensim's `Phrases`, token by token and bit by bit."""

import math
from collections import Counter
from itertools import chain, pairwise

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli import firth
from pipeline.settings import PHRASE_THRESHOLDS, PhraseSettings, TokenSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.connectors import ENGLISH, connector_words
from pipeline.text.pairs import PairCounts
from pipeline.text.phrases import joined, scores
from pipeline.text.phrasing import STRETCH, join_phrases
from pipeline.text.same_text import is_compound
from pipeline.text.token_files import TokenCorpus
from pipeline.text.token_writer import token_writer
from pipeline.text.tokenizing import tokenize
from pipeline.text.word_counts import ranked
from storage.errors import InputError, SettingError

AS_IS = TokenSettings(token_pattern=r"\S+", keep_case=True)  # noqa: S106 - not that kind of token

small_texts = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "of", "a_b", "b_c", "_", "a_", "of_c", "aa"]), max_size=12), max_size=8
)
small_choices = st.builds(
    PhraseSettings,
    phrases=st.just(3),
    phrase_scoring=st.sampled_from(["default", "npmi"]),
    phrase_threshold=st.sampled_from([0.01, 0.2, 0.5, 1.0]),
    phrase_min_count=st.integers(1, 2),
    phrase_delimiter=st.sampled_from(["_", "__", "a", "_a_"]),
    connector_words=st.sampled_from(["", "of", "of,a", "of,of_c,_"]),
)


def phrase_files(folder):
    """The stage's phrases.tsv as rows of columns."""
    stage = StageFolder(folder)
    lines = (stage.data(stage.manifest("tokenize")) / "phrases.tsv").read_text("utf-8").splitlines()
    assert lines[0] == "pass\tphrase\ttokens\tscore\tcount\tjoined"
    return [line.split("\t") for line in lines[1:]]


def sentences_in(folder):
    """The stage's sentences as words."""
    corpus = TokenCorpus.open(folder)
    words = corpus.vocabulary(VocabularySettings(min_count=1)).words
    return [[words[i] for i in sentence] for sentence in corpus.sentences_of_ids(len(words))]


def joined_text(folder, lines, phrasing, tokens=AS_IS):
    """The sentences that `tokenize` makes of these lines; its output is in folder/out."""
    (folder / "text.txt").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    tokenize(StageFolder(folder / "out"), [str(folder / "text.txt")], tokens, phrasing, processes=1)
    return sentences_in(folder / "out")


def in_gensim(sentences, phrasing):
    """The sentences after stacked passes of gensim's `Phrases`, and what each pass found with its scores."""
    from gensim.models.phrases import Phrases

    found = []
    for _ in range(phrasing.phrases):
        model = Phrases(
            sentences,
            min_count=phrasing.phrase_min_count,
            threshold=phrasing.threshold,
            scoring=phrasing.phrase_scoring,
            delimiter=phrasing.phrase_delimiter,
            connector_words=frozenset(connector_words(phrasing.connector_words)),
        )
        found.append((model.find_phrases(sentences), model.export_phrases()))
        sentences = [model[sentence] for sentence in sentences]
    return sentences, found


class TestScores:
    """The formulas, by hand: n(a) = 4, n(b) = 5, n(ab) = 3, 40 different words and pairs, 100 tokens, min_count 1."""

    def score(self, scoring):
        """The score of that pair."""
        ends = (np.array([4]), np.array([5]))
        return scores(scoring, ends, np.array([3]), entries=40, tokens=100, least=1)[0]

    def test_default(self):
        """(n(ab) - min_count) / (n(a) n(b)) * entries = (3 - 1) / (4 * 5) * 40 = 4."""
        assert self.score("default") == pytest.approx(4)

    def test_word2phrase(self):
        """(n(ab) - min_count) / (n(a) n(b)) * tokens = (3 - 1) / (4 * 5) * 100 = 10."""
        assert self.score("word2phrase") == pytest.approx(10)

    def test_npmi(self):
        """ln(p(ab) / (p(a) p(b))) / -ln p(ab) = ln(0.03 / (0.04 * 0.05)) / -ln 0.03 = ln 15 / -ln 0.03 = 0.7723."""
        assert self.score("npmi") == pytest.approx(math.log(15) / -math.log(0.03))
        assert self.score("npmi") == pytest.approx(0.7723, abs=5e-5)

    def test_npmi_has_its_landmarks(self):
        """1 where two words stand only together; 0 where they are independent."""
        ends = (np.array([7, 20]), np.array([7, 10]))
        found = scores("npmi", ends, np.array([7, 2]), entries=0, tokens=100, least=1)
        assert found == pytest.approx([1, 0])

    def test_counts_beyond_32_bits_do_not_overflow(self):
        """The product of two counts of four billion is still right."""
        big = np.array([4_000_000_000])
        assert scores("default", (big, big), big, entries=1, tokens=1, least=0)[0] == pytest.approx(1 / 4e9)


def test_the_whole_by_hand(tmp_path):
    """Five words and four pairs are 9 entries: `new york` has (2 - 1) / (2 * 2) * 9 = 2.25, and `york is` too.

    From left to right the first of them is joined, so the second cannot be.
    """
    chosen = PhraseSettings(phrases=1, phrase_threshold=2, phrase_min_count=1)
    lines = ["new york is big", "new york is old"]
    assert joined_text(tmp_path, lines, chosen) == [["new_york", "is", "big"], ["new_york", "is", "old"]]
    assert phrase_files(tmp_path / "out") == [
        ["1", "new_york", "new york", "2.25", "2", "2"],
        ["1", "york_is", "york is", "2.25", "2", "0"],
    ]
    found = StageFolder(tmp_path / "out").manifest("tokenize").report
    assert (found["tokens"], found["types"], found["sentences"]) == (6, 4, 2)
    best = {"phrase": "new_york", "tokens": "new york", "score": 2.25, "count": 2, "joined": 2}
    assert found["phrases"][0] | {"top": found["phrases"][0]["top"][:1]} == {"phrases": 2, "joined": 2, "top": [best]}


def test_the_threshold_itself_is_not_enough(tmp_path):
    """A score has to be greater than the threshold, as in gensim and word2phrase."""
    lines = ["new york is big", "new york is old"]
    at, below = 2.25, np.nextafter(2.25, 0)
    for threshold, expected in [(at, "new"), (below, "new_york")]:
        chosen = PhraseSettings(phrases=1, phrase_threshold=float(threshold), phrase_min_count=1)
        assert joined_text(tmp_path, lines, chosen)[0][0] == expected


def test_word2phrase_multiplies_by_the_tokens(tmp_path):
    """The 8 tokens take the place of the 9 entries: (2 - 1) / (2 * 2) * 8 = 2."""
    chosen = PhraseSettings(phrases=1, phrase_scoring="word2phrase", phrase_threshold=1.9, phrase_min_count=1)
    joined_text(tmp_path, ["new york is big", "new york is old"], chosen)
    assert phrase_files(tmp_path / "out")[0][3] == "2.0"


def test_without_a_threshold_each_scoring_has_its_own():
    """gensim's 10 for its own scoring, word2phrase's 100 for that of the program, 0.5 for npmi."""
    assert PHRASE_THRESHOLDS == {"default": 10, "word2phrase": 100, "npmi": 0.5}
    for scoring, threshold in PHRASE_THRESHOLDS.items():
        assert PhraseSettings(phrase_scoring=scoring).threshold == threshold


class TestEqualToGensim:
    """The same sentences, phrases and scores, to the last bit."""

    @pytest.mark.parametrize("connectors", ["", "english"])
    @pytest.mark.parametrize("scored", [("default", 3.0), ("default", 30.0), ("npmi", 0.4)])
    def test_on_real_text(self, lee_text, lee_tokens, tmp_path, scored, connectors):
        """300 news stories, three passes, each over what the last one joined."""
        scoring, threshold = scored
        chosen = PhraseSettings(
            phrases=3, phrase_scoring=scoring, phrase_threshold=threshold, connector_words=connectors
        )
        tokenize(StageFolder(tmp_path), [str(lee_text)], TokenSettings(), chosen)
        expected, found = in_gensim(sentences_in(lee_tokens), chosen)
        assert sentences_in(tmp_path) == expected
        rows = phrase_files(tmp_path)
        for number, (in_text, _) in enumerate(found, 1):
            own = {(row[1], float(row[3])) for row in rows if row[0] == str(number) and row[5] != "0"}
            assert {phrase for phrase, _ in own} == in_text.keys()
            assert set(in_text.items()) <= own  # gensim keeps one score where two pairs are written alike
        assert {row[1]: float(row[3]) for row in rows if row[0] == "1"} == found[0][1]
        assert len(found[1][0]) > 10

    @settings(max_examples=150)
    @given(small_texts, small_choices, st.sampled_from([1, 2, 3, 7, STRETCH]))
    def test_on_any_text(self, tmp_path_factory, lines, chosen, stretch):
        """Small texts, tokens that hold the delimiter and are written like phrases, and stretches of any length."""
        lines = [*filter(None, lines), ["a", "b"]]
        assert in_memory(tmp_path_factory.mktemp("any"), lines, chosen, stretch)[0] == in_gensim(lines, chosen)[0]


def in_memory(folder, lines, phrasing, stretch=STRETCH):
    """The sentences after `join_phrases` with `stretch` tokens read at a time, and the tables of the passes."""
    counts = Counter(chain.from_iterable(lines))
    ids = {word: number for number, word in enumerate(counts)}
    vocabulary, rank = ranked(list(counts), np.array([*counts.values()]))
    with token_writer(folder) as writer:
        tokens = np.array([ids[word] for word in chain.from_iterable(lines)], np.int32)
        writer.add(tokens, np.cumsum([len(line) for line in lines]))
        writer.finish(rank)
    connectors = connector_words(phrasing.connector_words)
    vocabulary, tables = join_phrases(folder, vocabulary, phrasing, connectors, stretch)
    written, offsets = np.load(folder / "ids.npy"), np.load(folder / "offsets.npy")
    assert sorted(file.name for file in folder.iterdir()) == ["ids.npy", "offsets.npy"]
    assert np.bincount(written, minlength=len(vocabulary)).tolist() == vocabulary.counts.tolist()
    words = [vocabulary.words[i] for i in written]
    return [words[start:stop] for start, stop in pairwise(offsets)], tables


class TestConnectors:
    """Connector words stand inside phrases, never at their ends."""

    def test_a_phrase_is_joined_over_them(self, tmp_path):
        """`bank of america` is one token; a connector word that is left over stays where it was."""
        chosen = PhraseSettings(phrases=1, phrase_threshold=0.5, phrase_min_count=1, connector_words="of,the")
        lines = ["the bank of america of the", "the bank of america", "of the"]
        assert joined_text(tmp_path, lines, chosen) == [
            ["the", "bank_of_america", "of", "the"],
            ["the", "bank_of_america"],
            ["of", "the"],
        ]
        assert phrase_files(tmp_path / "out")[0][:3] == ["1", "bank_of_america", "bank of america"]

    def test_english_is_gensims_list(self):
        """The list that is known by name has the same words."""
        from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS

        assert frozenset(ENGLISH) == ENGLISH_CONNECTOR_WORDS
        assert connector_words("english") == ENGLISH == tuple(sorted(ENGLISH))

    def test_a_list_and_a_file_say_the_same(self, tmp_path):
        """Order, repetition and what separates the words do not matter."""
        (tmp_path / "words.txt").write_text("von\nder die\nvon\n", "utf-8")
        assert connector_words(f"@{tmp_path / 'words.txt'}") == connector_words("die,von, der") == ("der", "die", "von")
        assert connector_words("") == ()

    @pytest.mark.parametrize("contents", [None, b"", b"\xff"], ids=["missing", "empty", "not UTF-8"])
    def test_a_file_that_cannot_be_used_is_named(self, tmp_path, contents):
        """A missing file, an empty one and one that is no text are errors."""
        file = tmp_path / "words.txt"
        if contents is not None:
            file.write_bytes(contents)
        with pytest.raises(InputError, match=r"--connector-words @.*words\.txt: "):
            connector_words(f"@{file}")


class TestWrittenAlike:
    """A phrase that is written like a token is that token."""

    def test_a_phrase_joins_the_word_that_is_already_there(self, tmp_path):
        """`new york` becomes the `new_york` of the text: one word of the vocabulary, all of them counted."""
        chosen = PhraseSettings(phrases=1, phrase_scoring="npmi", phrase_threshold=0.5, phrase_min_count=2)
        found = joined_text(tmp_path, ["new york", "new york", "in new_york"], chosen)
        assert found == [["new_york"], ["new_york"], ["in", "new_york"]]
        corpus = TokenCorpus.open(tmp_path / "out")
        assert corpus.vocabulary(VocabularySettings(min_count=1)).words == ("new_york", "in")
        assert corpus.counts.tolist() == [3, 1]
        assert phrase_files(tmp_path / "out")[0][4:] == ["3", "2"]  # counted three times, joined twice

    @pytest.mark.parametrize(
        ("token", "delimiter", "compound"),
        [
            ("new", "_", False),
            ("new_york", "_", True),
            ("_", "_", True),
            ("new_", "_", True),
            ("a_b", "__", False),
            ("_b", "__", True),
            ("b_", "__", True),
            ("a__b", "__", True),
        ],
    )
    def test_which_tokens_can_be_misread(self, token, delimiter, compound):
        """Those that hold a delimiter, or would with the one beside them."""
        assert is_compound(token, delimiter) == compound


class TestTheChoice:
    """Of phrases that overlap the first is joined."""

    @given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
    def test_it_is_made_from_left_to_right(self, pairs):
        """Equal to a loop over the pairs that remembers whether the last word is taken."""
        is_phrase = np.array([phrase for phrase, _ in pairs], np.bool_)
        steps = np.array([1 if beside else 2 for _, beside in pairs], np.int64)  # 2: another sentence between
        first = np.cumsum(steps)
        chosen, taken = [], -1
        for phrase, place in zip(is_phrase, first, strict=True):
            chosen.append(bool(phrase) and taken != place)
            taken = place + 1 if chosen[-1] else -1
        assert joined(is_phrase, first, first + 1).tolist() == chosen

    def test_an_endless_run_is_joined_in_twos(self, tmp_path):
        """Where every pair is a phrase, across all stretches, an odd word is left over at the end."""
        chosen = PhraseSettings(phrases=1, phrase_threshold=1e-9, phrase_min_count=1)
        assert in_memory(tmp_path, [["a"] * 1001], chosen, stretch=10)[0] == [["a_a"] * 500 + ["a"]]


def test_no_phrase_crosses_the_end_of_a_line(tmp_path):
    """Words that meet only at line ends are no pair, however often they do."""
    chosen = PhraseSettings(phrases=2, phrase_scoring="npmi", phrase_threshold=-1, phrase_min_count=1)
    assert joined_text(tmp_path, ["york", "new"] * 50, chosen) == [["york"], ["new"]] * 50


def test_a_text_without_phrases_is_unchanged(lee_text, lee_tokens, tmp_path):
    """The files are those of a run without passes; phrases.tsv has only its head; and one such pass is enough."""
    chosen = PhraseSettings(phrases=5, phrase_threshold=1e9)
    manifest, _ = tokenize(StageFolder(tmp_path), [str(lee_text)], TokenSettings(), chosen)
    assert manifest.report["phrases"] == [{"phrases": 0, "joined": 0, "top": []}]
    assert phrase_files(tmp_path) == []
    for file in TokenCorpus.open(lee_tokens).data.iterdir():
        assert (TokenCorpus.open(tmp_path).data / file.name).read_bytes() == file.read_bytes()


def test_processes_and_stretches_change_nothing(lee_text, tmp_path):
    """Any number of processes, blocks of any size: the same bytes in every file. And so it is with stretches."""
    chosen = PhraseSettings(phrases=2, phrase_threshold=3, connector_words="english")
    folders = [StageFolder(tmp_path / str(number)) for number in range(2)]
    written = []
    for folder, processes, block in zip(folders, (1, 2), (1 << 20, 20_000), strict=True):
        tokenize(folder, [str(lee_text)], TokenSettings(), chosen, processes=processes, block=block)
        written.append({file.name: file.read_bytes() for file in TokenCorpus.open(folder.path).data.iterdir()})
    assert sorted(written[0]) == ["counts.npy", "ids.npy", "offsets.npy", "phrases.tsv", "words.txt"]
    assert written[0] == written[1]
    text = sentences_in(folders[0].path)
    cut = [in_memory(new_folder(tmp_path / f"cut{size}"), text, chosen, size) for size in (97, 5000, STRETCH)]
    assert cut[0][0] == cut[1][0] == cut[2][0]
    assert [table.rows() for table in cut[0][1]] == [table.rows() for table in cut[2][1]]


def new_folder(path):
    """A folder that has just been made."""
    path.mkdir()
    return path


@given(st.lists(st.lists(st.integers(0, 50), max_size=40), max_size=12))
def test_pairs_are_all_counted(batches):
    """However they come, the table of pairs is a count of them, in ascending order."""
    counts = PairCounts()
    for batch in batches:
        counts.add(np.array(batch, np.int64))
    keys, numbers = counts.total()
    assert list(zip(keys.tolist(), numbers.tolist(), strict=True)) == sorted(Counter(chain(*batches)).items())


class TestRunningAgain:
    """What decides the phrases decides whether the stage is run again."""

    @pytest.mark.parametrize(
        "change",
        [
            {"phrases": 2},
            {"phrase_scoring": "npmi"},
            {"phrase_threshold": 11.0},
            {"phrase_min_count": 4},
            {"phrase_delimiter": "~"},
            {"connector_words": "english"},
        ],
    )
    def test_a_changed_setting_runs(self, lee_text, tmp_path, change):
        """Each setting counts, and without a change nothing is done."""
        chosen = {"phrases": 1}
        tokenize(StageFolder(tmp_path), [str(lee_text)], TokenSettings(), PhraseSettings(**chosen))
        for settings_, runs in [(chosen, False), ({**chosen, **change}, True)]:
            found = tokenize(StageFolder(tmp_path), [str(lee_text)], TokenSettings(), PhraseSettings(**settings_))
            assert found[1] == runs

    def test_another_word_in_the_file_of_connector_words_runs(self, lee_text, tmp_path):
        """Its words count, not its name."""
        file = tmp_path / "words.txt"
        for words, runs in [("of the", True), ("the,of", False), ("of the a", True)]:
            file.write_text(words)
            chosen = PhraseSettings(phrases=1, connector_words=f"@{file}")
            assert tokenize(StageFolder(tmp_path / "out"), [str(lee_text)], TokenSettings(), chosen)[1] == runs

    def test_settings_of_passes_that_are_not_made_do_not_count(self, lee_text, tmp_path):
        """Without --phrases the others decide nothing."""
        tokenize(StageFolder(tmp_path), [str(lee_text)], TokenSettings())
        other = PhraseSettings(phrase_threshold=3, connector_words="english")
        assert not tokenize(StageFolder(tmp_path), [str(lee_text)], TokenSettings(), other)[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"phrase_threshold": 0.0}, "above 0"),
        ({"phrase_threshold": -1.0, "phrase_scoring": "word2phrase"}, "above 0"),
        ({"phrase_threshold": 1.5, "phrase_scoring": "npmi"}, "from -1 to 1"),
        ({"phrase_threshold": -1.5, "phrase_scoring": "npmi"}, "from -1 to 1"),
        ({"phrase_threshold": math.nan}, "phrase_threshold is nan"),
        ({"phrase_scoring": "pmi"}, "default, word2phrase, npmi"),
        ({"phrase_delimiter": ""}, "phrase_delimiter is ''"),
        ({"phrase_delimiter": "a b"}, "no white space"),
        ({"phrases": 11}, "from 0 to 10"),
        ({"phrase_min_count": 0}, "1 or more"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, message):
    """Each setting has its range; that of the threshold depends on the scoring."""
    with pytest.raises(SettingError, match=message):
        PhraseSettings(**wrong)


class TestCommand:
    """`firth tokenize --phrases`."""

    def test_it_says_what_was_joined(self, lee_text, tmp_path):
        """One line for each pass, with the phrases of the highest scores."""
        line = ["tokenize", str(lee_text), "--out", str(tmp_path), "--phrases", "2", "--phrase-threshold", "30"]
        result = CliRunner().invoke(firth, line)
        assert result.exit_code == 0, result.output
        best = phrase_files(tmp_path)[0]
        assert f"highest scores: {best[1]} {float(best[3]):.4g}, " in result.stdout
        assert [text for text in ("pass 1: ", "pass 2: ", "pass 3: ") if text in result.stdout] == [
            "pass 1: ",
            "pass 2: ",
        ]

    @pytest.mark.parametrize("threshold", ["0", "many", "nan"])
    def test_a_wrong_threshold_is_wrong_usage(self, lee_text, tmp_path, threshold):
        """Exit code 2, and nothing is written."""
        line = ["tokenize", str(lee_text), "--out", str(tmp_path / "out"), "--phrase-threshold", threshold]
        result = CliRunner().invoke(firth, line)
        assert (result.exit_code, result.stdout, (tmp_path / "out").exists()) == (2, "", False)
        assert "phrase_threshold is 0" in result.stderr or "a number" in result.stderr
