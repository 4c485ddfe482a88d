"""The evaluation: gensim's numbers on the same vectors, with coverage, and None where nothing can be said."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.evaluation import data
from pipeline.evaluation.analogies import Tally, answer_questions
from pipeline.evaluation.data import Question, RatedPair, bundled, read_pairs, read_questions
from pipeline.evaluation.evaluate import EVALUATION, evaluate, evaluate_stage
from pipeline.evaluation.word_pairs import PairResult, compare_pairs, correlations, ranks
from pipeline.stages import MANIFEST, StageFolder
from storage.embeddings import Embeddings
from storage.errors import InputError

DIMENSIONS = 16


def embeddings_of(**vectors):
    """A small model, most frequent word first."""
    matrix = np.array(list(vectors.values()), np.float32)
    return Embeddings(tuple(vectors), np.arange(len(vectors), 0, -1), matrix)


@pytest.fixture(scope="module")
def questions():
    """Google's analogies."""
    return read_questions(bundled(data.ANALOGIES))


@pytest.fixture(scope="module")
def planted(questions):
    """All words of all tests in random order, many in two spellings, with vectors that answer some questions."""
    random = np.random.default_rng(1)
    pairs = [pair for name in (data.WORDSIM, data.SIMLEX) for pair in read_pairs(bundled(name))]
    plain = {w for q in questions for w in (q.a, q.b, q.c, q.expected)} | {
        w for p in pairs for w in (p.first, p.second)
    }
    vectors = {word: random.normal(size=DIMENSIONS) for word in sorted(plain)}
    shifts = {section: random.normal(size=DIMENSIONS) for section in {q.section for q in questions}}
    for q in questions:
        vectors[q.b] = vectors[q.a] + shifts[q.section] + 0.5 * random.normal(size=DIMENSIONS)
    spellings = {spelling: vectors[word] for word in vectors for spelling in (word.lower(), word)}
    words = [list(spellings)[place] for place in random.permutation(len(spellings))]
    noise = 0.3 * random.normal(size=(len(words), DIMENSIONS))
    matrix = (np.array([spellings[word] for word in words]) + noise).astype(np.float32)
    return Embeddings(tuple(words), np.arange(len(words), 0, -1), matrix)


@pytest.fixture(scope="module")
def in_gensim(planted):
    """The same words and vectors in gensim."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(DIMENSIONS)
    vectors.add_vectors(list(planted.words), planted.matrix)
    return vectors


@pytest.fixture
def model_folder(lee_model, tmp_path):
    """A copy of the small model's folder."""
    return shutil.copytree(lee_model.tokens.parent / "model", tmp_path / "model")


def test_the_bundled_files_are_whole(questions):
    """WordSim-353 has 353 pairs, SimLex-999 has 999, and there are 19,544 analogies in 14 sections."""
    assert len(read_pairs(bundled(data.WORDSIM))) == 353
    assert len(read_pairs(bundled(data.SIMLEX))) == 999
    assert len(questions) == 19_544
    assert len({question.section for question in questions}) == 14


@pytest.mark.parametrize("name", [data.WORDSIM, data.SIMLEX])
def test_word_pairs_equal_gensim(planted, in_gensim, name):
    """Spearman's correlation over every pair, whatever its capitals, is what gensim computes."""
    result = compare_pairs(planted, read_pairs(bundled(name)))
    _, spearman, unknown = in_gensim.evaluate_word_pairs(str(bundled(name)))
    assert result.spearman == pytest.approx(spearman.statistic, abs=1e-6)
    assert unknown == 0
    assert len(result.ratings) == result.total


@pytest.mark.parametrize("restrict", [30_000, 1500])
def test_analogies_equal_gensim(planted, in_gensim, questions, restrict):
    """Right and wrong answers of every section are those of gensim, with all words and with the most frequent only."""
    result = answer_questions(planted, questions, restrict)
    accuracy, sections = in_gensim.evaluate_word_analogies(str(bundled(data.ANALOGIES)), restrict_vocab=restrict)
    theirs = {s["section"]: (len(s["correct"]), len(s["correct"]) + len(s["incorrect"])) for s in sections[:-1]}
    assert {name: (tally.correct, tally.covered) for name, tally in result.sections.items()} == theirs
    assert result.total.accuracy == pytest.approx(accuracy, rel=1e-12)
    assert 0 < result.total.correct < result.total.covered


