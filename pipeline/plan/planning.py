"""`Plan`: what tokenizing and training a corpus will take, put together from a sample and a few seconds of each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.plan.calibration import SECONDS, Calibration, Trial, calibrate
from pipeline.plan.counting import Counted, count
from pipeline.plan.glove_trial import MATRICES
from pipeline.plan.growth import Growth
from pipeline.plan.memory import available_memory
from pipeline.plan.sample import SAMPLE, Sample
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings, WorkerSettings
from pipeline.text.block_tokens import SMALL
from pipeline.text.corpus import find_sources
from pipeline.text.tokenizing import processors
from pipeline.text.vocabulary import Counts, kept_size
from pipeline.training.pieces import Pieces
from storage.errors import InputError

LADDER = (1, 2, 5, 10, 20, 50)
"""The min_counts for which the size of the vocabulary is told."""
HEADER = 128
"""Bytes before the numbers in a .npy file."""
BASE = 60_000_000
TYPE = 310
PROCESS = 38_000_000
"""Bytes that tokenizing takes: at its start, for each different word, and in each further process, as measured."""
FEW = 10_000
"""Words of which some are enough to tell how many pieces a word has; more of them share more."""
PAIR = 24
"""Bytes on the disk of each of GloVe's pairs while they are trained: half a cell in a run, in the counts, in a tile."""
WORD = 75
"""Bytes of a word and of its place in the vocabulary, which the calibration does without."""


@dataclass(frozen=True)
class Number:
    """A number of a plan, and whether it is known exactly or estimated."""

    value: float
    exact: bool = False


@dataclass(frozen=True)
class Plan:
    """What a corpus and these settings will take.

    Attributes:
        files: how many.
        bytes: on the disk.
        bytes_read: of these, for the plan.
        tokens: N.
        sentences: lines with a token.
        sizes: words that stand so many times or more.
        words: V, the words that will be trained.
        trained_tokens: those of these words, in one epoch.
        memory: bytes at most, of all processes, of each stage.
        disk: bytes of what each stage keeps, and of checkpoints while training.
        seconds: of each stage.
    """

    files: int
    bytes: int
    bytes_read: int
    tokens: Number
    sentences: Number
    sizes: dict[int, Number]
    words: Number
    trained_tokens: Number
    memory: dict[str, Number]
    disk: dict[str, Number]
    seconds: dict[str, Number]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def plan(
    paths: Sequence[str],
    tokens: TokenSettings,
    vocabulary: VocabularySettings,
    training: TrainSettings,
    work: WorkerSettings = WorkerSettings(),  # noqa: B008 - it is frozen
    *,
    processes: int | None = None,
    budget: int = SAMPLE,
    seconds: float = SECONDS,
) -> Plan:
    """Look at a sample of a corpus and try this machine; nothing is written.

    Args:
        paths: files and folders.
        tokens: how text becomes tokens.
        vocabulary: which words are trained.
        training: how.
        work: how many processes train.
        processes: how many tokenize at once; by default one for each processor.
        budget: about how many bytes of text are read at most; a corpus of no more than that is counted exactly.
        seconds: how long to train.

    Raises:
        InputError: text that cannot be read, or only once; no token in it, or no word that would be trained.
        FirthError: training on matrices of that size ended early.
    """
    processes = processes or processors()
    sample = Sample(find_sources(paths), tokens, budget)
    counted = count(sample, tokens, processes)
    if not len(counted.ids):
        raise InputError(f"no tokens in the {sample.read:,} bytes that were read of {', '.join(paths[:3])}")
    corpus = _Corpus(sample, counted, vocabulary)
    rows = _words_that_fit(corpus.words, _rows_of(counted.words[:FEW], training) * training.vector_size)
    shared = (training, work.workers, work.deterministic, seconds)
    measured = calibrate(Trial(corpus.spelled(rows), corpus.counts(rows), counted.ids, counted.offsets, *shared))
    return Plan(
        files=sample.files,
        bytes=sample.size,
        bytes_read=sample.read,
        tokens=corpus.number(corpus.tokens),
        sentences=corpus.number(corpus.sentences),
        sizes={each: corpus.number(corpus.size(each)) for each in sorted({*LADDER, vocabulary.min_count})},
        words=corpus.number(corpus.words),
        trained_tokens=corpus.number(corpus.trained_tokens),
        memory=_memory(corpus, training, rows, measured, processes),
        disk=_disk(corpus, training, work, measured),
        seconds=_seconds(corpus, training, measured),
    )


