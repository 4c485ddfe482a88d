"""What several test files share: a small real corpus, tokenized and trained once."""

import os
import shutil
import sys
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from pipeline.commands.store import publish
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize
from pipeline.training.model import load_model
from pipeline.training.stage import train_stage
from service.app import create_app
from service.library import Library
from storage.embeddings import Embeddings
from storage.ngrams import Ngrams
from storage.store import Store
from storage.subwords import Subwords

hypothesis.settings.register_profile(  # the machine may be busy: no test depends on speed
    "firth", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("firth")


def pytest_collection_finish():
    """Not when `tests.killing` is imported, since the server imports it, too."""
    if killing := sys.modules.get("tests.killing"):
        killing.start_server()


OBJECTIVES = {
    f"{name}, {loss}": {"architecture": architecture, "loss": loss, "cbow_mean": mean}
    for name, architecture, mean in (
        ("skip-gram", "skipgram", True),
        ("CBOW", "cbow", True),
        ("CBOW sum", "cbow", False),
    )
    for loss in ("ns", "hs", "softmax")
}
OBJECTIVES |= {
    f"fastText {name}, {loss}": {
        "model": "fasttext",
        "architecture": architecture,
        "loss": loss,
        "cbow_mean": mean,
        "min_n": 3,
        "max_n": 4,
        "bucket": 200,
    }
    for name, architecture, mean, loss in (
        ("skip-gram", "skipgram", True, "ns"),
        ("skip-gram", "skipgram", True, "hs"),
        ("skip-gram", "skipgram", True, "softmax"),
        ("CBOW", "cbow", True, "ns"),
        ("CBOW", "cbow", True, "hs"),
        ("CBOW", "cbow", True, "softmax"),
        ("CBOW sum", "cbow", False, "ns"),
    )
}

SMALL = TrainSettings(vector_size=16, epochs=2, sample=1e-2)


@pytest.fixture(scope="session", params=OBJECTIVES.values(), ids=OBJECTIVES.keys())
def objective(request):
    """The settings that choose a trainer, for each trainer there is."""
    return request.param


@pytest.fixture(scope="session")
def objectives():
    """All of them."""
    return list(OBJECTIVES.values())


@pytest.fixture(scope="session")
def lee_text():
    """300 news stories, one a line: real text inside the gensim wheel."""
    from gensim.test.utils import datapath

    return Path(datapath("lee_background.cor"))


@pytest.fixture(scope="session")
def lee_tokens(lee_text, tmp_path_factory):
    """The folder with the stories' token files."""
    folder = tmp_path_factory.mktemp("lee") / "tokens"
    tokenize(StageFolder(folder), [str(lee_text)], TokenSettings())
    return folder


@pytest.fixture(scope="session")
def lee_model(lee_tokens):
    """A small model of the stories; read it, do not write into its folder."""
    folder = lee_tokens.parent / "model"
    train_stage(lee_tokens, StageFolder(folder), VocabularySettings(), SMALL)
    return load_model(folder)


@pytest.fixture
def corpus_of(tmp_path):
    """Turns lines of text into an opened TokenCorpus."""

    def make(lines, name="text"):
        file = tmp_path / f"{name}.txt"
        file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        folder = tmp_path / f"{name}-tokens"
        tokenize(StageFolder(folder), [str(file)], TokenSettings(keep_numbers=True))
        return TokenCorpus.open(folder)

    return make


@pytest.fixture(scope="session")
def corpora():
    """The folder with large real corpora, which are not part of the project."""
    folder = Path(os.environ.get("FIRTH_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
    if not (folder / "english.txt.xz").is_file():
        pytest.skip(f"no english.txt.xz in {folder}; set FIRTH_CORPORA to the folder that has it")
    return folder


# ---- a browser ----


def some_subwords(embeddings):
    """Rows for half of the pieces of a model's words, as they come."""
    ngrams = Ngrams(3, 6, 5000)
    buckets = np.unique(ngrams.table(embeddings.words).buckets)[::2]
    rows = np.random.default_rng(1).standard_normal((len(buckets), embeddings.dimensions))
    return Subwords(ngrams, buckets, rows.astype(np.float32))


@pytest.fixture(scope="session")
def lee_store(lee_model, lee_tokens, tmp_path_factory):
    """A store with the model `lee`, its card as `firth store` publishes it, and `other`, whose vectors are contexts.

    The latter has rows for the pieces of its words, as models of fastText have.
    """
    db = tmp_path_factory.mktemp("store") / "firth.db"
    other = Embeddings(lee_model.embeddings.words, lee_model.embeddings.counts, lee_model.contexts)
    with Store.open(db, create=True) as store:
        store.publish("other", other, {}, subwords=some_subwords(other))
    publish(lee_tokens.parent / "model", "lee", db, force=False)
    return db


@pytest.fixture(scope="session")
def lee_service(lee_store):
    """The service running over that store."""
    from tests.browsing import RunningService

    with RunningService(create_app(lee_store, preload=True)) as service:
        yield service


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium; one for all tests, since it takes a second to start."""
    if not (shutil.which("chromedriver") and any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))):
        pytest.skip("no chromium with its chromedriver on the PATH (Debian: apt-get install chromium chromium-driver)")
    from tests.browsing import open_browser

    driver = open_browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(scope="session")
def lee_engine(lee_store):
    """The engine that answers for the model `lee` of that store."""
    library = Library(lee_store)
    return library.engine(library.find("lee"))


@pytest.fixture(scope="session")
def words(lee_engine):
    """Four common words of that model."""
    return list(lee_engine.words[40:44])


@pytest.fixture
def reader(browser, lee_service):
    """A reader whose browser remembers nothing, and whose console must stay empty."""
    from tests.browsing import Reader

    reader = Reader(browser, lee_service.address)
    yield reader
    assert reader.console() == []
