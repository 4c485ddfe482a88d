"""pWord2Vec, compiled (https://github.com/IntelLabs/pWord2Vec): skip-gram whose windows share their negatives.

FIRTH_PWORD2VEC names the program. Its pWord2Vec.cpp (of commit 5c1e417) is for Intel's compiler and MKL; for g++ and
OpenBLAS, with which it is faster here, it was given cstdio, cstdlib and mm_malloc.h, cblas.h in mkl.h's place, and
openblas_set_num_threads in mkl_set_num_threads's:
`g++ -std=c++11 -O3 -march=native -fopenmp -DUSE_MKL pWord2Vec.cpp -o pWord2Vec -lopenblas`.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.common import VOCABULARY, WORK, as_text
from pipeline.settings import TrainSettings
from pipeline.text.token_files import TokenCorpus

OUTPUT = "pword2vec.bin"
"""In WORK, the vectors of its last run, in word2vec's binary format."""


def program() -> str:
    """The whole path that FIRTH_PWORD2VEC names, or nothing."""
    return os.environ.get("FIRTH_PWORD2VEC", "")


def trained(tokens: Path, settings: TrainSettings, workers: int) -> dict[str, Any]:
    """Let it train; the speed of its training phase, in words of the vocabulary.

    Its own rate counts the ends of lines as words, and is last reported some thousand words before the end.
    """
    vocabulary = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    words, printed = int(vocabulary.counts.sum()), _printed(as_text(tokens, len(vocabulary)), settings, workers)
    (with_ends,) = re.findall(r"Words in train file: (\d+)", printed)
    rate = float(re.findall(r"Words/sec: ([0-9.]+)k", printed)[-1]) * 1000
    speed = rate * words / int(with_ends)
    return {"tokens": words, "seconds": words * settings.epochs / speed, "words_per_s": speed}


def _printed(text: Path, settings: TrainSettings, workers: int) -> str:
    files = {"train": text.relative_to(WORK), "output": OUTPUT}  # it has room for 99 bytes of each
    usual = {"size": settings.vector_size, "window": settings.window, "negative": settings.negative}
    numbers = {"alpha": settings.alpha, "sample": settings.sample, "iter": settings.epochs, "threads": workers}
    others = {"min-count": 1, "binary": 1}
    given = [part for name, value in (files | usual | numbers | others).items() for part in (f"-{name}", str(value))]
    one_each = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([program(), *given], cwd=WORK, env=one_each, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{program()} failed:\n{done.stdout}{done.stderr}")
    return done.stdout