def test_sections_add_up(planted, questions):
    """Correct, covered and asked questions of all sections sum to the total's."""
    result = answer_questions(planted, questions, 1500)
    sums = [sum(getattr(tally, name) for tally in result.sections.values()) for name in ("correct", "covered", "total")]
    assert sums == [result.total.correct, result.total.covered, result.total.total]


def test_the_most_frequent_spelling_stands_for_all():
    """Of words that differ only by case the first in the model is compared."""
    model = embeddings_of(Cup=[1, 0], cup=[0, 1], tea=[1, 0], mug=[0, 1])
    result = compare_pairs(model, [RatedPair("CUP", "tea", 9), RatedPair("cup", "Mug", 1)])
    assert result.cosines == pytest.approx([1, 0])


def test_no_spelling_of_an_input_is_an_answer():
    """A question's words are excluded with all their spellings, so the expected word wins though it is further off."""
    model = embeddings_of(man=[1, 0], king=[1, 1], woman=[2, 0], Woman=[2, 1], queen=[0, 1])
    question = Question("family", "man", "king", "woman", "queen")
    assert answer_questions(model, [question], 5).correct.tolist() == [True]


def test_formula_is_b_minus_a_plus_c():
    """The answer lies at b - a + c, not at its mirror image a - b + c."""
    model = embeddings_of(a=[1, 0, 0], b=[0, 1, 0], c=[0, 0, 1], right=[-1, 1, 1], mirror=[1, -1, 1])
    asked = [Question("s", "a", "b", "c", "right"), Question("s", "a", "b", "c", "mirror")]
    assert answer_questions(model, asked, 5).correct.tolist() == [True, False]


def test_vectors_have_length_one_before_they_are_added():
    """A long vector counts as much as a short one: the answer depends on directions only."""
    model = embeddings_of(a=[900, 0, 0], b=[0, 0.01, 0], c=[0, 0, 1], right=[-1, 1, 1], long=[-9, 0, 1])
    assert answer_questions(model, [Question("s", "a", "b", "c", "right")], 5).correct.tolist() == [True]


def test_only_the_most_frequent_words_take_part():
    """A question with a rarer word is not covered, and no rarer word is an answer."""
    model = embeddings_of(a=[1, 0], b=[1, 1], c=[2, 0], near=[1, 2], nearest=[0, 1])
    asked = [Question("s", "a", "b", "c", "near"), Question("s", "a", "b", "c", "nearest")]
    result = answer_questions(model, asked, 4)
    assert result.covered_at.tolist() == [0]
    assert result.correct.tolist() == [True]


def test_nothing_covered_is_none():
    """A model without any of the words has scores of None, counts of 0, and JSON without NaN."""
    found = evaluate(embeddings_of(qqq=[1, 0], zzz=[0, 1])).as_dict()
    json.dumps(found, allow_nan=False)
    assert found["wordsim353"] == {"spearman": None, "interval": None, "covered": 0, "total": 353}
    assert found["simlex999"] == {"spearman": None, "interval": None, "covered": 0, "total": 999}
    assert found["analogies"]["accuracy"] is None
    assert {section["accuracy"] for section in found["analogies"]["sections"].values()} == {None}


@pytest.mark.parametrize("pairs", [[RatedPair("a", "b", 1)], [RatedPair("a", "b", 1), RatedPair("b", "a", 2)]])
def test_a_correlation_of_what_does_not_vary_is_none(pairs):
    """One pair alone, or equal cosines, have no rank correlation."""
    result = compare_pairs(embeddings_of(a=[1, 0], b=[0, 1]), pairs)
    assert result.spearman is None
    assert result.interval() is None


def test_a_zero_vector_is_similar_to_nothing():
    """A word whose vector is zero has cosine 0 with every word, never NaN."""
    result = compare_pairs(embeddings_of(a=[0, 0], b=[0, 1]), [RatedPair("a", "b", 1), RatedPair("b", "b", 2)])
    assert result.cosines.tolist() == [0, 1]


