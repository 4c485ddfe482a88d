"""The lessons: what each shows is true, its gradients are slopes, and the same seed gives the same page and picture."""

import dataclasses
import json
import math
import re

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from docs import lessons as docs
from pipeline.lessons import cbow, char_rnn, classifier, linear_regression, one_hot, skip_gram
from pipeline.lessons.page import Page
from pipeline.lessons.path import PATH, lesson_named
from pipeline.lessons.small_text import BRACES
from pipeline.lessons.word_models import KINDS, same_neighbors
from pipeline.models import softmax as full_softmax

SHORT = char_rnn.Size(characters=60_000, hidden=48, streams=16, steps=16, passes=4, looks=1)
PUBLISHED = """
0 44.47 -0.10 0.34
1 39.21 -0.16 0.68
2 33.80 -0.22 0.99
3 29.14 -0.28 1.27
4 25.12 -0.33 1.54
5 21.66 -0.38 1.79
6 18.67 -0.42 2.02
7 16.10 -0.46 2.23
8 13.88 -0.50 2.43
9 11.96 -0.54 2.61
10 10.31 -0.57 2.78
51 0.02 -0.98 4.89
54 0.02 -0.98 4.92
55 0.01 -0.98 4.92
56 0.01 -0.99 4.93
60 0.01 -0.99 4.95
"""


@dataclasses.dataclass(frozen=True)
class Taught:
    """A lesson that was run: its lines and what it found."""

    lines: list
    result: object

    @property
    def text(self):
        """The page in one line."""
        return " ".join(self.lines)


@pytest.fixture(scope="module")
def taught():
    """Runs a lesson, the last in a short form, once for all tests."""
    kept = {}

    def run(name, seed=1):
        if (name, seed) not in kept:
            lines = []
            more = {"size": SHORT} if name == "char-rnn" else {}
            with threadpool_limits(1, "blas"):
                result = lesson_named(name).module.teach(Page(lines.append), seed, **more)
            kept[name, seed] = Taught(lines, result)
        return kept[name, seed]

    return run


NAMES = [lesson.name for lesson in PATH]


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_checks_its_gradients(taught, name):
    """The gradients of each lesson are slopes, to a millionth, and its page says so."""
    result = taught(name).result
    if name in ("skip-gram", "cbow"):
        errors = [learned.error for learned in result.learned.values()]
    else:
        errors = list(result.errors.values()) if name == "char-rnn" else [result.error]
    assert 0 <= max(errors) < 1e-6
    assert "Is it the gradient?" in taught(name).lines
    assert all(f"{error:.0e}" in taught(name).text for error in errors)


@pytest.mark.parametrize("name", NAMES)
def test_lines_fit_a_terminal(taught, name):
    """No line of a page is longer than 100 columns, and none ends with blanks."""
    assert max(map(len, taught(name).lines)) <= 100
    assert all(line == line.rstrip() for line in taught(name).lines)


def test_linear_regression_prints_the_published_table(taught):
    """Loss, w and b of the published passes agree to the digit."""
    lines = set(taught("linear-regression").lines)
    for row in PUBLISHED.split("\n")[1:-1]:
        i, loss, w, b = row.split()
        assert f"After iteration {i}, loss: {loss}. y = {w}x + {b}" in lines
    assert sum(line.startswith("After iteration ") for line in lines) == 200


def test_linear_regression_finds_the_points(taught):
    """After 200 passes the line goes through all four."""
    last = taught("linear-regression").result.passes[-1]
    found = [linear_regression.forward(last.w, last.b, x) for x in linear_regression.X]
    assert found == pytest.approx(linear_regression.Y, abs=1e-4)


def test_the_reported_loss_is_four_times_the_descended_one():
    """What is printed and what is descended have the same bottom: they differ by a factor of 4."""
    for y, target in ((0.0, 4.0), (2.5, -1.0)):
        assert linear_regression.reported_loss(y, target) == 4 * linear_regression.loss(y, target)


