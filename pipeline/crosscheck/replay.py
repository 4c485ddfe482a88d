"""Level 2: Firth makes gensim's own random choices, and after a whole epoch has gensim's vectors.

The choices come from `gensim_draws` and `gensim_steps`. Everything that is computed from them is Firth's: the keep
probabilities, the noise distribution, the Huffman tree, which words are in a window, the pieces of words, the start,
both gradients, the schedule. So it is for skip-gram and CBOW, each with negative sampling and with hierarchical
softmax, and for fastText with all four.

What difference remains comes from gensim's single precision: a score at the edge of two entries of its sigmoid table
may find the other one, .003 away, which moves a number by up to .003 * alpha * another number, about 4e-5. Over 300
stories the whole difference is 1e-6 to 2e-5.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.crosscheck.gensim_draws import FASTTEXT, jobs, table_sigmoid
from pipeline.crosscheck.gensim_steps import Outputs, Step, Steps
from pipeline.crosscheck.gensim_twin import train_gensim
from pipeline.crosscheck.kind import kind_of
from pipeline.crosscheck.levels import Level, ignore, verdict
from pipeline.crosscheck.mathematics import Mathematics
from pipeline.models.negative_sampling import Float64s, Sigmoid
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.training.batch import Floats
from pipeline.training.parameters import Parameters

TOLERANCE = 1e-4

RULE = (
    f"after an epoch over gensim's lee_background.cor, with gensim's random draws and Firth's mathematics, no number of"
    f" either matrix differs by more than {TOLERANCE:g} from gensim's (one worker, the model's own kind of training)"
)

_MIN_COUNT = VocabularySettings().min_count


def check_replay(
    settings: TrainSettings | None = None,
    mathematics: Mathematics | None = None,
    stories: int | None = None,
    report: Callable[[str], None] = ignore,
) -> Level:
    """Train gensim on the 300 stories that come with it, replay it, and compare both matrices.

    Args:
        settings: for both; by default one epoch of skip-gram with negative sampling, all else at its default.
        mathematics: Firth's functions.
        stories: only the first so many.
        report: told what is being done.

    Raises:
        SettingError: gensim cannot train with these settings.
    """
    settings = settings or TrainSettings(epochs=1)
    sentences = lee_background()[:stories]
    report(f"replay: gensim trains on {len(sentences)} stories, then Firth repeats it step by step")
    gensim = train_gensim(sentences, settings, _MIN_COUNT)
    started = time.perf_counter()
    replay = Replay(gensim.words, sentences, settings, mathematics or Mathematics())
    parameters = replay.run()
    report(f"replay: {replay.pairs:,} pairs in {time.perf_counter() - started:.1f} s")
    numbers = _differences(parameters, gensim.parameters(parameters.pieces))
    passed = max(numbers["largest_vector_difference"], numbers["largest_context_difference"]) <= TOLERANCE
    sizes = {"stories": len(sentences), "words": len(gensim.words), "pairs": replay.pairs}
    found = {**kind_of(settings.as_dict()), **sizes, **numbers, "tolerance": TOLERANCE}
    return Level("replay", verdict(passed), RULE, found)


def lee_background() -> list[list[str]]:
    """gensim's 300 news stories, cut at white space."""
    from gensim.test.utils import datapath

    return [line.split() for line in Path(datapath("lee_background.cor")).read_text("utf-8").splitlines()]


def _differences(firth: Parameters, gensim: Parameters) -> dict[str, Any]:
    """The largest difference of a number in each matrix, beside the size of gensim's numbers."""
    return {
        "largest_vector_difference": float(np.abs(firth.vectors - gensim.vectors).max()),
        "largest_context_difference": float(np.abs(firth.contexts - gensim.contexts).max()),
        "largest_vector_number": float(np.abs(gensim.vectors).max()),
        "largest_context_number": float(np.abs(gensim.contexts).max()),
    }


class Replay:
    """An epoch-by-epoch run of gensim's training, workers=1, with Firth's mathematics.

    Args:
        words: the vocabulary in gensim's order, which its draws refer to.
        sentences: the text, words outside the vocabulary included; none longer than a job, which gensim would cut.
        settings: as given to gensim.
        mathematics: Firth's functions.
    """

    def __init__(
        self,
        words: Sequence[str],
        sentences: Sequence[Sequence[str]],
        settings: TrainSettings,
        mathematics: Mathematics,
    ) -> None:
        ids = {word: row for row, word in enumerate(words)}
        self._sentences = [np.array([ids[w] for w in sentence if w in ids], np.int64) for sentence in sentences]
        self._raw_lengths = [len(sentence) for sentence in sentences]
        self._settings = settings
        self._mathematics = mathematics
        self._input, self._output = mathematics.input_side(settings), mathematics.output_side(settings)
        self._counts = np.bincount(np.concatenate(self._sentences), minlength=len(words))
        self._pieces = mathematics.pieces(words, settings)
        self.pairs = 0

    def run(self) -> Parameters:
        """Train all epochs from the start; the result is in double precision."""
        settings = self._settings
        sizes = len(self._counts), settings.vector_size
        parameters = self._mathematics.start(*sizes, settings.seed, self._pieces).as_float64()
        steps = Steps(self._counts, settings, self._mathematics, self._pieces)
        random = np.random.RandomState(settings.seed)  # the generator that gensim uses
        for epoch in range(settings.epochs):
            for job in jobs(self._sentences, self._raw_lengths):
                rate = self._mathematics.learning_rate(settings, (epoch + job.progress) / settings.epochs)
                for step in steps.of_job(job.sentences, random):
                    self._take(step, parameters, rate)
        return parameters

    def _take(self, step: Step, parameters: Parameters, rate: float) -> None:
        """Each output row moves at once, the input words' own vectors when all outputs are done."""
        self.pairs += 1
        h = self._input.forward(_doubles(parameters.vectors[step.inputs])) * self._askew(len(step.inputs))  # (D,)
        d_h = self._move_outputs(parameters.contexts, h, step.outputs, rate)
        moves = rate * self._input.step(d_h, len(step.inputs))  # (p, D)
        np.subtract.at(parameters.vectors, step.inputs, moves)  # a word may stand twice among them

    def _askew(self, rows: int) -> float:
        """gensim's skip-gram divides a word's rows by the number of its pieces, as if it had no row of its own."""
        askew = self._pieces is not None and self._settings.architecture == "skipgram" and rows > 1
        return rows / (rows - 1) if askew else 1.0

    def _sigmoid(self, labels: Float64s) -> Sigmoid:
        if not self._pieces:
            return table_sigmoid(labels)
        saturates = self._settings.architecture == "cbow" and self._settings.loss == "ns"
        return table_sigmoid(labels, FASTTEXT, saturates=saturates)

    def _move_outputs(self, contexts: Floats, h: Float64s, outputs: Outputs, rate: float) -> Float64s:
        """Move the output rows; returns the gradient of h.

        h stays as it is meanwhile, so the rows can be met together, unless one comes twice: then one after the other.
        """
        d_h = np.zeros(len(h))
        size = len(outputs.rows)
        for part in [slice(n, n + 1) for n in range(size)] if outputs.repeated else [slice(size)]:
            rows, labels = outputs.rows[part], outputs.labels[part]
            u = _doubles(contexts[rows])  # (M, D)
            d_part, d_u = self._output(h, u, labels, outputs.weights[part], self._sigmoid(labels))
            contexts[rows] = u - rate * d_u
            d_h += d_part
        return d_h


def _doubles(rows: Floats) -> Float64s:
    return rows.astype(np.float64, copy=False)