@given(st.integers(2, 30).flatmap(lambda n: arrays(np.float64, (2, n), elements=st.integers(0, 5).map(float))))
def test_rank_correlation_equals_scipy(values):
    """With ties and without, the correlation of ranks is SciPy's Spearman; where that is NaN so is ours."""
    from scipy import stats

    x, y = values
    varied = len(set(x)) > 1 and len(set(y)) > 1
    expected = stats.spearmanr(x, y).statistic if varied else np.nan
    assert float(correlations(ranks(x), ranks(y))) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_intervals_enclose_and_repeat():
    """A 95 % interval encloses its score, repeats itself, and is narrower with ten times the questions."""
    random = np.random.default_rng(1)
    x = random.normal(size=1000)
    y = x + random.normal(size=1000)
    widths = []
    for count in (100, 1000):
        result = PairResult(x[:count], y[:count], np.arange(count), count)
        low, high = result.interval()
        assert low < result.spearman < high
        assert result.interval() == [low, high]
        widths.append(high - low)
    assert widths[1] < widths[0]


@given(st.integers(0, 300), st.integers(1, 300))
def test_an_accuracy_s_interval_encloses_it(correct, wrong):
    """The interval lies within 0 and 1 and encloses the accuracy."""
    tally = Tally(correct, correct + wrong, 1000)
    low, high = tally.interval()
    assert 0 <= low <= tally.accuracy <= high <= 1


@pytest.mark.parametrize("line", ["one\ttwo", "one two 3", "one\ttwo\tthree", "a\tb\t1\t2"])
def test_a_bad_pair_names_its_line(tmp_path, line):
    """A line that is not `word TAB word TAB rating` is an error with file and line number."""
    path = tmp_path / "pairs.tsv"
    path.write_text(f"# comment\n\ncup\tmug\t9.5\n{line}\n", "utf-8")
    with pytest.raises(InputError, match=r"pairs\.tsv, line 4"):
        read_pairs(path)


@pytest.mark.parametrize("text", ["a b c d\n", ": s\na b c\n", ": s\na b c d e\n"])
def test_a_bad_question_names_its_line(tmp_path, text):
    """A question outside every section, or of other than four words, is an error with file and line number."""
    path = tmp_path / "questions.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"questions\.txt, line [12]"):
        read_questions(path)


def test_stage_keeps_its_result(model_folder):
    """A second run with the same settings reads the file; other settings or `force` evaluate again."""
    first, ran = evaluate_stage(model_folder)
    assert ran
    assert first["wordsim353"]["covered"] > 0
    assert evaluate_stage(model_folder) == (first, False)
    assert EVALUATION.load(model_folder).result == first
    assert evaluate_stage(model_folder, restrict=100)[1]
    assert evaluate_stage(model_folder, restrict=100, force=True)[1]


def test_a_result_of_an_earlier_model_is_stale(model_folder):
    """When the model in the folder is another one, the kept result says that it is stale, and is made again."""
    assert EVALUATION.load(model_folder) is None
    evaluate_stage(model_folder)
    assert not EVALUATION.load(model_folder).stale
    manifest = json.loads((model_folder / MANIFEST).read_text("utf-8"))
    (model_folder / MANIFEST).write_text(json.dumps({**manifest, "key": "another"}), "utf-8")
    assert StageFolder(model_folder).manifest("train").key == "another"
    assert EVALUATION.load(model_folder).stale
    assert evaluate_stage(model_folder)[1]
    assert not EVALUATION.load(model_folder).stale


@pytest.mark.parametrize("content", ["", "[]", "{}", "null"])
def test_a_damaged_result_says_so(model_folder, content):
    """A result file that is not what was written is an error that names it and the way out, which works."""
    EVALUATION.path(model_folder).write_text(content, "utf-8")
    with pytest.raises(InputError, match=r"evaluation\.json is damaged .*firth evaluate"):
        EVALUATION.load(model_folder)
    assert evaluate_stage(model_folder)[1]
    assert not EVALUATION.load(model_folder).stale
