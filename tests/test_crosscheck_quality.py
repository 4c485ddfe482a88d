"""Level 3 of the cross-check, and the three levels together: what is measured and how it is judged."""

import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crosscheck.crosscheck import Report, crosscheck
from pipeline.crosscheck.levels import Level, worst
from pipeline.crosscheck.quality import Experiment, check_quality
from pipeline.crosscheck.rendering import as_text
from pipeline.crosscheck.scores import ScoreComparison, compare_scores
from pipeline.crosscheck.text_part import TextPart
from pipeline.evaluation.analogies import AnalogyResult
from pipeline.evaluation.data import Question
from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.word_pairs import PairResult
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.tokenizing import tokenize
from pipeline.training.stage import train_stage
from storage.errors import InputError, SettingError

QUESTIONS = [Question("s", "a", "b", "c", "d")] * 40


def evaluation(cosines, ratings, correct):
    """An evaluation with these cosines for both sets of word pairs and these answers."""
    pairs = PairResult(np.array(ratings, float), np.array(cosines, float), np.arange(len(cosines)), len(cosines))
    answers = AnalogyResult(np.array(correct, bool), np.arange(len(correct)), QUESTIONS, 30_000)
    return Evaluation(pairs, pairs, answers)


def evaluations(random, noise, accuracy):
    """Three seeds: cosines that follow the ratings up to some noise, and answers of some accuracy."""
    ratings = np.arange(60.0)
    return [
        evaluation(ratings + noise * random.normal(size=60), ratings, random.random(40) < accuracy) for _ in range(3)
    ]


@pytest.fixture
def model_folder(lee_model, tmp_path):
    """The small model's folder in a copy, its tokens beside it."""
    return shutil.copytree(lee_model.tokens.parent, tmp_path / "lee") / "model"


def test_equal_scores_pass():
    """The same evaluations differ by 0 with no error from the questions, and pass."""
    runs = evaluations(np.random.default_rng(1), 10, 0.5)
    for score in compare_scores(runs, runs).values():
        assert score.difference == 0
        assert score.questions_error == 0
        assert score.verdict == "pass"


def test_clearly_worse_scores_fail_and_better_ones_pass():
    """Firth far below gensim fails every score; far above it passes every score."""
    random = np.random.default_rng(1)
    good, bad = evaluations(random, 5, 0.9), evaluations(random, 1000, 0.2)
    assert {score.verdict for score in compare_scores(bad, good).values()} == {"fail"}
    assert {score.verdict for score in compare_scores(good, bad).values()} == {"pass"}


def test_questions_error_is_that_of_the_difference():
    """Where each question's own difference varies, the error is its deviation over the root of their number.

    Firth has 10 of 40 right that gensim has wrong, and no other difference: mean 1/4, variance 1/4 - 1/16.
    """
    answers = np.arange(40) < 10
    firth = [evaluation([1, 2], [1, 2], answers) for _ in range(2)]
    gensim = [evaluation([1, 2], [1, 2], np.zeros(40)) for _ in range(2)]
    score = compare_scores(firth, gensim)["analogies"]
    assert score.difference == pytest.approx(0.25)
    assert score.standard_error == pytest.approx(np.sqrt((1 / 4 - 1 / 16) / 40))


def test_seeds_and_questions_add_as_variances():
    """The standard error joins the seeds' variance of both means and the questions' variance."""
    score = ScoreComparison([0.1, 0.3], [0.2, 0.2], questions_error=0.4, covered=10, total=10)
    assert score.standard_error == pytest.approx(np.sqrt(0.02 / 2 + 0.4**2))
    assert score.allowed == pytest.approx(-3 * score.standard_error)


def test_scores_without_questions_are_none_and_undecided():
    """A text that covers no question is judged by its neighbors alone; its scores are None."""
    empty = [evaluation([], [], []) for _ in range(2)]
    for score in compare_scores(empty, empty).values():
        assert score.verdict == "undecided"
        assert score.as_dict()["firth"]["mean"] is None
        assert score.covered == 0


@pytest.mark.parametrize(("covered", "expected"), [(29, "undecided"), (30, "fail")])
def test_scores_of_few_questions_are_not_judged(covered, expected):
    """The same great difference fails with thirty covered questions, and says nothing with fewer."""
    assert ScoreComparison([0.1, 0.1], [0.9, 0.9], 0.01, covered, 353).verdict == expected


@given(st.lists(st.sampled_from(["pass", "undecided", "fail"]), min_size=1, max_size=3))
def test_the_worst_verdict_stands_for_all(verdicts):
    """Any failure fails; without one, anything undecided leaves all undecided."""
    expected = next(verdict for verdict in ("fail", "undecided", "pass") if verdict in verdicts)
    report = Report(tuple(Level(name, verdict, "", {}) for name, verdict in zip("abc", verdicts, strict=False)))
    assert worst(verdicts) == report.verdict == expected
    assert report.passed == (expected != "fail")


@pytest.mark.parametrize("seeds", [(), (1,), (1, 1)])
def test_one_seed_is_too_few(seeds):
    """Without two different seeds gensim cannot be compared with itself: an error, before anything is trained."""
    text = TextPart.of_words([["a", "b"]])
    settings = TrainSettings()
    with pytest.raises(SettingError, match="two or more"):
        check_quality(Experiment(text, text.vocabulary(VocabularySettings(min_count=1)), settings, seeds))