class _Corpus:
    """The whole corpus, as its sample tells."""

    def __init__(self, sample: Sample, counted: Counted, settings: VocabularySettings) -> None:
        self.sample, self.counted = sample, counted
        self.tokens = sample.expected_tokens()
        self.sentences = round((len(counted.offsets) - 1) * self.factor)
        self._growth = Growth(counted.ids, counted.counts)
        self.types = self.size(1)
        self.words = kept_size(counted.counts, settings) if sample.whole else self._kept(settings)
        known = int(counted.counts[: self.words].sum())
        self.trained_tokens = known if sample.whole else round(known * self.factor)

    @property
    def factor(self) -> float:
        """How many times as large as the sample it is, in tokens."""
        return self.tokens / len(self.counted.ids)

    def number(self, value: float) -> Number:
        """A count, exact where the whole corpus was counted."""
        return Number(value, self.sample.whole)

    def size(self, min_count: int) -> int:
        """Words that stand so many times or more."""
        return self._growth.size(min_count, self.tokens)

    def counts(self, rows: int) -> Counts:
        """(rows,) how often each of the most frequent words stands in it; those not met yet, as the rarest."""
        met = np.maximum(1, np.rint(self.counted.counts[:rows] * self.factor)).astype(np.int64)
        return np.concatenate([met, np.full(rows - len(met), met[-1])])

    def spelled(self, rows: int) -> list[str]:
        """As many words; in the place of those not met yet some of the others, backwards."""
        met = self.counted.words[:rows]
        return [*met, *(met[number % len(met)][::-1] for number in range(rows - len(met)))]

    def bytes_of_words(self, words: int) -> int:
        """Of a file with the most frequent ones."""
        met = self.counted.word_bytes[:words]
        return round(int(met.sum()) * words / len(met))

    def _kept(self, settings: VocabularySettings) -> int:
        limits = [limit for limit in (settings.max_vocab_size, settings.max_final_vocab) if limit]
        words = min([self.size(settings.min_count), *limits])
        if words == 0:
            raise InputError(f"no word is likely to stand {settings.min_count} times or more; lower --min-count")
        return words


def _disk(corpus: _Corpus, training: TrainSettings, work: WorkerSettings, measured: Calibration) -> dict[str, Number]:
    """What the stages keep; and two checkpoints of both matrices, for the moment in which one replaces the other.

    GloVe has, while it trains, its counts and tiles besides. With fastText a model has the words' vectors, and besides
    the rows that they are made of, and the buckets.
    """
    lengths = 4 * corpus.tokens + 8 * (corpus.sentences + 1) + 8 * corpus.types
    trained = _matrices(corpus.words, training, measured)
    kept, numbers = 8 * corpus.words * training.dimensions, 8 * corpus.words
    if training.model == "fasttext":
        kept += round(4 * corpus.words * measured.rows * training.vector_size)
        numbers += 2 * HEADER + round(4 * corpus.words * (measured.rows - 1))
    if training.model == "glove":
        numbers += HEADER + 8 * corpus.words
    return {
        "tokens": Number(3 * HEADER + lengths + corpus.bytes_of_words(corpus.types)),
        "model": Number(3 * HEADER + numbers + kept + corpus.bytes_of_words(corpus.words)),
        "checkpoints": Number(2 * (2 * HEADER + trained) if work.checkpoint_minutes else 0),
        **({"counts": Number(PAIR * measured.pairs)} if training.model == "glove" else {}),
    }


def _memory(
    corpus: _Corpus, training: TrainSettings, rows: int, measured: Calibration, processes: int
) -> dict[str, Number]:
    left_out = _matrices(corpus.words - rows, training, measured)
    spread = processes > 1 and corpus.counted.blocks * corpus.factor > SMALL
    others = processes if spread else 0
    return {
        "tokenize": Number(BASE + TYPE * corpus.types + PROCESS * others),
        "train": Number(measured.peak_bytes + left_out + WORD * corpus.words + 8 * corpus.types),
    }


def _seconds(corpus: _Corpus, training: TrainSettings, measured: Calibration) -> dict[str, Number]:
    matrices = _matrices(corpus.words, training, measured)
    steps = training.epochs * corpus.trained_tokens / measured.tokens_per_s
    growth = corpus.types / len(corpus.counted.counts)
    return {
        "tokenize": Number(corpus.counted.clock.seconds(corpus.tokens, growth)),
        "train": Number(measured.start + steps + matrices / measured.hash_bytes_per_s),
    }


def _matrices(words: int, training: TrainSettings, measured: Calibration) -> int:
    """Bytes of both matrices for so many words."""
    return round(4 * words * (measured.rows + 1) * training.vector_size)


def _rows_of(words: Sequence[str], training: TrainSettings) -> float:
    """Rows of both matrices for each of these words."""
    pieces = Pieces.for_settings(words, training)
    if training.model == "glove":
        return MATRICES
    return 1 + (pieces.total / len(words) if pieces else 1)


def _words_that_fit(words: int, numbers: float) -> int:
    """V, or as many words, with so many numbers each, as leave half of this machine's free memory free."""
    free = available_memory()
    return words if free is None else max(1, min(words, int(free // (8 * numbers))))
