"""The layer library of the lessons: forward beside backward, and both true."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.lessons import layers, linear_regression
from pipeline.lessons.counting import WEIGHT, bits_of_counting
from pipeline.lessons.recurrent import LSTM, CharacterModel, Plain, clip
from pipeline.lessons.slope import largest_error, slope


def draws(*shape):
    """Some numbers, always the same."""
    return np.random.default_rng(1).normal(size=shape)


LAYERS = {
    "Linear": layers.Linear(draws(3, 4), draws(4)),
    "sigmoid": layers.sigmoid,
    "tanh": layers.tanh,
}


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3)], ids=["examples", "steps and streams"])
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
def test_backward_gives_the_slope_of_the_input(layer, shape):
    """What comes back is the slope of a loss of the output along the input, on any number of axes."""
    x, d_y = draws(*shape), draws(*shape[:-1], layer(draws(*shape))[0].shape[-1])
    _, back = layer(x)
    claim = back(d_y)
    assert claim == pytest.approx(slope(lambda: float((layer(x)[0] * d_y).sum()), x), abs=1e-8)


@pytest.mark.parametrize("layer", [layers.Linear(draws(6, 4)), layers.Rows(draws(6, 4))], ids=["Linear", "Rows"])
def test_backward_adds_up_the_slope_of_what_is_learned(layer):
    """Running backward adds to the gradients of the parameters; twice is twice."""
    x = np.eye(6)[[1, 5, 1]] if isinstance(layer, layers.Linear) else np.array([1, 5, 1])
    d_y = draws(3, 4)
    _, back = layer(x)
    back(d_y)
    back(d_y)
    for each in layer.parameters:
        slopes = slope(lambda: float((layer(x)[0] * d_y).sum()), each.value)
        assert each.gradient == pytest.approx(2 * slopes, abs=1e-8)


def test_rows_are_a_linear_layer_on_one_hot_vectors():
    """Forward and backward `Rows` is `Linear` on one-hot vectors, without the bias."""
    ids, table, d_y = np.array([2, 0, 2]), draws(4, 3), draws(3, 3)
    rows, linear = layers.Rows(table), layers.Linear(table.copy())
    (y, back), (y_linear, back_linear) = rows(ids), linear(layers.one_hot(ids, table))
    back(d_y)
    back_linear(d_y)
    assert np.array_equal(y, y_linear)
    assert rows.table.gradient == pytest.approx(linear.w.gradient)


def test_linear_takes_the_steps_of_the_first_lesson():
    """With one input and one output, `Linear` and `Descent` are lesson 1, number for number."""
    line = layers.Linear(np.zeros((1, 1)))
    descent = layers.Descent(line.parameters)
    for now in linear_regression.learn(passes=20):
        for x, target in zip(linear_regression.X, linear_regression.Y, strict=True):
            y, back = line(np.array([[float(x)]]))
            back(y - target)
            descent.step(linear_regression.RATE)
        assert (line.w.value.item(), line.b.value.item()) == pytest.approx((now.w, now.b), rel=1e-12)


def test_cross_entropy_is_the_mean_loss_with_its_slope():
    """- log of the softmax of the targets, its mean over all axes; the gradient is the slope; the scores stay."""
    scores, targets = draws(2, 3, 4), np.array([[0, 3, 1], [2, 2, 0]])
    before = scores.copy()
    loss, gradient = layers.cross_entropy(scores, targets)
    shares = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    assert loss == pytest.approx(-np.log(np.take_along_axis(shares, targets[..., None], axis=-1)).mean())
    assert np.array_equal(scores, before)
    assert gradient == pytest.approx(slope(lambda: layers.cross_entropy(scores, targets)[0], scores), abs=1e-8)


def test_softmax_does_not_overflow():
    """Scores of any size become shares that add up to 1."""
    assert layers.softmax(np.array([[1e4, -1e4, 1e4]])).tolist() == [[0.5, 0.0, 0.5]]


def test_adam_moves_by_the_rate_at_first():
    """Adam's first step has the length of the rate in each number, whatever the gradient's size, and forgets it."""
    parameter = layers.Parameter(np.zeros(3))
    parameter.gradient[:] = [1e-3, -5.0, 100.0]
    layers.Adam([parameter]).step(0.1)
    assert parameter.value == pytest.approx([-0.1, 0.1, -0.1], rel=1e-4)
    assert not parameter.gradient.any()


@pytest.mark.parametrize("cell", [Plain, LSTM])
def test_the_gradient_comes_back_through_time(cell):
    """Back-propagation through time gives the slope of everything that is learned, also from a state that is given."""
    generator = np.random.default_rng(1)
    model, ids = CharacterModel(cell, 4, 3, generator), generator.integers(4, size=(5, 2))
    state = generator.normal(size=model.start(2).shape)

    def loss():
        return layers.cross_entropy(model.read(ids[:-1], state)[0], ids[1:])[0]

    scores, _, back = model.read(ids[:-1], state)
    back(layers.cross_entropy(scores, ids[1:])[1])
    assert largest_error(loss, [(each.value, each.gradient) for each in model.parameters]) < 1e-7


@pytest.mark.parametrize("cell", [Plain, LSTM])
def test_a_state_is_all_that_a_network_remembers(cell):
    """Reading a text in two pieces, with the state handed on, gives the scores of reading it in one."""
    model, ids = CharacterModel(cell, 4, 3, np.random.default_rng(1)), np.array([[0], [3], [2], [1], [1]])
    whole, last, _ = model.read(ids, model.start(1))
    first, state, _ = model.read(ids[:2], model.start(1))
    second, end, _ = model.read(ids[2:], state)
    assert np.concatenate([first, second]) == pytest.approx(whole, rel=1e-12)
    assert end == pytest.approx(last, rel=1e-12)


def test_clipping_keeps_the_direction():
    """A gradient that is too long keeps its direction and gets the allowed length; a shorter one stays as it is."""
    parts = [layers.Parameter(np.zeros(1)), layers.Parameter(np.zeros(1))]
    parts[0].gradient[:], parts[1].gradient[:] = 3.0, 4.0
    assert clip(parts, 1.0) == pytest.approx(5)
    assert [part.gradient.item() for part in parts] == pytest.approx([0.6, 0.8])
    assert clip(parts, 2.0) == pytest.approx(1)
    assert [part.gradient.item() for part in parts] == pytest.approx([0.6, 0.8])


def test_counting_is_checked_by_hand():
    """Orders 0 and 1 give the bits that their formula gives, character by character."""
    seen, unseen = np.array([0, 1, 0, 1, 1]), np.array([1, 0])
    alone = [(2 + WEIGHT / 2) / (5 + WEIGHT), (3 + WEIGHT / 2) / (5 + WEIGHT)]
    assert bits_of_counting(0, seen, unseen, 2) == pytest.approx(-np.log2(alone).mean())
    after = (1 + WEIGHT * alone[0]) / (2 + WEIGHT)  # 0 after 1: seen once of two times
    assert bits_of_counting(1, seen, unseen, 2) == pytest.approx(-np.log2(after))


def test_the_check_notices_a_wrong_gradient():
    """A gradient that is off by a hundredth fails the finite-difference check by about as much."""
    x = draws(4)
    error = largest_error(lambda: float((x**2).sum()), [(x, 2 * x * 1.01)])
    assert error == pytest.approx(0.01, rel=0.01)


def test_the_library_stays_small():
    """The layer library has at most 150 lines."""
    assert len(Path(layers.__file__).read_text("utf-8").splitlines()) <= 150