def test_levels_are_reported_in_their_order(model_folder):
    """A report holds the levels that were asked for, in order, as JSON; each is announced; nothing is written."""
    files = sorted(model_folder.rglob("*"))
    said = []
    report = crosscheck(model_folder, levels=("quality", "tables"), seeds=(1, 2), max_tokens=20_000, report=said.append)
    found = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert list(found["levels"]) == ["tables", "quality"]
    assert found["levels"]["tables"]["verdict"] == "pass"
    assert found["levels"]["quality"]["tokens"] == found["levels"]["tables"]["tokens"] == 20_000
    assert found["levels"]["quality"]["seeds"] == [1, 2]
    assert said[:2] == ["tables: pass", "quality: Firth trains with seeds 1, 2"]
    assert said[4] == "quality: gensim trains with seeds 1, 2"
    assert len(said) == 1 + 3 + 3 + 1
    assert found["partial"]
    assert sorted(model_folder.rglob("*")) == files


ONE_WORD_A_LINE = [f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(300)] * 6


@pytest.mark.parametrize(
    ("lines", "max_tokens"),
    [
        (["the same few words"] * 20, 60),
        (["the"] * 20 + ["the same few words"] * 20, 20),
        ([*ONE_WORD_A_LINE, "waa wab"], 2000),
        ([*ONE_WORD_A_LINE, "waa wab"], 1800),
    ],
    ids=["four words", "one word without another", "one pair in all", "one word a line"],
)
def test_too_little_text_is_undecided(corpus_of, tmp_path, lines, max_tokens):
    """Where gensim itself learns nothing the quality level does not judge, says so with the numbers, and none fails."""
    corpus_of(lines)
    model = tmp_path / "model"
    settings = TrainSettings(vector_size=4, epochs=1, sample=0)
    train_stage(tmp_path / "text-tokens", StageFolder(model), VocabularySettings(), settings)
    report = crosscheck(model, levels=("tables", "quality"), seeds=(1, 2), max_tokens=max_tokens)
    assert report.verdict == "undecided"
    assert report.passed
    text = as_text(report.as_dict())
    assert "quality: UNDECIDED" in text
    assert "undecided: too little text to tell" in text


@pytest.fixture
def model_of(lee_tokens, tmp_path):
    """The folder of a small model of the news stories, of any kind."""

    def make(**settings):
        chosen = TrainSettings(vector_size=16, epochs=1, **settings)
        train_stage(lee_tokens, StageFolder(tmp_path / "model"), VocabularySettings(min_count=20), chosen)
        return tmp_path / "model"

    return make


def test_full_softmax_is_compared_by_its_tables(model_of):
    """What gensim cannot train is neither passed nor failed: only the tables are, and the text says why."""
    report = crosscheck(model_of(loss="softmax"))
    assert {level.name: level.verdict for level in report.levels} == {
        "tables": "pass",
        "replay": "undecided",
        "quality": "undecided",
    }
    assert report.passed
    assert as_text(report.as_dict()).count("not in gensim, which has negative sampling and hierarchical softmax") == 2


@pytest.mark.parametrize(("architecture", "loss"), [("skipgram", "hs"), ("cbow", "ns"), ("cbow", "hs")])
def test_each_kind_is_compared(model_of, architecture, loss):
    """The tables hold for every kind, and the quality level looks for contexts only where there are any."""
    report = crosscheck(
        model_of(architecture=architecture, loss=loss), levels=["tables", "quality"], seeds=(1, 2), max_tokens=20_000
    )
    tables, quality = (level.numbers for level in report.levels)
    assert tables["paths_that_differ"] == 0
    assert (quality["neighbors"]["crossed"] is None) == (loss == "hs")
    assert ("each matrix with its like" in as_text(report.as_dict())) == (loss == "ns")


@pytest.mark.parametrize("levels", [("tables", "tabels"), ()])
def test_an_unknown_level_is_refused(model_folder, levels):
    """The error names the levels that there are."""
    with pytest.raises(SettingError, match="tables, replay, quality"):
        crosscheck(model_folder, levels=levels)


def test_tokens_that_have_changed_are_refused(lee_text, tmp_path):
    """A model whose token files have been made anew from other text is not compared with them."""
    tokens, model = tmp_path / "tokens", tmp_path / "model"
    lines = lee_text.read_text("utf-8").splitlines()
    (tmp_path / "text.txt").write_text("\n".join(lines[:20]), "utf-8")
    tokenize(StageFolder(tokens), [str(tmp_path / "text.txt")], TokenSettings())
    train_stage(tokens, StageFolder(model), VocabularySettings(), TrainSettings(vector_size=4, epochs=1))
    assert crosscheck(model, levels=["tables"]).verdict == "pass"
    (tmp_path / "text.txt").write_text("\n".join(lines[:30]), "utf-8")
    tokenize(StageFolder(tokens), [str(tmp_path / "text.txt")], TokenSettings())
    with pytest.raises(InputError, match="has changed since"):
        crosscheck(model, levels=["tables"])


def test_a_report_reads_as_text(model_folder):
    """Every level's verdict and the numbers that decided it stand in the text, a missing score as such."""
    report = crosscheck(model_folder, seeds=(1, 2), levels=("tables", "quality"), max_tokens=20_000).as_dict()
    text = as_text(report)
    words = report["levels"]["tables"]["words"]
    assert "(partial: tables, quality only)" in text
    for part in ("tables: PASS", "quality: ", f"{words:,} words of 20,000 tokens", "Google analogies", "share of"):
        assert part in text
    nothing = {"firth": {"mean": None}, "gensim": {"mean": None}, "covered": 0, "total": 353}
    report["levels"]["quality"]["scores"]["wordsim353"] = nothing
    assert "no score, 0 of 353 questions" in as_text(report)
    few = {**report["levels"]["quality"]["scores"]["simlex999"], "verdict": "undecided", "covered": 12}
    report["levels"]["quality"]["scores"]["simlex999"] = few
    assert "12 of 999 questions, too few to judge" in as_text(report)
