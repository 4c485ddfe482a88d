"""What the benchmarks share: the corpus, child processes that measure themselves, and the files of results."""

import datetime
import json
import lzma
import os
import platform
import shutil
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.settings import TokenSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize
from storage.files import whole_file

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
CORPORA = Path(os.environ.get("FIRTH_CORPORA", ROOT.parent / "shared" / "corpora"))
WORK = Path(os.environ.get("FIRTH_BENCH_WORK", ROOT / "firth-work" / "benchmarks"))
VOCABULARY = VocabularySettings()


def english(words: int | None = None) -> Path:
    """Token files of english.txt, or of the lines that hold its first `words` words (about)."""
    source = CORPORA / "english.txt.xz"
    if not source.is_file():
        sys.exit(f"{source} is not there; set FIRTH_CORPORA to the folder with english.txt.xz")
    name = "english" if words is None else f"english-{words}"
    text = source if words is None else first_words(source, words, WORK / f"{name}.txt")
    tokenize(StageFolder(WORK / name), [str(text)], TokenSettings())
    return WORK / name


def first_words(source: Path, words: int, target: Path) -> Path:
    """Write the lines with the first `words` words (about) of an xz file to `target`, unless it is there."""
    if not target.is_file():
        with lzma.open(source, "rt", encoding="utf-8") as lines, whole_file(target) as file:
            for line in lines:
                if words <= 0:
                    break
                file.write(line.encode())
                words -= line.count(" ") + 1
    return target


def as_text(tokens: Path, size: int) -> Path:
    """The tokens whose id is below `size`, one sentence a line of at most 10,000: what gensim reads without loss."""
    corpus = TokenCorpus.open(tokens)
    target = tokens / f"words-{size}-{corpus.manifest.key[:12]}.txt"
    if not target.is_file():
        words = corpus.vocabulary(VOCABULARY).words
        with whole_file(target) as file:
            for sentence in corpus.sentences_of_ids(size):
                for start in range(0, len(sentence), 10_000):
                    line = " ".join(words[word] for word in sentence[start : start + 10_000])
                    file.write(f"{line}\n".encode())
    return target


def in_child(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module arguments` alone, with one BLAS thread; returns the JSON of its last line."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | threads,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{module} {' '.join(arguments)} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def median(values: list[float]) -> float:
    """Half of the runs lie below it."""
    return float(statistics.median(values))


def save(name: str, figures: dict[str, Any]) -> None:
    """Write results/NAME.json, with the machine, the date and the versions."""
    RESULTS.mkdir(exist_ok=True)
    about = {
        "command": f"python -m benchmarks {name}",
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {_processor()}, Python {platform.python_version()}",
        "versions": {"numpy": np.__version__, "gensim": version("gensim")},
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(about | figures, indent=2) + "\n", encoding="utf-8")


def load(name: str) -> dict[str, Any]:
    """Read results/NAME.json."""
    return dict(json.loads((RESULTS / f"{name}.json").read_text("utf-8")))


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def clean(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        names = [line for line in information.read_text("utf-8").splitlines() if line.startswith("model name")]
        if names:
            return names[0].partition(":")[2].strip()
    return platform.processor() or platform.machine()
