"""GloVe's trainings: every pair once an epoch, the same bytes by any workers, kept, gone on with, stopped in time."""

import dataclasses
import itertools
import json
import multiprocessing
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli import firth
from pipeline.cooccurrence.cells import Piece
from pipeline.cooccurrence.counting import Counting, count
from pipeline.crosscheck.crosscheck import crosscheck
from pipeline.crosscheck.gensim_twin import gensim_arguments
from pipeline.crosscheck.rendering import as_text
from pipeline.models import glove
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings, WatchSettings, WorkerSettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize
from pipeline.training.checkpoint import Checkpoints
from pipeline.training.glove.arranging import arrange, is_held_out
from pipeline.training.glove.bands import band_edges
from pipeline.training.glove.crew import GloveCrew
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.fast import cost
from pipeline.training.glove.hands import divide
from pipeline.training.glove.reference import GloveReference
from pipeline.training.glove.rounds import rounds
from pipeline.training.glove.training import Watching, train_glove
from pipeline.training.interrupt import Interrupt
from pipeline.training.keeping import Keeping
from pipeline.training.stage import load_model, train_stage
from pipeline.training.wishes import Wishes
from storage.errors import Diverged, FirthError, InputError, Interrupted, SettingError
from storage.store import Store

SMALL = TrainSettings(model="glove", vector_size=8, epochs=3, window=5)
WORDS = VocabularySettings(min_count=5)


@pytest.fixture(scope="module")
def corpus(lee_tokens):
    """Real text."""
    return TokenCorpus.open(lee_tokens)


@pytest.fixture(scope="module")
def words(corpus):
    """Its words."""
    return corpus.vocabulary(WORDS)


@pytest.fixture
def run(corpus, words, tmp_path):
    """Trains on the text."""
    return lambda settings=SMALL, **how: train_glove(corpus, words, settings, tmp_path / "scratch", **how)


def counted(corpus, folder, size=400, symmetric=True):
    """The counts of the most frequent words."""
    folder.mkdir()
    return count(corpus, Counting(size, 5, symmetric, 10**8), folder)


def pairs_of(cells):
    """Row, column and log X of every pair, both halves of a symmetric matrix."""
    rows, columns, weights = cells.piece(0, len(cells))
    found = {(row, column): x for row, column, x in zip(rows.tolist(), columns.tolist(), weights.tolist(), strict=True)}
    return found | ({(column, row): x for (row, column), x in found.items()} if cells.symmetric else {})


def pairs_in(tiles):
    """The same from tiles, of which each pair must be in one."""
    found = {}
    for a in range(tiles.bands):
        for b in range(tiles.bands):
            tile, rows, columns = tiles.tile(a, b), tiles.span(min(a, b)).start, tiles.span(max(a, b)).start
            places = zip((tile.rows + rows).tolist(), (tile.columns + columns).tolist(), strict=True)
            for (row, column), log in zip(places, tile.logs.tolist(), strict=True):
                place = (column, row) if a > b else (row, column)
                assert place not in found
                found[place] = np.exp(log)
    return found


@pytest.mark.parametrize("symmetric", [True, False])
def test_tiles_hold_every_pair_once(corpus, tmp_path, symmetric):
    """With its weight, whether both sides were counted or the left alone, and in bands that hold all words."""
    cells = counted(corpus, tmp_path / "cells", symmetric=symmetric)
    edges = band_edges(cells.pairs(1000))
    tiles = arrange(cells, edges, tmp_path / "tiles")
    assert (edges[0], edges[-1]) == (0, 400)
    assert tiles.bands > 1
    wanted = pairs_of(cells)
    assert tiles.pairs == len(wanted)
    assert pairs_in(tiles) == pytest.approx(wanted, rel=1e-6)


