"""`firth show` tells where a model comes from; `firth reproduce` makes it again, or says what differs and why."""

import json
import shutil

import pytest
from click.testing import CliRunner

from pipeline.cli import firth
from pipeline.commands.store import MapSettings, PrecisionSettings, publish
from pipeline.settings import (
    PhraseSettings,
    TokenSettings,
    TrainSettings,
    VocabularySettings,
    WatchSettings,
    WorkerSettings,
)
from pipeline.stages import MANIFEST, StageFolder
from pipeline.text.tokenizing import tokenize
from pipeline.training.stage import train_stage
from pipeline.training.wishes import Wishes
from storage.files import sha256_of_file, sha256_of_json
from storage.store import Store

SENTENCES = {
    "one.txt": "The King and the Queen of the land saw New York by the sea in 1999\n" * 80,
    "two.txt": "A ship sails the sea and the queen of New York waves to the ship\n" * 80,
}
TRAIN = TrainSettings(vector_size=6, epochs=2, seed=7)


@pytest.fixture
def text(tmp_path):
    """A folder with two files of text."""
    folder = tmp_path / "text"
    folder.mkdir()
    for name, lines in SENTENCES.items():
        (folder / name).write_text(lines, "utf-8")
    return folder


@pytest.fixture
def store_model(text, tmp_path):
    """Tokenizes, trains and stores a model of these settings; gives the store's file."""

    def make(*, tokens=None, train=TRAIN, wishes=None, phrases=None, precision=None, name="made"):
        work = tmp_path / name
        tokenize(StageFolder(work / "tokens"), [str(text)], tokens or TokenSettings(), phrases or PhraseSettings())
        train_stage(work / "tokens", StageFolder(work / "model"), VocabularySettings(), train, wishes=wishes)
        publish(work / "model", name, tmp_path / "firth.db", MapSettings(map_words=0), precision, force=False)
        shutil.rmtree(work / "tokens")
        return tmp_path / "firth.db"

    return make


def run(*arguments, code=0):
    """`firth` with these arguments, which has to end with `code`."""
    result = CliRunner().invoke(firth, [*map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def alter(db, name, change):
    """Publish a model once more under the name `altered`, with a card that `change` has changed."""
    with Store.open(db, create=True) as store:
        info = store.find(name)
        card = store.card(info)
        change(card)
        store.publish("altered", store.load(info), card, contexts=store.load_contexts(info))


# ---- it can ----


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"tokens": TokenSettings(keep_case=True, keep_numbers=True, min_length=2)},
        {"phrases": PhraseSettings(phrases=1, phrase_threshold=1.0, connector_words="of,the")},
        {"train": TrainSettings(vector_size=5, architecture="cbow", loss="hs", epochs=1, sample=0)},
        {"wishes": Wishes(watch=WatchSettings(held_out=0.1, patience=1))},
        {"wishes": Wishes(work=WorkerSettings(deterministic=True))},
        {"precision": PrecisionSettings(dtype="float16")},
        {"precision": PrecisionSettings(dtype="int8")},
    ],
    ids=["usual", "tokens", "phrases", "cbow-hs", "held-out", "shards", "float16", "int8"],
)
def test_a_model_is_reproduced_byte_for_byte(store_model, text, made):
    """From the recorded settings alone, with whatever the model was made, the same hashes come out."""
    db = store_model(**made)
    result = run("reproduce", "made", "--corpus", text, "--db", db)
    assert "made@1 is reproduced, byte for byte" in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[:-1]] == [
        "corpus", "tokenize", "vocabulary", "train", "vectors",
    ]  # fmt: skip


def test_files_are_known_by_their_hashes(store_model, text, tmp_path):
    """Files that moved, were renamed and are named in another order are the same text."""
    db = store_model()
    for old, new in (("one.txt", "zebra.text"), ("two.txt", "ant.text")):
        (text / old).rename(tmp_path / new)
    told = json.loads(
        run(
            "reproduce", "made@1", "--corpus", tmp_path / "ant.text", tmp_path / "zebra.text", "--db", db, "--json"
        ).stdout
    )
    assert told["same"] is True
    assert [stage["fits"] for stage in told["stages"]] == [True] * 5


def test_the_work_can_be_kept(store_model, text, tmp_path):
    """--work keeps tokens and vectors in an empty folder, and refuses one with something in it."""
    db = store_model()
    run("reproduce", "made", "--corpus", text, "--db", db, "--work", tmp_path / "kept")
    with Store.open(db) as store:
        recorded = store.card(store.find("made"))["manifest"]["train"]["report"]["vectors_sha256"]
    assert sha256_of_file(next((tmp_path / "kept" / "model").glob("data-*/vectors.npy"))) == recorded
    result = run("reproduce", "made", "--corpus", text, "--db", db, "--work", tmp_path / "kept", code=1)
    assert "not an empty folder" in result.stderr


