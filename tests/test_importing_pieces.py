"""Models with rows of pieces from the command line: imported, asked, exported; nothing is lost without a word."""

import json
from pathlib import Path

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models import fasttext as gensim_fasttext
from gensim.test.utils import common_texts, datapath

from service.app import create_app
from storage.managing.copying import copy_model
from storage.managing.versions import delete
from storage.store import Store
from tests.invoking import invoke

FILE = Path(datapath("lee_fasttext_new.bin"))
UNKNOWN = "nightly"


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A store with gensim's lee_fasttext_new.bin as `lee`, and a word2vec file as `plain`."""
    path = tmp_path_factory.mktemp("imported") / "firth.db"
    invoke("import", datapath("euclidean_vectors.bin"), "--name", "plain", "--db", path, "--map-words", "0")
    result = invoke("import", FILE, "--name", "lee", "--db", path, "--map-words", "0")
    assert "1,000 rows of words' pieces: unknown words get vectors with --on-missing subword" in result.stdout
    return path


@pytest.fixture(scope="module")
def theirs():
    """What gensim makes of the file."""
    return gensim_fasttext.load_facebook_vectors(str(FILE))


def asked(db, *words, question="vector", model="lee", code=0):
    answer = invoke(question, *words, "--db", db, "--model", model, "--on-missing", "subword", "--json", code=code)
    return json.loads(answer.stdout) if not code else answer.output


def test_the_card_says_so(db):
    """What was imported is on the card: how words are cut, and how many rows there are."""
    with Store.open(db) as store:
        about = {"min_n": 3, "max_n": 6, "buckets": 1000, "rows": 1000}
        assert store.card(store.find("lee"))["import"]["subwords"] == about
        assert store.cuts(store.find("lee")).about() == about
        assert store.card(store.find("plain"))["import"]["subwords"] is None
        assert store.cuts(store.find("plain")) is None


def test_unknown_words_are_answered(db, theirs):
    """The vector is gensim's, and over HTTP the answer is the same."""
    answer = asked(db, UNKNOWN)
    assert np.allclose(answer["vector"], theirs.get_vector(UNKNOWN), rtol=1e-6, atol=1e-7)
    parameters = {"word": UNKNOWN, "on_missing": "subword"}
    assert create_app(db).test_client().get("/api/v1/models/lee/vector", query_string=parameters).get_json() == answer


def test_neighbors_are_those_of_gensim(db, theirs):
    """As gensim's `most_similar` of the same unknown word."""
    found = asked(db, UNKNOWN, question="similar")["neighbors"]
    wanted = [(word, score) for word, score in theirs.most_similar(UNKNOWN, topn=12) if word != "</s>"][:10]
    found = [near for near in found if near["word"] != "</s>"]
    assert [near["word"] for near in found] == [word for word, _ in wanted][: len(found)]
    for near, (_, score) in zip(found, wanted, strict=False):
        assert near["score"] == pytest.approx(score, abs=1e-5)


def test_for_people_the_pieces_are_listed(db):
    """Below the answer stands from what the word was made."""
    told = invoke("similar", UNKNOWN, "--db", db, "--model", "lee", "--on-missing", "subword").stdout
    assert f"Not in the vocabulary, made from its pieces: {UNKNOWN} = <ni <nig <nigh <night nig" in told


def test_an_unknown_word_says_that_it_can_be_made(db):
    """Where the model can, the error names the option, of a line of standard input too, and in JSON says so."""
    options = ("--db", db, "--model", "lee")
    hint = "this model can make vectors from pieces of words (--on-missing subword)"
    assert hint in invoke("similar", UNKNOWN, *options, code=1).stderr
    lines = invoke("similar", "-", *options, "--json", standard_input=UNKNOWN, code=1)
    assert hint in lines.stderr
    assert json.loads(lines.stdout)["error"]["subwords"] is True


def test_a_model_without_pieces(db):
    """Says what is missing, with exit code 1."""
    assert "this model has no vectors of pieces" in asked(db, "quene", question="similar", model="plain", code=1)


def test_exported_for_fasttext(db, tmp_path, theirs):
    """By its suffix or by name, the file has the rows of pieces: gensim makes the same vectors of it."""
    invoke("export", "lee", tmp_path / "ours.fasttext", "--db", db)
    invoke("export", "lee", tmp_path / "ours.bin", "--format", "fasttext-bin", "--db", db)
    assert (tmp_path / "ours.bin").read_bytes() == (tmp_path / "ours.fasttext").read_bytes()
    found = gensim_fasttext.load_facebook_vectors(str(tmp_path / "ours.bin"))
    assert found.index_to_key == theirs.index_to_key
    assert found.vectors_ngrams.tobytes() == theirs.vectors_ngrams.tobytes()
    assert found.get_vector(UNKNOWN).tolist() == theirs.get_vector(UNKNOWN).tolist()


def test_what_another_format_leaves_out(db, tmp_path):
    """A format without rows of pieces loses them: that is said, in words and as JSON."""
    said = invoke("export", "lee", tmp_path / "ours.txt", "--db", db).stdout
    assert "left out: 1,000 rows of words' pieces" in said
    as_json = invoke("export", "lee", tmp_path / "other.txt", "--db", db, "--json").stdout
    assert json.loads(as_json)["subwords"] is False
    assert "pieces" not in invoke("export", "plain", tmp_path / "plain.txt", "--db", db).stdout


def test_gensims_own_model(tmp_path):
    """A FastText that gensim saved is imported without being unpickled, with its pieces."""
    model = FastText(common_texts, vector_size=6, min_count=1, epochs=1, workers=1, bucket=500)
    model.save(str(tmp_path / "saved.model"), sep_limit=0)
    invoke("import", tmp_path / "saved.model", "--name", "saved", "--db", tmp_path / "firth.db")
    answer = asked(tmp_path / "firth.db", UNKNOWN, model="saved")
    assert np.allclose(answer["vector"], model.wv.get_vector(UNKNOWN), rtol=1e-6, atol=1e-7)


def test_what_cannot_be_read_changes_nothing(tmp_path):
    """A pickle without vectors of words is an error that says what it is; no store is made."""
    said = invoke("import", datapath("lda_3_0_1_model"), "--name", "x", "--db", tmp_path / "firth.db", code=1).output
    assert "LdaModel holds no vectors of words" in said
    assert list(tmp_path.iterdir()) == []


def test_rows_of_pieces_are_copied_and_deleted_with_their_model(db, tmp_path):
    """A copy in another store has them, byte for byte; a model that is deleted leaves none behind."""
    copy_model(db, "lee", tmp_path / "other.db")
    with Store.open(db) as here, Store.open(tmp_path / "other.db", create=True) as there:
        one, other = (store.load_subwords(store.find("lee")) for store in (here, there))
        assert one.ngrams == other.ngrams
        assert one.rows.tobytes() == other.rows.tobytes()
        delete(there, [there.find("lee")])
        with there.using() as connection:
            assert connection.execute("SELECT count(*) FROM subwords").fetchone() == (0,)
            assert connection.execute("SELECT count(*) FROM ngrams").fetchone() == (0,)