def test_held_out_pairs_are_the_others(corpus, tmp_path):
    """About the share that is asked for, both of (i, j) and (j, i); together with the rest they are all."""
    cells = counted(corpus, tmp_path / "cells")
    edges = band_edges(cells.pairs(1000))
    trained = pairs_in(arrange(cells, edges, tmp_path / "trained", held_out=0.1))
    held = pairs_in(arrange(cells, edges, tmp_path / "held", held_out=0.1, held=True))
    assert trained.keys().isdisjoint(held)
    assert trained.keys() | held.keys() == pairs_of(cells).keys()
    assert len(held) / (len(held) + len(trained)) == pytest.approx(0.1, abs=0.01)
    assert all((column, row) in held for row, column in held)


@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.integers(0, 99))
@settings(max_examples=30)
def test_rounds_are_of_tiles_that_share_nothing(bands, seed, epoch):
    """Each tile is in one round of an epoch, and in no round do two share a band of rows or of columns."""
    found = rounds(bands, seed, epoch)
    assert sorted(tile for tiles in found for tile in tiles) == [(a, b) for a in range(bands) for b in range(bands)]
    for tiles in found:
        assert len({a for a, _ in tiles}) == len({b for _, b in tiles}) == bands
    assert found == rounds(bands, seed, epoch)
    assert bands < 5 or found != rounds(bands, seed, epoch + 1)


def test_bands_of_frequent_words_are_small():
    """They have about equal loads: the first band has the fewest words."""
    pairs = (10**6 / np.arange(1, 5001)).astype(np.int64)
    sizes = np.diff(band_edges(pairs))
    assert sizes[0] == 1
    assert (np.diff(sizes[1:]) >= -1).all()
    assert sizes[-1] > 100


def test_any_number_of_workers_and_any_memory_give_the_same_bytes(run):
    """One worker and three, much memory for the counting and little."""
    first, other = run(), run(work=WorkerSettings(workers=3, count_memory=0.01))
    assert first.parameters.vectors.tobytes() == other.parameters.vectors.tobytes()
    assert first.parameters.contexts.tobytes() == other.parameters.contexts.tobytes()
    assert first.biases.tobytes() == other.biases.tobytes()
    assert first.losses == other.losses


def test_workers_have_about_as_much_to_do(corpus, tmp_path):
    """Every tile of a round is taken by one of them, and what they take costs about the same."""
    cells = counted(corpus, tmp_path / "cells", 2000)
    tiles = arrange(cells, band_edges(cells.pairs(10**6)), tmp_path / "tiles")
    for round_of in rounds(tiles.bands, 1, 0):
        shares = divide(round_of, tiles, 2)
        assert sorted(itertools.chain.from_iterable(shares)) == list(range(len(round_of)))
        costs = [[cost_of(tiles, round_of[number]) for number in share] for share in shares]
        assert abs(sum(costs[0]) - sum(costs[1])) <= max(itertools.chain.from_iterable(costs))


def cost_of(tiles, place):
    """What the step of a tile costs, as far as is known beforehand."""
    rows, columns = (tiles.span(band) for band in place)
    return cost(tiles.size(*place), rows.stop - rows.start, columns.stop - columns.start)


def test_a_killed_worker_ends_the_training(corpus, words, tmp_path):
    """With an error that says so; no process is left."""
    cells = counted(corpus, tmp_path / "cells", len(words))
    tiles = arrange(cells, band_edges(cells.pairs(10**6)), tmp_path / "tiles")
    with GloveCrew(SMALL, tiles, Factors.start(len(words), 8, 1), workers=2) as crew:
        going = crew.epoch(0)
        next(going)
        (worker,) = multiprocessing.active_children()
        worker.kill()
        worker.join()
        with pytest.raises(FirthError, match="ended early"):
            list(going)
    assert multiprocessing.active_children() == []


def test_the_seed_decides(run):
    """The start and the order of the tiles; another seed gives other bytes."""
    first, again, other = run(), run(), run(dataclasses.replace(SMALL, seed=2))
    assert first.parameters.vectors.tobytes() == again.parameters.vectors.tobytes()
    assert first.parameters.vectors.tobytes() != other.parameters.vectors.tobytes()


