"""Train once, alone in a process, by Firth or by gensim; prints speed and memory, and can keep the vectors.

`python -m benchmarks.one_training firth|gensim TOKENS SETTINGS-JSON [--workers N] [--deterministic] [--keep FILE.npy]`
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, as_text
from pipeline.crosscheck.gensim_twin import gensim_arguments
from pipeline.plan.memory import peak_bytes
from pipeline.settings import TrainSettings
from pipeline.text.token_files import TokenCorpus


def train_firth(
    tokens: Path, settings: TrainSettings, workers: int, deterministic: bool
) -> tuple[np.ndarray[Any, Any], float]:
    """Vectors in the vocabulary's order, and the seconds of the training phase."""
    from pipeline.training.training import train

    corpus = TokenCorpus.open(tokens)
    trained = train(corpus, corpus.vocabulary(VOCABULARY), settings, workers=workers, deterministic=deterministic)
    return trained.parameters.word_vectors(), trained.seconds


def train_gensim(
    tokens: Path, settings: TrainSettings, workers: int, _deterministic: bool
) -> tuple[np.ndarray[Any, Any], float]:
    """The same by gensim, from a corpus_file, its fastest way; counting the vocabulary is not timed."""
    from gensim.models import FastText, Word2Vec

    words = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    text = str(as_text(tokens, len(words)))
    kind = FastText if settings.model == "fasttext" else Word2Vec
    model = kind(min_count=1, workers=workers, **gensim_arguments(settings))
    model.build_vocab(corpus_file=text)
    started = time.perf_counter()
    model.train(
        corpus_file=text,
        total_words=model.corpus_total_words,
        total_examples=model.corpus_count,
        epochs=settings.epochs,
    )
    seconds = time.perf_counter() - started
    return model.wv[list(words.words)], seconds


def main() -> None:
    """Parse, train, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trainer", choices=["firth", "gensim"])
    parser.add_argument("tokens", type=Path)
    parser.add_argument("settings", type=json.loads)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--deterministic", action="store_true")
    parser.add_argument("--keep", type=Path)
    chosen = parser.parse_args()
    trainer = {"firth": train_firth, "gensim": train_gensim}[chosen.trainer]
    settings = TrainSettings(**chosen.settings)
    vectors, seconds = trainer(chosen.tokens, settings, chosen.workers, chosen.deterministic)
    if chosen.keep:
        np.save(chosen.keep, vectors)
    tokens = int(TokenCorpus.open(chosen.tokens).vocabulary(VOCABULARY).counts.sum())
    peak = peak_bytes()
    figures = {
        "words": len(vectors),
        "tokens": tokens,
        "seconds": seconds,
        "words_per_s": tokens * settings.epochs / seconds,
        "peak_bytes": peak,
        "beyond_two_matrices": peak - 2 * vectors.nbytes,
        "finite": bool(np.isfinite(vectors).all()),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