def test_the_same_model_made_at_another_time_is_no_other_version(store_model, text, tmp_path):
    """Times and machines are kept, but the same bytes from the same text are the same model."""
    db, work = store_model(), tmp_path / "made"
    tokenize(StageFolder(work / "tokens"), [str(text)], TokenSettings())
    train_stage(work / "tokens", StageFolder(work / "model"), VocabularySettings(), TRAIN, force=True)
    manifest = work / "model" / MANIFEST
    told = json.loads(manifest.read_text("utf-8"))
    told["made"]["started"] = "2001-01-01T00:00:00+00:00"
    manifest.write_text(json.dumps(told), "utf-8")
    assert str(publish(work / "model", "made", db, MapSettings(map_words=0), force=False)) == "made@1"


# ---- it differs ----


def other_text(text, _db):
    (text / "two.txt").write_text("another sea\n" * 99)


def one_more_file(text, _db):
    (text / "three.txt").write_text("more\n")


def one_file_less(text, _db):
    (text / "one.txt").unlink()


def other_tokens(_text, db):
    alter(db, "made", lambda card: card["manifest"]["tokenize"]["settings"].update(keep_case=True))


def other_vocabulary(_text, db):
    alter(db, "made", lambda card: card["manifest"]["train"]["settings"].update(min_count=100))


def other_training(_text, db):
    alter(db, "made", lambda card: card["manifest"]["train"]["settings"].update(seed=8))


def other_vectors(_text, db):
    def change(card):
        card["manifest"]["train"]["report"]["contexts_sha256"] = "ab" * 32
        card["manifest"]["train"]["made"]["blas"] = "another 1.0"

    alter(db, "made", change)


@pytest.mark.parametrize(
    ("change", "stage", "says"),
    [
        (other_text, "corpus", "two.txt"),
        (one_more_file, "corpus", "three.txt is no file of its text"),
        (one_file_less, "corpus", "one.txt"),
        (other_tokens, "tokenize", "types, was"),
        (other_vocabulary, "vocabulary", "words of sha256"),
        (other_training, "train", "losses"),
        (other_vectors, "vectors", "was abab"),
    ],
)
def test_the_first_link_that_differs_is_named(store_model, text, change, stage, says):
    """Whatever is not as it was recorded, the first stage at which that shows is named, and the exit code is 1."""
    db = store_model()
    change(text, db)
    with Store.open(db) as store:
        name = str(store.models()[0])
    told = json.loads(run("reproduce", name, "--corpus", text, "--db", db, "--json", code=1).stdout)
    assert told["same"] is False
    assert (told["stages"][-1]["stage"], told["stages"][-1]["fits"]) == (stage, False)
    assert says in told["stages"][-1]["says"]
    assert all(each["fits"] for each in told["stages"][:-1])


def test_what_else_was_different_is_told(store_model, text):
    """Where bytes differ, so may Python, BLAS, NumPy, processor or Firth itself: what is not as it was is told."""
    db = store_model()
    other_vectors(text, db)
    result = run("reproduce", "altered", "--corpus", text, "--db", db, code=1)
    assert "not as it was: blas" in result.stdout
    assert "was another 1.0" in result.stdout
    assert "altered@1 differs, first in: vectors" in result.stdout


# ---- it cannot ----


def test_what_cannot_be_made_again_says_why(store_model, text, tmp_path):
    """Free workers, a parent, start vectors, nothing recorded of the text or of a training: each is explained."""
    db = store_model()
    free, first = Wishes(work=WorkerSettings(workers=2)), tmp_path / "made" / "model"
    start = tmp_path / "start.txt"
    start.write_text("1 6\nthe 1 2 3 4 5 6\n")
    store_model(wishes=free, name="free")
    store_model(wishes=Wishes(parent=first), name="continued")
    store_model(wishes=Wishes(start_vectors=start), name="started")
    publish(first, "textless", db, MapSettings(map_words=0), force=False)  # the tokens have gone meanwhile
    with Store.open(db, create=True) as store:
        store.publish("foreign", store.load(store.find("made")), {})
    for name, why in {
        "free": "2 workers trained freely",
        "continued": "continued another model",
        "started": "started from vectors of a file",
        "textless": "the settings and hashes of its text were not known",
        "foreign": "not trained by Firth",
    }.items():
        result = run("reproduce", name, "--corpus", text, "--db", db, code=1)
        assert f"{name}@1 cannot be made again" in result.stderr
        assert why in result.stderr


def test_a_stream_is_no_corpus_for_it(store_model):
    """Text has to be read twice, so standard input is refused."""
    assert (
        "a stream can be read only once"
        in run("reproduce", "made", "--corpus", "-", "--db", store_model(), code=1).stderr
    )


# ---- what is shown ----