def test_both_trainers_have_the_same_losses(corpus, tmp_path):
    """Epoch by epoch, over a whole training: the fast one in float32 and the reference in float64."""
    some = corpus.vocabulary(VocabularySettings(max_vocab_size=80))
    settings = dataclasses.replace(SMALL, epochs=2)
    fast = train_glove(corpus, some, settings, tmp_path / "fast")
    start = Factors.start(len(some), 8, settings.seed).as_float64()
    slow = train_glove(corpus, some, settings, tmp_path / "slow", start=start, trainer=GloveReference(settings))
    assert fast.losses == pytest.approx(slow.losses, rel=1e-5)
    np.testing.assert_allclose(fast.parameters.vectors, slow.parameters.vectors, atol=1e-4)


def test_the_loss_of_an_epoch_is_that_of_its_pairs(corpus, words, tmp_path):
    """Where nothing moves (the smallest rate), it is the mean of f (w c + b + b' - log X)^2 / 2 over all pairs."""
    settings = dataclasses.replace(SMALL, alpha=1e-30, min_alpha=1e-30, epochs=1)
    trained = train_glove(corpus, words, settings, tmp_path / "scratch")
    start = Factors.start(len(words), 8, settings.seed).as_float64()
    pairs = pairs_of(counted(corpus, tmp_path / "cells", len(words)))
    losses = [
        glove.loss(start.words[row], start.contexts[column], x, float(glove.weight(np.array(x), 100, 0.75)))
        for (row, column), x in pairs.items()
    ]
    assert trained.pairs == (len(losses),)
    assert trained.losses[0] == pytest.approx(np.mean(losses), rel=1e-5)


def test_the_loss_falls(run):
    """It begins below that of knowing nothing, and is less than half of what it was after a few epochs."""
    trained = run(dataclasses.replace(SMALL, epochs=12))
    assert trained.losses[0] < trained.ignorance
    assert trained.losses[-1] < trained.losses[0] / 2


def test_an_x_max_far_too_large_is_told_of(run, caplog):
    """Above nearly all counts; with the one that the hint proposes there is none."""
    run(dataclasses.replace(SMALL, epochs=1))
    (said,) = (record.message for record in caplog.records if record.levelname == "WARNING")
    assert said.startswith("x_max is 100, and ")
    caplog.clear()
    run(dataclasses.replace(SMALL, epochs=1, x_max=float(said.rpartition(" ")[2])))
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_held_out_pairs_stop_a_training(run):
    """Their loss is measured after each epoch; where it no longer falls, patience ends the training."""
    trained = run(dataclasses.replace(SMALL, epochs=60), watch=WatchSettings(held_out=0.2, patience=2))
    assert len(trained.held_out) == len(trained.losses) < 60
    assert min(trained.held_out[-2:]) >= min(trained.held_out[:-2])
    assert trained.held_out[0] > min(trained.held_out)


@pytest.mark.parametrize("length", [1e4, 1e25])
def test_a_training_that_has_run_away_is_stopped(run, words, length):
    """A loss far above that of knowing nothing, or no number at all, ends in an error, not in a model."""
    start = Factors.start(len(words), 8, 1)
    start.words[:, :-2] *= length
    with pytest.raises(Diverged, match="lower --alpha"):
        run(start=start)


def test_a_rate_far_too_high_does_not_run_away(run):
    """At 200 times the usual rate the law of a step holds every row: the loss is below that of knowing nothing."""
    trained = run(dataclasses.replace(SMALL, alpha=10.0, min_alpha=10.0, epochs=10))
    assert trained.losses[-1] < trained.ignorance