def test_the_classifier_tells_unseen_pictures_apart(taught):
    """The 8-4-3 network is right for more than 95 of 100 pictures that it has not seen."""
    result = taught("classifier").result
    assert (len(result.weights), result.weights.shape[1], len(classifier.KINDS)) == (8, 4, 3)
    assert result.accuracies[-1] > 0.95


def test_a_single_layer_cannot(taught):
    """Without hidden neurons at most two of three pictures are told apart, give or take the draw."""
    assert max(taught("classifier").result.single) < 0.72
    scores = classifier.clean() @ np.random.default_rng(1).normal(size=(8, 3))
    assert np.ptp(scores.reshape(3, 2, 3).sum(axis=1), axis=0) == pytest.approx(0, abs=1e-12)  # alike for every kind


def test_one_hot_vectors_say_nothing(taught):
    """The page shows products of 0 for different words, and the memory that the vectors would take."""
    page, size = taught("one-hot"), len(taught("one-hot").result.words)
    assert re.search(r"three +1 +0 +0", page.text)
    assert f"all {size * (size - 1) // 2:,} pairs" in page.text
    assert "640 GB" in page.text


def test_company_is_counted_from_both_sides():
    """A word's row counts what stands within reach before and after it, and no stranger."""
    counts = one_hot.company([np.array([0, 1, -1, 2]), np.array([1, 1])], 3, reach=2)
    assert counts.tolist() == [[0, 1, 0], [1, 2, 1], [0, 1, 0]]


def test_counted_company_puts_like_words_together(taught):
    """In every group of like words, the mean cosine inside is above that to the words of the other groups."""
    result = taught("one-hot").result
    words = [word for group in one_hot.GROUPS.values() for word in group]
    cosines, group = result.cosines(words), np.arange(len(words)) // 4
    different = ~np.eye(len(words), dtype=bool)
    for at in range(len(one_hot.GROUPS)):
        inside = cosines[np.ix_(group == at, group == at)][different[:4, :4]].mean()
        assert inside > cosines[np.ix_(group == at, group != at)].mean() + 0.05


@pytest.mark.parametrize("name", ["skip-gram", "cbow"])
def test_both_ways_end_with_the_same_neighbors(taught, name):
    """For every word that has others of its use, softmax and negative sampling find these, and no others."""
    result = taught(name).result
    assert same_neighbors(result) == (28, 28)
    for brace in BRACES:
        for word, kind in ((word, kind) for word in brace for kind in KINDS):
            assert {word, *result.neighbors(kind, word)} == set(brace)


@pytest.mark.parametrize("name", ["skip-gram", "cbow"])
def test_losses_of_word_models_fall(taught, name):
    """Both losses end below three quarters of the first pass."""
    for learned in taught(name).result.learned.values():
        assert learned.losses[-1] < 0.75 * learned.losses[0]


def test_skip_gram_has_one_prediction_for_three_contexts(taught):
    """The three probability vectors are the same vector, each is a distribution, and each has an answer of its own."""
    result = taught("skip-gram").result
    assert result.probabilities.shape == (3, len(result.text.words))
    assert np.ptp(result.probabilities, axis=0).max() == 0
    assert result.probabilities.sum(axis=1) == pytest.approx(1)
    assert len(set(result.contexts.tolist())) == 3
    names = [result.text.words[context] for context in result.contexts]
    assert re.search(" +".join(f"for {name}" for name in names), taught("skip-gram").text)


def test_cbow_predicts_the_geometric_mean(taught):
    """What the contexts predict together is proportional to the geometric mean of what each predicts alone."""
    result = taught("cbow").result
    mean = np.exp(np.log(result.probabilities).mean(axis=0))
    assert result.combined == pytest.approx(mean / mean.sum(), rel=1e-9)


@pytest.mark.parametrize("lesson", [skip_gram, cbow], ids=["skip-gram", "cbow"])
def test_word_lessons_use_the_files_of_the_trainer(lesson, monkeypatch, taught):
    """The gradient of a lesson is that of pipeline/models: where that one changes, the lesson's does."""
    found = taught("skip-gram").result
    model = lesson.WordModel(len(found.text.words), np.random.default_rng(1))
    place = lesson.Place(found.center, found.contexts, np.zeros((3, lesson.NOISE), int))
    true = full_softmax.gradient
    before = lesson.with_softmax(model, place)
    monkeypatch.setattr(full_softmax, "gradient", lambda *given: tuple(2 * part for part in true(*given)))
    assert lesson.with_softmax(model, place).d_outputs == pytest.approx(2 * before.d_outputs)