def test_the_chain_is_complete(store_model, text, tmp_path):
    """From the files of the text to the seals, every link has its hash, and what was promised of it."""
    db = store_model()
    shown = json.loads(run("show", "made", "--db", db, "--json").stdout)
    links = {link["stage"]: link for link in shown["chain"]}
    assert list(links) == ["corpus", "tokenize", "vocabulary", "train", "vectors", "published"]
    assert [file["sha256"] for file in links["corpus"]["files"]] == [sha256_of_file(text / name) for name in SENTENCES]
    for stage in ("tokenize", "train"):
        link = links[stage]
        assert link["settings_sha256"] == sha256_of_json(link["settings"])
        assert {"firth", "source", "numpy"} <= link["code"].keys()
        assert {"started", "ended", "python", "blas", "machine"} == link["made"].keys()
        assert link["made"]["started"] <= link["made"]["ended"]
    with Store.open(db) as store:
        info = store.find("made")
        seals = store.seals(info)
    assert links["vocabulary"]["sha256"] == seals["vocabulary"]
    assert links["train"]["seed"] == 7
    assert links["train"]["parent"] is None
    assert len(links["train"]["losses"]) == 2
    assert links["vectors"]["sha256"] == info.vectors_sha256
    assert links["published"]["seals"] == seals
    store_model(wishes=Wishes(parent=tmp_path / "made" / "model"), name="child")
    child = json.loads(run("show", "child", "--db", db, "--json").stdout)
    (parent,) = [link["parent"] for link in child["chain"] if link["stage"] == "train"]
    assert parent["key"] == links["train"]["key"]


def test_the_chain_for_people(store_model, text):
    """Without --json the same hashes, settings, versions and losses are told in lines."""
    db = store_model(precision=PrecisionSettings(dtype="int8"))
    told = run("show", "made", "--db", db).stdout
    chain = json.loads(run("show", "made", "--db", db, "--json").stdout)["chain"]
    for link in chain:
        for name in ("key", "sha256", "settings_sha256"):
            if link["stage"] != "corpus":
                assert link.get(name) is None or link[name] in told
    for name in SENTENCES:
        assert sha256_of_file(text / name) in told
    for fact in ("seed 7", "vector_size 6", "loss of each epoch", "int8", "lost by rounding", "CPython", "sealed when"):
        assert fact in told


def test_verdicts_and_scores_are_links(store_model):
    """The cross-check's verdicts and the evaluation's scores stand in the chain, and what is no such thing does not."""
    levels = {"tables": {"verdict": "pass", "words": 9}, "replay": {"verdict": "fail"}}
    scores = {"wordsim353": {"spearman": 0.5, "covered": 3, "total": 9, "interval": [0, 1]}, "odd": 7}

    def change(card):
        card.update(crosscheck={"verdict": "fail", "levels": levels}, evaluation=scores)

    db = store_model()
    alter(db, "made", change)
    links = {each["stage"]: each for each in json.loads(run("show", "altered", "--db", db, "--json").stdout)["chain"]}
    verdicts = {"tables": "pass", "replay": "fail"}
    assert links["crosscheck"] == {"stage": "crosscheck", "verdict": "fail", "levels": verdicts}
    assert links["evaluation"] == {"stage": "evaluation", "wordsim353": {"spearman": 0.5, "covered": 3, "total": 9}}
    told = run("show", "altered", "--db", db).stdout
    assert "fail (tables pass, replay fail)" in told
    assert "WordSim-353 0.500, 3 of 9 questions covered" in told


def test_an_import_is_a_link(store_model):
    """What a model was imported from, with its hash, stands in the chain, for programs and for people."""
    files = [{"file": "glove.txt", "bytes": 9, "sha256": "ab" * 32}]
    imported = {"files": files, "format": "glove", "left_out": {}, "code": {"firth": "0.1.0"}, "options": {}}
    db = store_model()
    with Store.open(db, create=True) as store:
        store.publish("imported", store.load(store.find("made")), {"import": imported})
    chain = json.loads(run("show", "imported", "--db", db, "--json").stdout)["chain"]
    assert [link["stage"] for link in chain] == ["import", "vocabulary", "vectors", "published"]
    assert (chain[0]["format"], chain[0]["files"]) == ("glove", files)
    assert f"file glove.txt, bytes 9, sha256 {'ab' * 32}" in run("show", "imported", "--db", db).stdout


def test_a_card_of_any_shape_can_be_shown(store_model):
    """Whoever publishes is free in what the card holds; what is no manifest, verdict or score is no link."""
    db = store_model()
    parts = ("manifest", "crosscheck", "evaluation", "import")
    empty = dict.fromkeys(("stage", "key", "settings", "inputs", "report", "code"), 7)
    for odd in (None, 7, "text", [], {}, {"train": 7, "tokenize": []}, {"tokenize": empty}):
        alter(db, "made", lambda card, odd=odd: card.update(dict.fromkeys(parts, odd)))
        chain = json.loads(run("show", "altered", "--db", db, "--json").stdout)["chain"]
        assert {"vocabulary", "vectors", "published"} <= {link["stage"] for link in chain}
        assert "train" not in {link["stage"] for link in chain}
        run("show", "altered", "--db", db)
    found = json.loads(run("verify", "--db", db, "--json", code=1).stdout)["checks"]
    assert [check["stage"] for check in found if not check["fits"]] == ["tokenize"]  # whose key is 7
