"""Checkpoints: whole or not there, of this training or refused, and to the last bit what they were made of."""

import contextlib
import logging
import signal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.settings import TrainSettings, VocabularySettings, WatchSettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.training.checkpoint import Checkpoints
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.interrupt import Interrupt
from pipeline.training.keeping import Keeping
from pipeline.training.objective import Objective
from pipeline.training.parameters import Parameters
from pipeline.training.position import Position
from pipeline.training.stage import train_stage
from pipeline.training.training import train
from pipeline.training.wishes import Wishes
from storage.errors import Diverged, InputError, Interrupted
from tests.varied import varied

TRAINING = {
    "key": "this",
    "settings": {"alpha": 0.025, "seed": 1},
    "inputs": {"tokens": "abc"},
    "code": {"source": "0123", "numpy": "2.0"},
}
SMALL = TrainSettings(vector_size=8, epochs=3, sample=1e-2)
ALWAYS = 1e-9  # minutes: a checkpoint after every part
POSITION = Position(epoch=1, parts=2, progress=0.4, losses=(3.25,), pairs=(7,), loss=0.1, epoch_pairs=3, seconds=1.5)


def matrices(seed=0):
    """Parameters of five words."""
    return Parameters(*np.random.default_rng(seed).random((2, 5, 3), np.float32))


def names(folder):
    """What is in a folder, but for the lock."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


@pytest.fixture
def kept(tmp_path):
    """A folder with one checkpoint."""
    checkpoints = Checkpoints(tmp_path, 1, TRAINING)
    checkpoints.save(matrices(), POSITION)
    return checkpoints


def test_a_checkpoint_gives_back_what_it_was_made_of(kept):
    """Position and both matrices are those that were saved, byte for byte."""
    found, again = kept.load(), Parameters(*np.zeros((2, 5, 3), np.float32))
    found.restore(again)
    assert found.position == POSITION
    assert again.vectors.tobytes() == matrices().vectors.tobytes()
    assert again.contexts.tobytes() == matrices().contexts.tobytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.floats(allow_nan=False, allow_infinity=False), st.lists(st.floats(0, 100)), st.integers(0, 2**60))
def test_sums_survive_to_the_last_bit(tmp_path, loss, losses, pairs):
    """Any float64 sum and any count come back as they were."""
    position = Position(loss=loss, losses=tuple(losses), pairs=(pairs,), held_out=tuple(losses), seconds=abs(loss))
    Checkpoints(tmp_path, 1, TRAINING).save(matrices(), position)
    assert Checkpoints(tmp_path, 1, TRAINING).load().position == position


def test_the_newest_replaces_the_one_before(kept, tmp_path):
    """After each writing one checkpoint is there; what a killed writer left is gone; the user's own folders stay."""
    for name in (".checkpoint-0123456789ab", "checkpoint", "checkpoint-old"):
        (tmp_path / name).mkdir()
    kept.save(matrices(1), Position(epoch=2))
    assert names(tmp_path) == ["checkpoint", "checkpoint-000002", "checkpoint-old"]
    assert kept.load().position == Position(epoch=2)
    kept.remove()
    assert names(tmp_path) == ["checkpoint", "checkpoint-old"]
    assert kept.load() is None


def test_where_two_are_there_the_newest_counts(kept, tmp_path):
    """A writer that was killed before it removed the older one has done no harm."""
    older = tmp_path / "checkpoint-000001"
    kept.save(matrices(1), Position(epoch=2))
    (tmp_path / "checkpoint-000002").rename(older)
    kept.save(matrices(2), Position(epoch=3))
    (tmp_path / "checkpoint-000002").rename(tmp_path / "checkpoint-000010")
    older.mkdir()
    assert kept.load().position == Position(epoch=3)


@pytest.mark.parametrize("file", ["vectors.npy", "contexts.npy", "checkpoint.json"])
@pytest.mark.parametrize("place", [0, 10, 0.3, 0.6, -2])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_refused(kept, tmp_path, file, place, damage):
    """A flipped bit anywhere, a missing end or a missing file is noticed, and the message has the way out."""
    path = tmp_path / "checkpoint-000001" / file
    content = bytearray(path.read_bytes())
    place = int(place * len(content)) if 0 < place < 1 else place
    content[place] ^= 1
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[:place])
    with pytest.raises(InputError, match=r"checkpoint-000001 is damaged .* begin again without --resume"):
        kept.load()