def test_networks_learn_to_predict_characters(taught):
    """Even in the short form held-out bits fall from look to look, and end below counting after two characters."""
    result = taught("char-rnn").result
    for training in result.trained.values():
        assert list(training.bits) == sorted(training.bits, reverse=True)
        assert training.bits[-1] < training.bits[0] - 0.1
    assert result.trained["LSTM"].bits[-1] < result.counted[2]


def test_a_low_temperature_is_careful(taught):
    """Samples have their length and begin as told; the colder draws are from fewer characters."""
    samples = taught("char-rnn").result.samples
    assert all(len(sample) == char_rnn.WRITTEN and sample.startswith(char_rnn.START) for sample in samples.values())
    assert len(set(samples[min(samples)])) < len(set(samples[max(samples)]))


def test_surprise_is_the_loss_character_by_character(taught):
    """The bits of the sentence's characters are as many as its characters, and none is negative."""
    sentence, bits = taught("char-rnn").result.sentence
    assert len(sentence) == len(bits)
    assert (bits >= 0).all()


@pytest.mark.parametrize("name", ["classifier", "cbow"])
def test_the_seed_decides_everything(taught, name):
    """The same seed prints the same page; another one prints another."""
    again = []
    with threadpool_limits(1, "blas"):
        lesson_named(name).module.teach(Page(again.append), 1)
    assert again == taught(name).lines
    assert taught(name, seed=2).lines != again


def test_bars_are_as_long_as_their_share():
    """A bar over half of the room takes half of it."""
    assert Page(print).bar(0.5, 10) == "█" * 5
    assert Page(print, full="#").bar(1.0, 4) == "####"


def test_losses_of_the_first_example_are_those_of_its_prediction(taught):
    """The page's three losses are the negative logarithms of the prediction's shares for the three answers."""
    result = taught("skip-gram").result
    losses = [-math.log(result.probabilities[0][context]) for context in result.contexts]
    shown = [f"{loss:.2f}" for loss in losses]
    assert f"Losses {', '.join(shown)}, together {sum(losses):.2f} nats" in taught("skip-gram").text


def test_the_reader_is_told_which_gradients_were_clipped(taught):
    """The share of clipped steps is a share, and is printed."""
    for training in taught("char-rnn").result.trained.values():
        assert 0 <= training.clipped <= 1
        assert f"{training.clipped:.0%}" in taught("char-rnn").text


@pytest.mark.parametrize("name", [name for name in NAMES if name != "char-rnn"])
def test_the_documents_show_what_lessons_print(taught, name):
    """The output in docs/lessons.json, which docs/lessons.md shows, is what the lesson prints now."""
    assert json.loads(docs.OUTPUTS.read_text("utf-8"))[name]["output"] == taught(name).lines


def test_a_changed_lesson_makes_the_documents_stale(monkeypatch):
    """Outputs and pictures made from other files than those of now are refused, with the way out."""
    now = docs.sources
    assert docs.page()
    monkeypatch.setattr(docs, "sources", lambda lesson: "other" if lesson.name == "cbow" else now(lesson))
    with pytest.raises(ValueError, match=r"the lesson cbow has changed.*make lessons"):
        docs.page()


def test_the_hash_covers_what_a_lesson_is_made_of():
    """A lesson's hash is its own, and covers the files of mathematics and the layers that it uses."""
    assert len({docs.sources(lesson) for lesson in PATH}) == len(PATH)
    files = {str(path.relative_to(docs.ROOT)) for path in docs.files_of(lesson_named("cbow"))}
    assert {"pipeline/models/cbow.py", "pipeline/lessons/layers.py", "pipeline/lessons/pictures/style.py"} <= files
    assert "pipeline/lessons/recurrent.py" not in files
