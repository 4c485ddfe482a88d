"""The same model in gensim: how Firth's settings become gensim's, and what comes back."""

import numpy as np
import pytest

from pipeline.crosscheck.gensim_twin import gensim_arguments, train_gensim
from pipeline.settings import TrainSettings
from pipeline.training.pieces import Pieces
from storage.errors import SettingError

SENTENCES = [list("abcab"), list("bcdda")] * 4


@pytest.mark.parametrize(
    ("architecture", "loss", "expected"),
    [
        ("skipgram", "ns", (1, 0, 7)),
        ("skipgram", "hs", (1, 1, 0)),
        ("cbow", "ns", (0, 0, 7)),
        ("cbow", "hs", (0, 1, 0)),
    ],
)
def test_kinds_become_gensim_s_switches(architecture, loss, expected):
    """gensim has sg and hs for the kinds, and draws noise unless negative is 0; the other names are the same."""
    settings = TrainSettings(
        architecture=architecture,
        loss=loss,
        negative=7,
        cbow_mean=False,
        shrink_windows=False,
        window=3,
        alpha=0.04,
        seed=9,
    )
    found = gensim_arguments(settings)
    assert tuple(found.pop(name) for name in ("sg", "hs", "negative")) == expected
    same = {name: value for name, value in settings.as_dict().items() if name in found}
    assert found == same
    assert not found["cbow_mean"]
    assert set(found) >= {"cbow_mean", "shrink_windows", "window", "alpha", "min_alpha", "sample", "seed", "epochs"}


@pytest.mark.parametrize("loss", ["ns", "hs"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_gensim_trains_both_matrices(architecture, loss):
    """Both have a row for each word and have moved; of a tree's nodes there is one fewer, so the last row is zero."""
    settings = TrainSettings(architecture=architecture, loss=loss, vector_size=3, epochs=1, sample=0)
    trained = train_gensim(SENTENCES, settings, 1)
    assert sorted(trained.words) == list("abcd")
    assert trained.vectors.shape == trained.contexts.shape == trained.parameters().vectors.shape == (4, 3)
    moved = np.abs(trained.contexts).sum(axis=1) > 0
    assert moved.tolist() == [True, True, True, loss == "ns"]


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_gensim_s_fasttext_is_trained_too(architecture):
    """It has the same switches and the pieces' settings, and rows of words and of buckets, of which Firth has some."""
    kind = {"model": "fasttext", "architecture": architecture, "min_n": 1, "max_n": 2, "bucket": 5}
    settings = TrainSettings(**kind, vector_size=3, epochs=1, sample=0)
    found = gensim_arguments(settings)
    assert {name: found[name] for name in ("min_n", "max_n", "bucket")} == {"min_n": 1, "max_n": 2, "bucket": 5}
    assert found["sg"] == (architecture == "skipgram")
    trained = train_gensim(SENTENCES, settings, 1)
    assert trained.vectors.shape == (4, 3)
    assert trained.rows[1].shape == (5, 3)
    pieces = Pieces.for_settings(trained.words, settings)
    assert len(trained.parameters(pieces).vectors) == pieces.total <= 4 + 5
    assert trained.parameters(pieces).word_vectors() == pytest.approx(trained.vectors, abs=1e-6)


def test_full_softmax_is_refused():
    """gensim has none: an error that names what it has."""
    with pytest.raises(SettingError, match="'softmax' is not in gensim, which has negative sampling and hierarchical"):
        gensim_arguments(TrainSettings(loss="softmax"))