def test_text_without_a_pair_is_refused(corpus_of, tmp_path):
    """A word a line: nothing stands near anything."""
    lonely = corpus_of(["one", "two", "one"])
    with pytest.raises(InputError, match="nothing to learn"):
        train_glove(lonely, lonely.vocabulary(VocabularySettings(min_count=1)), SMALL, tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()


def test_too_few_pairs_to_hold_out_are_refused(corpus_of, tmp_path):
    """A share of almost nothing of two pairs is none."""
    two = corpus_of(["one two"])
    with pytest.raises(InputError, match="held out"):
        train_glove(
            two,
            two.vocabulary(VocabularySettings(min_count=1)),
            SMALL,
            tmp_path / "scratch",
            watch=WatchSettings(held_out=1e-9),
        )


def test_an_interrupted_training_goes_on_to_the_same_bytes(run, tmp_path):
    """From a checkpoint between any two rounds: vectors, biases and AdaGrad's sums are in it."""
    whole = run()
    interrupt, checkpoints = Interrupt(), Checkpoints(tmp_path / "kept", 1e-9, {"key": "this"})
    (tmp_path / "kept").mkdir()
    halfway = run_until(run, 0.5, interrupt, checkpoints)
    assert 0.5 <= halfway.position.progress < 1
    again = run(watching=Watching(keeping=Keeping(checkpoints, halfway)))
    assert again.parameters.vectors.tobytes() == whole.parameters.vectors.tobytes()
    assert again.losses == whole.losses


def run_until(run, share, interrupt, checkpoints):
    """Interrupt a training after this share of it; returns the checkpoint that it left."""

    def stop(now):
        if now.tokens >= share * now.total_tokens:
            interrupt.number = 2

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.training.ledger.REPORT_SECONDS", 0.0)
        with pytest.raises(Interrupted, match="is kept in"):
            run(watching=Watching(keeping=Keeping(checkpoints, None, interrupt), report=stop))
    return checkpoints.load()


@pytest.fixture
def halfway(run, tmp_path):
    """The checkpoints of a training that was interrupted, and the counts beside them."""
    kept = tmp_path / "kept"
    kept.mkdir()
    checkpoints = Checkpoints(kept, 1e-9, {"key": "0123456789ab" * 5})
    run_until(run, 0.5, Interrupt(), checkpoints)
    return SimpleNamespace(checkpoints=checkpoints, counts=kept / "counts-0123456789ab")


def go_on(run, halfway):
    """Take up an interrupted training; returns its vectors' bytes."""
    keeping = Keeping(halfway.checkpoints, halfway.checkpoints.load())
    return run(watching=Watching(keeping=keeping)).parameters.vectors.tobytes()


def test_who_goes_on_does_not_count_again(run, halfway, monkeypatch):
    """The counts lie beside the checkpoint, whole, and are used as they are."""
    whole = run().parameters.vectors.tobytes()
    assert sorted(path.name for path in halfway.counts.iterdir()) == ["counts.json", "keys", "units"]
    monkeypatch.setattr("pipeline.training.glove.training.count", None)
    assert go_on(run, halfway) == whole


@pytest.mark.parametrize("name", ["keys", "units", "counts.json"])
def test_damaged_counts_are_counted_again(run, halfway, caplog, name):
    """A byte that has changed is noticed and told of; the training goes on to the same bytes, with good counts."""
    before = {path.name: path.read_bytes() for path in halfway.counts.iterdir()}
    (halfway.counts / name).write_bytes(before[name][:40] + bytes([before[name][40] ^ 1]) + before[name][41:])
    assert go_on(run, halfway) == run().parameters.vectors.tobytes()
    assert f"{halfway.counts} is damaged" in caplog.text
    assert {path.name: path.read_bytes() for path in halfway.counts.iterdir()} == before


def test_counts_of_another_training_go(run, halfway):
    """One that counts anew puts its own in their place; of a training that keeps no checkpoints there are none."""
    other = Checkpoints(halfway.checkpoints.folder, 1e-9, {"key": "ba9876543210" * 5})
    run(watching=Watching(keeping=Keeping(other)))
    assert [path.name for path in other.folder.glob("counts-*")] == ["counts-ba9876543210"]
    none = Checkpoints(other.folder, 0, {"key": "0123456789ab" * 5})
    run(watching=Watching(keeping=Keeping(none)))
    assert [path.name for path in other.folder.glob("counts-*")] == ["counts-ba9876543210"]


def test_counting_can_be_interrupted(run, tmp_path):
    """It says that nothing is kept, and leaves nothing."""
    interrupt = Interrupt()
    interrupt.number = 2
    keeping = Keeping(Checkpoints(tmp_path, 1, {"key": "this"}), None, interrupt)
    with pytest.raises(Interrupted, match="nothing is kept"):
        run(watching=Watching(keeping=keeping))
    assert not (tmp_path / "scratch").exists()


@pytest.fixture(scope="module")
def model(lee_tokens, tmp_path_factory):
    """A finished stage."""
    folder = tmp_path_factory.mktemp("glove") / "model"
    train_stage(lee_tokens, StageFolder(folder), WORDS, SMALL)
    return folder


def test_a_model_has_its_files_and_its_provenance(model, words):
    """Vectors, contexts, biases; only settings that GloVe has; nothing of the counting is left."""
    found = load_model(model)
    assert found.embeddings.matrix.shape == found.contexts.shape == (len(words), 8)
    assert found.biases.shape == (len(words), 2)
    kept = found.manifest.settings
    assert (kept["model"], kept["x_max"], kept["glove_alpha"], kept["scheme"]) == ("glove", 100.0, 0.75, "solo")
    assert not {"negative", "sample", "loss"} & kept.keys()
    assert found.manifest.report["reproducible"]
    assert found.manifest.report["pairs_per_s"] > 0
    assert found.settings == SMALL
    assert sorted(path.name for path in model.iterdir()) == [".lock", found.manifest.data, "firth-manifest.json"]


def test_the_same_training_is_not_run_again_by_other_workers(model, lee_tokens):
    """They would give the same bytes."""
    wishes = Wishes(work=WorkerSettings(workers=2))
    assert not train_stage(lee_tokens, StageFolder(model), WORDS, SMALL, wishes=wishes)[1]


@pytest.mark.parametrize("how", ["sum", "concatenation"])
def test_a_model_can_be_gone_on_with(lee_tokens, lee_text, tmp_path, how):
    """Old words go on from their vectors, their context vectors and their biases; new words join."""
    settings = dataclasses.replace(SMALL, combine=how)
    train_stage(lee_tokens, StageFolder(tmp_path / "first"), VocabularySettings(min_count=20), settings)
    tokenize(StageFolder(tmp_path / "more"), [str(lee_text)], TokenSettings())
    still, wishes = dataclasses.replace(settings, alpha=1e-30, min_alpha=1e-30), Wishes(parent=tmp_path / "first")
    train_stage(tmp_path / "more", StageFolder(tmp_path / "second"), WORDS, still, wishes=wishes)
    first, second = load_model(tmp_path / "first"), load_model(tmp_path / "second")
    rows = [second.embeddings.rows[word] for word in first.embeddings.words]
    np.testing.assert_allclose(second.embeddings.matrix[rows], first.embeddings.matrix, atol=1e-6)
    np.testing.assert_allclose(second.biases[rows], first.biases, atol=1e-6)
    assert second.manifest.report["parent"]["new_words"] > 0
    with pytest.raises(SettingError, match="--model glove"):
        train_stage(
            tmp_path / "more", StageFolder(tmp_path / "third"), WORDS, TrainSettings(vector_size=8), wishes=wishes
        )


def test_vectors_to_start_from_are_those_of_words(lee_tokens, tmp_path):
    """A file's vectors are the words' vectors at the start; context vectors are drawn."""
    file = tmp_path / "vectors.txt"
    file.write_text("the " + " ".join(["0.5"] * 8) + "\n")
    still = dataclasses.replace(SMALL, alpha=1e-30, min_alpha=1e-30, combine="word")
    train_stage(lee_tokens, StageFolder(tmp_path / "model"), WORDS, still, wishes=Wishes(start_vectors=file))
    found = load_model(tmp_path / "model").embeddings
    assert found.matrix[found.rows["the"]].tolist() == [0.5] * 8


def test_pairs_held_out_are_spread_evenly():
    """Over all cells of a matrix of words, a share of 1 % is within a tenth of itself."""
    rows, columns = (places.ravel() for places in np.mgrid[:500, :500])
    assert is_held_out(Piece(rows, columns, rows), 500, 0.01).mean() == pytest.approx(0.01, rel=0.1)


def test_progress_tells_pairs(lee_tokens, tmp_path):
    """The command writes loss, pairs and words a second for a program."""
    jsonl, out = tmp_path / "progress.jsonl", tmp_path / "model"
    options = ["--model", "glove", "--epochs", "2", "--vector-size", "8", "--progress-jsonl", str(jsonl)]
    done = CliRunner().invoke(firth, ["train", str(lee_tokens), "--out", str(out), *options])
    assert done.exit_code == 0, done.output
    assert "pairs/s" in done.output
    last = json.loads(jsonl.read_text("utf-8").splitlines()[-1])
    assert last["pairs_per_s"] > 0
    assert last["words_per_s"] > 0
    assert last["epoch"] == 2


def test_a_concatenation_s_dimensions_are_told(lee_tokens, tmp_path):
    """Twice those that are trained: what the command says is what the model has."""
    out = tmp_path / "model"
    options = ["--model", "glove", "--epochs", "1", "--vector-size", "8", "--combine", "concatenation"]
    done = CliRunner().invoke(firth, ["train", str(lee_tokens), "--out", str(out), *options])
    assert load_model(out).embeddings.matrix.shape[1] == 16
    assert "words of 16 dimensions" in done.output


def test_gensim_has_no_glove(model):
    """The cross-check compares words and counts, and says that there is nothing else to compare."""
    report = crosscheck(model)
    assert [level.verdict for level in report.levels] == ["pass", "undecided", "undecided"]
    said = as_text(report.as_dict())
    assert said.count("gensim, which has no GloVe") == 2
    assert "largest difference of a count 0" in said
    assert not [each for each in ("noise", "keep", "Huffman") if each in said]
    with pytest.raises(SettingError, match="which has no GloVe"):
        gensim_arguments(SMALL)


def test_a_glove_model_is_stored_with_its_context_vectors(model, tmp_path):
    """As any other: vectors, contexts, settings."""
    db = tmp_path / "firth.db"
    done = CliRunner().invoke(firth, ["store", str(model), "--name", "glove", "--db", str(db), "--map-words", "0"])
    assert done.exit_code == 0, done.output
    found = load_model(model)
    store = Store.open(db)
    (info,) = store.models()
    np.testing.assert_array_equal(store.load_contexts(info), found.contexts)
    store.close()


def test_a_glove_model_s_contexts_have_no_probability(model, tmp_path):
    """What stands beside the words that occur with a word is called a score, which holds for every model."""
    db, word = tmp_path / "firth.db", load_model(model).embeddings.words[0]
    CliRunner().invoke(firth, ["store", str(model), "--name", "glove", "--db", str(db), "--map-words", "0"])
    asked = CliRunner().invoke(firth, ["contexts", word, "--db", str(db)])
    assert asked.exit_code == 0, asked.output
    assert "score" in asked.output
    assert "probability" not in asked.output


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"x_max": 10.0}, "x_max is 10.0, but with model skipgram"),
        ({"model": "glove", "architecture": "cbow"}, "glove has none"),
        ({"model": "glove", "loss": "hs"}, "loss is hs, but model glove has no use for it; leave loss out"),
        ({"model": "glove", "negative": 10}, "negative is 10, but model glove"),
        ({"model": "glove", "shrink_windows": False}, "shrink_windows is False, but model glove"),
        ({"combine": "word"}, "combine is word, but model skipgram"),
        ({"model": "fasttext", "symmetric": False}, "symmetric is False, but model fasttext"),
        ({"model": "glove", "alpha": 0.01, "min_alpha": 0.02}, "above alpha"),
    ],
)
def test_settings_of_other_models_are_refused(wrong, said):
    """GloVe's weights with another model, what belongs to prediction with GloVe; at their defaults they do no harm."""
    with pytest.raises(SettingError, match=said):
        TrainSettings(**wrong)


def test_glove_s_defaults_are_its_program_s():
    """Where they differ from gensim's; the paper's x_max and alpha; a rate that stays."""
    settings = TrainSettings(model="glove")
    assert (settings.window, settings.epochs, settings.alpha, settings.min_alpha) == (15, 25, 0.05, 0.05)
    assert (settings.x_max, settings.glove_alpha, settings.symmetric, settings.combine) == (100.0, 0.75, True, "sum")
