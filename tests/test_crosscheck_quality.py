"""Level 3 of the cross-check, and the three levels together: what is measured, how it is judged, where it is kept."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crosscheck.crosscheck import CROSSCHECK, crosscheck, crosscheck_stage
from pipeline.crosscheck.overlap import Neighborhood, compare_neighbors, overlap
from pipeline.crosscheck.quality import Experiment, check_quality
from pipeline.crosscheck.rendering import as_text
from pipeline.crosscheck.scores import ScoreComparison, compare_scores
from pipeline.crosscheck.text_part import TextPart
from pipeline.evaluation.analogies import AnalogyResult
from pipeline.evaluation.data import Question
from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.word_pairs import PairResult
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import MANIFEST, StageFolder
from pipeline.text.tokenizing import tokenize
from pipeline.training.parameters import Parameters
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


def random_neighborhood(random):
    """Neighbors in two unrelated random matrices."""
    return Neighborhood.of(Parameters(*random.normal(size=(2, 200, 8))))


@pytest.fixture
def model_folder(lee_model, tmp_path):
    """A copy of the small model's folder."""
    return shutil.copytree(lee_model.tokens.parent / "model", tmp_path / "model")


@given(st.integers(1, 12), st.integers(1, 10), st.integers(0, 2**32 - 1))
def test_overlap_is_the_mean_share_of_common_neighbors(words, count, seed):
    """The overlap equals that of Python's sets, is symmetric, and is 1 of anything with itself."""
    random = np.random.default_rng(seed)
    one, other = (np.array([random.permutation(15)[:count] for _ in range(words)]) for _ in range(2))
    common = [len(set(a) & set(b)) / count for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert overlap(one, other) == overlap(other, one) == pytest.approx(np.mean(common))
    assert overlap(one, one) == 1


def test_neighbors_are_the_ten_most_similar_words():
    """A word's neighbors are the words of highest cosine, itself left out, among the first thousand words only."""
    random = np.random.default_rng(1)
    matrix = random.normal(size=(1200, 5)).astype(np.float32)
    found = Neighborhood.of(Parameters(matrix, matrix)).vectors
    unit = matrix[:1000] / np.linalg.norm(matrix[:1000], axis=1, keepdims=True)
    for word in range(0, 1000, 50):
        by_similarity = np.argsort(-(unit @ unit[word]), kind="stable")
        assert set(found[word]) == set(by_similarity[by_similarity != word][:10])


def test_neighbors_do_not_depend_on_the_axes():
    """Turning all vectors of a model leaves every neighbor in place: only what vectors mean to each other counts."""
    random = np.random.default_rng(1)
    matrix = random.normal(size=(200, 8))
    rotation, _ = np.linalg.qr(random.normal(size=(8, 8)))
    straight, turned = (Neighborhood.of(Parameters(m, m)) for m in (matrix, matrix @ rotation))
    assert overlap(straight.vectors, turned.vectors) == 1


@pytest.mark.parametrize("words", [1, 2, 5])
def test_a_few_words_share_what_there_is(words):
    """In a model of at most eleven words all have all others for neighbors, and nothing differs."""
    small = [Neighborhood.of(Parameters(*np.random.default_rng(s).normal(size=(2, words, 3)))) for s in (1, 2)]
    assert compare_neighbors(small, small).passed
    assert overlap(small[0].vectors, small[1].vectors) == 1


def test_neighbors_of_the_same_models_pass():
    """A trainer whose models have gensim's very neighbors passes, and gensim's own overlap is that of its seeds."""
    random = np.random.default_rng(1)
    models = [random_neighborhood(random) for _ in range(3)]
    shared = compare_neighbors(models, models)
    own = np.mean([overlap(models[i].vectors, models[j].vectors) for i, j in ((0, 1), (0, 2), (1, 2))])
    assert shared.passed
    assert shared.firth_with_gensim == shared.matched == 1
    assert shared.gensim_with_itself == pytest.approx(own)


def test_swapped_matrices_do_not_pass():
    """With word vectors and contexts swapped the crossed overlap is the larger one, whatever else is shared."""
    random = np.random.default_rng(1)
    models = [random_neighborhood(random) for _ in range(2)]
    swapped = [Neighborhood(model.contexts, model.vectors) for model in models]
    shared = compare_neighbors(swapped, models)
    assert shared.crossed == 1
    assert not shared.passed


def test_equal_scores_pass():
    """The same evaluations differ by 0 with no error from the questions, and pass."""
    runs = evaluations(np.random.default_rng(1), 10, 0.5)
    for score in compare_scores(runs, runs).values():
        assert score.difference == 0
        assert score.questions_error == 0
        assert score.passed


def test_clearly_worse_scores_fail_and_better_ones_pass():
    """Firth far below gensim fails every score; far above it passes every score."""
    random = np.random.default_rng(1)
    good, bad = evaluations(random, 5, 0.9), evaluations(random, 1000, 0.2)
    assert not any(score.passed for score in compare_scores(bad, good).values())
    assert all(score.passed for score in compare_scores(good, bad).values())


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


def test_scores_without_questions_are_none_and_do_not_fail():
    """A text that covers no question is judged by its neighbors alone; its scores are None."""
    empty = [evaluation([], [], []) for _ in range(2)]
    for score in compare_scores(empty, empty).values():
        assert score.passed
        assert score.as_dict()["firth"]["mean"] is None
        assert score.covered == 0


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
    assert said[0] == "tables: pass"
    assert len(said) == 1 + 4 + 1
    assert sorted(model_folder.rglob("*")) == files


def test_a_report_passes_when_all_levels_pass(model_folder):
    """One failed level fails the report."""
    report = crosscheck(model_folder, levels=["tables"])
    assert report.passed
    failed = dataclasses.replace(report.levels[0], passed=False)
    assert not dataclasses.replace(report, levels=(*report.levels, failed)).passed


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
    assert crosscheck(model, levels=["tables"]).passed
    (tmp_path / "text.txt").write_text("\n".join(lines[:30]), "utf-8")
    tokenize(StageFolder(tokens), [str(tmp_path / "text.txt")], TokenSettings())
    with pytest.raises(InputError, match="has changed since"):
        crosscheck(model, levels=["tables"])


def test_stage_keeps_its_report(model_folder):
    """The report is kept with the model's key, read back while nothing changed, and stale for another model."""
    first, ran = crosscheck_stage(model_folder, levels=["tables"])
    assert ran
    assert crosscheck_stage(model_folder, levels=["tables"]) == (first, False)
    assert crosscheck_stage(model_folder, levels=["tables"], max_tokens=5000)[1]
    assert not CROSSCHECK.load(model_folder).stale
    manifest = json.loads((model_folder / MANIFEST).read_text("utf-8"))
    (model_folder / MANIFEST).write_text(json.dumps({**manifest, "key": "another"}), "utf-8")
    assert CROSSCHECK.load(model_folder).stale


def test_a_report_reads_as_text(model_folder):
    """Every level's verdict and the numbers that decided it stand in the text, a missing score as such."""
    report = crosscheck(model_folder, seeds=(1, 2), levels=("tables", "quality"), max_tokens=20_000).as_dict()
    text = as_text(report)
    words = report["levels"]["tables"]["words"]
    for part in ("tables: PASS", "quality: ", f"{words:,} words of 20,000 tokens", "Google analogies", "share of"):
        assert part in text
    nothing = {"firth": {"mean": None}, "gensim": {"mean": None}, "covered": 0, "total": 353}
    report["levels"]["quality"]["scores"]["wordsim353"] = nothing
    assert "no score, 0 of 353 questions" in as_text(report)
