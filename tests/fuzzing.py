"""Coverage-guided fuzzing of the readers by atheris, for as long as one likes; no part of `make test`.

    pip install atheris
    python -m tests.fuzzing FORMAT [SECONDS]    # a reader by its name, or `packed`, text packed in all ways

It ends at the first input that leads to anything but an answer or Firth's own error, and leaves that input in a file.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["storage"]):
    from storage.errors import FirthError
    from storage.formats.intake import Intake
    from storage.formats.known import detect, named
    from storage.formats.source import Source
    from storage.packed import PACKINGS

from gensim.test.utils import datapath

from tests.test_formats import export, model

SAVED_BY_OTHERS = {"gensim": datapath("old_w2v_models/w2v_3.4.0.mdl")}
"""Files of formats that are only read."""


def main(name, seconds="60"):
    """Fuzz one reader."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file, seeds = Path(folder) / "vectors", Path(folder) / "seeds"
        seeds.mkdir()
        for packing in PACKINGS if name == "packed" else [""]:
            format_ = named("word2vec" if name == "packed" else name)
            if format_.written:
                export(model(["one", "two"]), format_, seeds / f"x{packing}", words=Path(folder) / "words")
            else:
                shutil.copy(SAVED_BY_OTHERS[name], seeds)

        def one(data):
            file.write_bytes(data)
            try:
                source = Source(file, words=Path(folder) / "words")
                with Intake(source, Path(folder), skip=True) as intake:
                    for block in (detect(source) if name == "packed" else named(name)).read(source):
                        intake.take(block)
                    intake.embeddings()
            except FirthError as error:
                if folder not in str(error):
                    raise

        atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-rss_limit_mb=1024", "-timeout=10", str(seeds)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