@pytest.mark.parametrize(
    ("part", "change", "said"),
    [
        ("settings", {"alpha": 0.05}, "alpha was 0.025, now 0.05"),
        ("settings", {"patience": 2}, "patience was nothing, now 2"),
        ("inputs", {"tokens": "xyz"}, "inputs: tokens was abc, now xyz"),
        ("code", {"source": "4567"}, "code: source was 0123, now 4567"),
        ("code", {"numpy": "3.0"}, "code: numpy was 2.0, now 3.0"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(kept, part, change, said):
    """Other settings, another text or other code cannot go on from it; the message says what differs."""
    other = {**TRAINING, "key": "other", part: TRAINING[part] | change}
    with pytest.raises(InputError, match="is of another training") as error:
        Checkpoints(kept.folder, 1, other).load()
    assert said in str(error.value)


def test_numbers_that_are_not_finite_are_not_kept(kept, tmp_path):
    """A spoiled matrix is no checkpoint; the good one stays."""
    spoiled = matrices()
    spoiled.contexts[2, 1] = np.nan
    with pytest.raises(Diverged):
        kept.save(spoiled, POSITION)
    assert names(tmp_path) == ["checkpoint-000001"]
    assert kept.load().position == POSITION


def test_a_diverging_training_leaves_the_checkpoint_before(lee_tokens, tmp_path):
    """The loss is looked at before anything is kept: what is there is sound."""
    corpus = TokenCorpus.open(lee_tokens)
    vocabulary = corpus.vocabulary(VocabularySettings())

    class Spoiling(FastTrainer):
        def step(self, parameters, batch, rate):
            """Fine in the first epoch, then a vector that makes every loss huge."""
            if batch.progress > 1 / 3:
                parameters.vectors[:] = 1e4
                parameters.contexts[:] = -1e4
            return 1e9 if batch.progress > 1 / 3 else super().step(parameters, batch, rate)

    checkpoints = Checkpoints(tmp_path, ALWAYS, TRAINING)
    trainer = Spoiling(Objective.of(SMALL, vocabulary.counts))
    with pytest.raises(Diverged, match="--alpha"):
        train(corpus, vocabulary, SMALL, trainer=trainer, keeping=Keeping(checkpoints))
    found, again = checkpoints.load(), Parameters.start(len(vocabulary), 8, 1)
    found.restore(again)
    assert found.position.epoch == 1
    assert abs(again.vectors).max() < 100


class StopAfter:
    """An `Interrupt` that comes by itself, at the second look at it."""

    def __init__(self):
        self.looks = 0

    @property
    def number(self):
        """The signal."""
        self.looks += 1
        return signal.SIGINT if self.looks > 1 else None


@pytest.mark.parametrize(
    ("kind", "share"),
    [({}, 0), ({"loss": "hs"}, 0), ({"model": "cbow"}, 0.1), ({"model": "fasttext", "bucket": 2000}, 0.1)],
)
def test_a_training_left_between_any_two_parts_ends_in_the_same_bytes(lee_tokens, tmp_path, kind, share):
    """Left after one, two, three ... parts and taken up again each time, it ends as if it had not been left."""
    corpus = TokenCorpus.open(lee_tokens)
    vocabulary, watch = corpus.vocabulary(VocabularySettings()), WatchSettings(held_out=share)
    chosen = varied(SMALL, **kind)
    whole = train(corpus, vocabulary, chosen, watch=watch)
    checkpoints, left, trained = Checkpoints(tmp_path, 1, TRAINING), 0, None
    while trained is None:
        with contextlib.suppress(Interrupted):
            keeping = Keeping(checkpoints, checkpoints.load(), StopAfter())
            trained = train(corpus, vocabulary, chosen, watch=watch, keeping=keeping)
        left += 1
    assert left > 4
    assert trained.parameters.vectors.tobytes() == whole.parameters.vectors.tobytes()
    assert trained.parameters.contexts.tobytes() == whole.parameters.contexts.tobytes()
    assert (trained.losses, trained.pairs, trained.held_out) == (whole.losses, whole.pairs, whole.held_out)


def test_a_stage_tells_what_becomes_of_a_checkpoint(lee_tokens, tmp_path, caplog):
    """Without --resume it tells of it; with it, that it goes on, or that there is none; at last it is gone."""
    caplog.set_level(logging.INFO)
    folder = StageFolder(tmp_path / "model")

    def run(*, resume=False, **options):
        caplog.clear()
        wishes = Wishes(resume=resume)
        return train_stage(lee_tokens, folder, VocabularySettings(), SMALL, wishes=wishes, **options)

    with pytest.raises(Interrupted, match="checkpoint-000001"):
        run(resume=True, interrupt=StopAfter())
    assert f"no checkpoint in {folder.path}: the training begins at its beginning" in caplog.text
    with pytest.raises(Interrupted, match="checkpoint-000002"):
        run(interrupt=StopAfter())
    assert "% of this training; --resume would go on from it" in caplog.text
    first, _ = run(resume=True)
    assert "going on from" in caplog.text
    assert names(folder.path) == sorted([first.data, "firth-manifest.json"])
    again, _ = run(force=True)
    assert again.report["vectors_sha256"] == first.report["vectors_sha256"]
    assert not caplog.text


def test_the_second_signal_ends_at_once():
    """The first is noted; a second Ctrl-C is a KeyboardInterrupt, a second SIGTERM the end; then all is as before."""
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        _second_signals()
    finally:
        signal.signal(signal.SIGINT, outside)


def _second_signals():
    before = signal.getsignal(signal.SIGINT)
    for second, raised in ((signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)):
        with Interrupt() as interrupt:
            assert interrupt.number is None
            signal.raise_signal(signal.SIGTERM)
            assert interrupt.number == signal.SIGTERM
            with pytest.raises(raised):
                signal.raise_signal(second)
    assert signal.getsignal(signal.SIGINT) == before


def test_a_signal_that_nobody_is_to_hear_stays_unheard():
    """What nohup has set to be ignored is ignored in a training too."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupt() as interrupt:
            signal.raise_signal(signal.SIGINT)
            assert interrupt.number is None
    finally:
        signal.signal(signal.SIGINT, before)
