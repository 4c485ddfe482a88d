"""The commands together: text in, answers out, restartable in between, and errors in one sentence."""

import json
import logging
import math
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.cli import COMMANDS, FirthGroup, firth
from pipeline.commands.base import print_json, print_table
from pipeline.commands.run import name_for
from pipeline.progress import LOGGER
from pipeline.stages import StageFolder
from service.app import create_app
from storage.embeddings import Embeddings
from storage.models import check_name
from storage.store import Store

TINY = ["--vector-size", "8", "--epochs", "2", "--min-count", "3", "--sample", "0.01", "--level", "tables"]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """No FIRTH_ variable of the developer's."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)


def invoke(*arguments, code=0, **options):
    """Run `firth`, which has to end with the exit code `code`."""
    result = CliRunner().invoke(firth, [str(argument) for argument in arguments], **options)
    assert result.exit_code == code, result.output
    return result


def run_again(folder, *arguments, code=0):
    """`firth run` on a folder's text."""
    places = ["--work", folder / "work", "--db", folder / "test.db"]
    return invoke("run", folder / "lee.txt", *places, *TINY, *arguments, code=code)


def skipped(result):
    """Which stages said that they had nothing to do."""
    lines = [line for line in result.stdout.splitlines() if line.endswith("(current, not run again)")]
    return [line.split()[0] for line in lines]


@pytest.fixture(scope="module")
def ran(lee_text, tmp_path_factory):
    """A folder in which `firth run` was run on forty news stories, and what it printed."""
    folder = tmp_path_factory.mktemp("run")
    stories = lee_text.read_text("utf-8").splitlines()[:40]
    (folder / "lee.txt").write_text("\n".join(stories), "utf-8")
    result = run_again(folder, "--progress-jsonl", folder / "progress.jsonl")
    return SimpleNamespace(folder=folder, db=folder / "test.db", result=result)


@pytest.fixture
def copy(ran, tmp_path):
    """A folder like that of `ran`, to change things in."""
    (tmp_path / "lee.txt").write_bytes((ran.folder / "lee.txt").read_bytes())
    run_again(tmp_path)
    return tmp_path


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """The current folder, with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_ends_with_vectors_answers_and_the_way_on(ran):
    """`firth run` tells of each stage, then where the vectors are, what they say, and how to serve them."""
    printed = ran.result.stdout
    stages = ["tokenize ", "train ", "crosscheck ", "evaluate ", "store "]
    places = [printed.index(f"\n{stage}" if stage != "tokenize " else stage) for stage in stages]
    assert places == sorted(places)
    assert skipped(ran.result) == []
    assert f"The vectors are in {ran.db}, as the model lee@1." in printed
    assert "\nNearest words" in printed
    assert f"serve --db {ran.db}" in printed


def test_a_second_run_skips_every_stage(copy):
    """What is current is not run again, says so, and no second version is published."""
    result = run_again(copy)
    assert skipped(result) == ["tokenize", "train", "crosscheck", "evaluate", "store"]
    assert "as the model lee@1." in result.stdout


def test_a_changed_setting_runs_its_stage_and_those_after_it(copy):
    """Another number of epochs trains again and publishes the next version, from the same tokens."""
    result = run_again(copy, "--epochs", "1")
    assert skipped(result) == ["tokenize"]
    assert "as the model lee@2." in result.stdout
    assert skipped(run_again(copy, "--epochs", "1", "--keep-case")) == []


def test_a_changed_text_runs_everything(copy):
    """One more line of text makes every stage stale."""
    with (copy / "lee.txt").open("a", encoding="utf-8") as file:
        file.write("\none more line\n")
    assert skipped(run_again(copy)) == []


def test_force_runs_a_current_stage(copy):
    """--force does what would be skipped; the same seed still gives the same bytes."""
    before = StageFolder(copy / "work" / "model").manifest("train").report["vectors_sha256"]
    assert skipped(run_again(copy, "--force")) == []
    assert StageFolder(copy / "work" / "model").manifest("train").report["vectors_sha256"] == before


def test_the_stages_one_by_one_are_the_run(ran, tmp_path):
    """tokenize, train, crosscheck, evaluate and store, each by itself, publish the very model that run does."""
    tokens, model, db = tmp_path / "tokens", tmp_path / "model", tmp_path / "own.db"
    text = (ran.folder / "lee.txt").read_text("utf-8")
    invoke("tokenize", "-", "--out", tokens, input=text)
    invoke("train", tokens, "--out", model, *TINY[:-2], "--progress-jsonl", tmp_path / "lines.jsonl")
    invoke("crosscheck", model, "--level", "tables")
    invoke("evaluate", model)
    assert "lee@1" in invoke("store", model, "--name", "lee", "--db", db).stdout
    with Store.open(db) as own, Store.open(ran.db) as other:
        cards = [store.card(store.find("lee")) for store in (own, other)]
        assert own.find("lee").vectors_sha256 == other.find("lee").vectors_sha256
    for part in ("settings", "loss_curve", "crosscheck", "evaluation"):
        assert cards[0][part] == cards[1][part]
    assert cards[0]["manifest"]["tokenize"]["inputs"]["sources"][0]["name"] == "standard input"


def test_progress_lines_are_those_of_the_training(ran):
    """--progress-jsonl ends at the last token of the last epoch, with the loss that the manifest has."""
    lines = [json.loads(line) for line in (ran.folder / "progress.jsonl").read_text("utf-8").splitlines()]
    losses = StageFolder(ran.folder / "work" / "model").manifest("train").report["losses"]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert [line["loss"] for line in lines] == losses
    assert lines[-1]["tokens"] == lines[-1]["total_tokens"]
    assert lines[-1]["words_per_s"] > 0


@pytest.mark.parametrize(
    ("arguments", "route"),
    [
        (["similarity", "the", "australian"], "/similarity?a=the&b=australian"),
        (["similar", "australian"], "/neighbors?word=australian"),
        (["similar", "australian", "--topn", "3"], "/neighbors?word=australian&topn=3"),
        (["analogy", "the", "of", "australian"], "/analogy?a=the&b=of&c=australian"),
    ],
)
def test_json_is_the_answer_of_the_http_api(ran, arguments, route):
    """--json prints the document that the HTTP API sends for the same question."""
    answer = create_app(ran.db).test_client().get(f"/api/v1/models/lee@1{route}")
    assert json.loads(invoke(*arguments, "--db", ran.db, "--json").stdout) == answer.json


def test_models_json_is_that_of_the_http_api(ran):
    """`firth models --json` and /api/v1/models list the same models."""
    answer = create_app(ran.db).test_client().get("/api/v1/models")
    assert json.loads(invoke("models", "--db", ran.db, "--json").stdout) == answer.json


def test_tables_for_people(ran):
    """Without --json the same answers are tables: ranked words, the analogy with its formula, models."""
    nearest = json.loads(invoke("similar", "australian", "--db", ran.db, "--json").stdout)["neighbors"]
    rows = invoke("similar", "australian", "--db", ran.db).stdout.splitlines()[4:]
    expected = [[str(i), n["word"], f"{n['score']:.4f}", f"{n['count']:,}"] for i, n in enumerate(nearest, start=1)]
    assert [row.split() for row in rows] == expected
    assert len(rows) == 10
    analogy = invoke("analogy", "the", "of", "australian", "--db", ran.db, "--topn", "2").stdout
    assert analogy.startswith("the is to of as australian is to ?   (of - the + australian, 3CosAdd), in lee@1 (")
    assert len(analogy.splitlines()) == 6
    assert invoke("similarity", "the", "the", "--db", ran.db).stdout == "the and the: cosine 1.0000, in lee@1\n"
    assert invoke("models", "--db", ran.db).stdout.splitlines()[2].split()[:2] == ["lee", "1"]


def test_words_that_look_like_numbers_stay_words(tmp_path):
    """A table never turns a word such as 1e5 or 007 into a number."""
    (tmp_path / "numbers.txt").write_text("1e5 007 nan 1_000 word 1e5 007 nan 1_000 word\n" * 5, "utf-8")
    options = ["--keep-numbers", "--min-count", "1", "--token-pattern", r"\S+", "--level", "tables"]
    places = ["--work", tmp_path / "work", "--db", tmp_path / "test.db"]
    invoke("run", tmp_path / "numbers.txt", *places, *options)
    rows = invoke("similar", "word", "--db", tmp_path / "test.db").stdout.splitlines()[4:]
    assert {row.split()[1] for row in rows} == {"1e5", "007", "nan", "1_000"}


WORDS = ("na\u00efve", "\U0001f98a", "bell\x07", "\x1b[2Jclear", "two\nlines", "turn\u202ed")


@pytest.fixture
def odd(tmp_path):
    """A store with words that are hard to print, and the newest model not the last by name or version."""
    matrix = np.random.default_rng(1).standard_normal((len(WORDS), 4)).astype(np.float32)
    with Store.open(tmp_path / "odd.db", create=True) as store:
        for name in ("b", "b", "a"):
            store.publish(name, Embeddings(WORDS, np.ones(len(WORDS), np.int64), matrix), {})
    return tmp_path / "odd.db"


@pytest.mark.parametrize("arguments", [["similar", WORDS[2]], ["analogy", *WORDS[2:5]], ["similarity", *WORDS[3:5]]])
def test_words_cannot_steer_the_terminal(odd, arguments):
    """Tables and sentences show control characters of words as escapes, each word on one line."""
    printed = invoke(*arguments, "--db", odd).stdout
    assert not set("\x07\x1b\u202e") & set(printed)
    assert "lines" not in {line.strip() for line in printed.splitlines()}
    assert "\\x1b[2Jclear" in printed


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "cp1252", "shift_jis"])
def test_json_is_json_in_every_encoding(odd, encoding):
    """Whatever encoding standard output has, --json prints words that come back as they are; in UTF-8 as letters."""
    command = [sys.executable, "-m", "pipeline", "similar", WORDS[2], "--db", str(odd), "--json"]
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    ended = subprocess.run(command, capture_output=True, check=True, env=env)
    answer = json.loads(ended.stdout.decode(encoding))
    assert {neighbor["word"] for neighbor in answer["neighbors"]} == {*WORDS} - {WORDS[2]}
    assert ("\U0001f98a".encode() in ended.stdout) == (encoding == "utf-8")


def test_json_has_no_nan():
    """A number that is not finite is a mistake of ours, not a document that nobody can read."""
    with pytest.raises(ValueError, match="JSON"):
        print_json({"score": math.nan})


@pytest.mark.parametrize("more", [["b"], ["a"], []])
def test_without_a_choice_the_newest_is_asked(odd, more):
    """The model published last is asked, within one second too, whatever its name and version."""
    with Store.open(odd, create=True) as store:
        for name in more:
            store.publish(name, store.load(store.find("a")), {})
    model = json.loads(invoke("similar", WORDS[0], "--db", odd, "--json").stdout)["model"]
    expected = {"b": ("b", 3), "a": ("a", 2)}[more[0]] if more else ("a", 1)
    assert (model["name"], model["version"]) == expected


def test_numbers_of_a_table_stand_right(capsys):
    """Columns are named by their numbers, also those of two digits."""
    print_table(("",) * 12, [("wide",) * 12, ("x",) * 12], right=(0, 10))
    row = capsys.readouterr().out.splitlines()[-1]
    cells = [row[start : start + 4] for start in range(0, 72, 6)]  # four letters and two blanks each
    assert [column for column, cell in enumerate(cells) if cell == "   x"] == [0, 10]


def test_the_model_can_be_chosen(copy):
    """--model takes a name, or a name and a version; without it the newest is asked."""
    run_again(copy, "--name", "other", "--epochs", "1")
    db = ["--db", copy / "test.db", "--json"]
    asked = {
        model: json.loads(invoke("similar", "the", *db, *(["--model", model] if model else [])).stdout)["model"]["name"]
        for model in ("lee", "lee@1", "other")
    }
    assert asked == {"lee": "lee", "lee@1": "lee", "other": "other"}


def test_results_as_json(copy):
    """crosscheck and evaluate print with --json what they keep beside the model, and nothing else."""
    model = copy / "work" / "model"
    for command, file in ((["crosscheck", "--level", "tables"], "crosscheck"), (["evaluate"], "evaluation")):
        printed = json.loads(invoke(*command, model, "--json").stdout)
        assert printed == json.loads((model / f"{file}.json").read_text("utf-8"))["result"]


def test_a_failed_crosscheck_is_loud_and_stored(copy):
    """A failure ends `firth crosscheck` and `firth run` with 1; run stores vectors all the same, and the verdict."""
    path = copy / "work" / "model" / "crosscheck.json"
    kept = json.loads(path.read_text("utf-8"))
    kept["result"]["verdict"] = kept["result"]["levels"]["tables"]["verdict"] = "fail"
    path.write_text(json.dumps(kept), "utf-8")
    result = invoke("crosscheck", copy / "work" / "model", "--level", "tables", code=1)
    assert "CROSS-CHECK FAILED at level tables" in result.stderr
    result = run_again(copy, code=1)
    assert "THE CROSS-CHECK FAILED" in result.stderr.splitlines()[-1]
    assert "as the model lee@2." in result.stdout
    with Store.open(copy / "test.db") as store:
        assert store.card(store.find("lee@2"))["crosscheck"]["verdict"] == "fail"


def test_results_about_an_earlier_model_are_not_stored(copy):
    """After another training, the old cross-check and evaluation are left out of the card, and that is told."""
    model = copy / "work" / "model"
    invoke("train", copy / "work" / "tokens", "--out", model, *TINY[:-2], "--seed", "7")
    result = invoke("store", model, "--name", "new", "--db", copy / "test.db")
    assert "the crosscheck in" in result.stderr
    with Store.open(copy / "test.db") as store:
        assert not {"crosscheck", "evaluation"} & set(store.card(store.find("new")))


def test_a_model_without_its_tokens_can_be_stored(copy):
    """Where the token files have gone or changed since, the model is stored without their hashes, and that is told."""
    invoke("tokenize", copy / "lee.txt", "--out", copy / "work" / "tokens", "--keep-case")
    result = invoke("store", copy / "work" / "model", "--name", "alone", "--db", copy / "test.db")
    assert "stored without the hashes of its text" in result.stderr
    with Store.open(copy / "test.db") as store:
        assert store.card(store.find("alone"))["manifest"]["tokenize"] is None


def test_a_stage_does_not_overwrite_another(copy):
    """--out with the folder of another stage is refused, and nothing is lost."""
    tokens = copy / "work" / "tokens"
    result = invoke("train", tokens, "--out", tokens, *TINY[:-2], code=1)
    assert "holds the output of `firth tokenize`" in result.stderr
    assert skipped(invoke("tokenize", copy / "lee.txt", "--out", tokens)) == ["tokenize"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["similar", "austraalian"], 1, "not in the vocabulary: 'austraalian' (did you mean australian"),
        (["analogy", "the", "xyzzy", "of"], 1, "not in the vocabulary: 'xyzzy'"),
        (["similar", "the", "--model", "le"], 1, "no model named 'le' (did you mean lee"),
        (["similar", "the", "--db", "nowhere.db"], 1, "there is no store at nowhere.db"),
        (["train", "nowhere", "--out", "x"], 1, "nowhere holds no finished `firth tokenize` output"),
        (["evaluate", "nowhere"], 1, "nowhere holds no finished `firth train` output"),
        (["tokenize", "nowhere.txt", "--out", "x"], 1, "nowhere.txt does not exist"),
        (["run", "nowhere.txt"], 1, "nowhere.txt does not exist"),
        (["run", "--name", "a/b"], 2, "model name 'a/b' is not usable"),
        (["train", "x", "--out", "y", "--alpha", "1e-5"], 2, "min_alpha is 0.0001, above alpha 1e-05"),
        (["similr", "the"], 2, "no command 'similr' (did you mean similar, similarity"),
        (["similar"], 2, "Missing argument 'WORD'"),
    ],
)
def test_an_error_is_one_sentence(ran, empty_folder, arguments, code, message):
    """A mistake ends with its exit code and one sentence on standard error; nothing on standard output, no traces."""
    env = {} if "--db" in arguments or arguments[0] not in ("similar", "analogy") else {"FIRTH_DB": str(ran.db)}
    result = invoke(*arguments, code=code, env=env)
    assert result.stdout == ""
    assert f"Error: {message}" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
    assert list(empty_folder.iterdir()) == []


def test_an_empty_store_says_what_to_do(tmp_path):
    """A store without models names the commands that fill it."""
    Store.open(tmp_path / "empty.db", create=True).close()
    result = invoke("similar", "the", "--db", tmp_path / "empty.db", code=1)
    assert "holds no model yet; `firth run` or `firth store`" in result.stderr


@pytest.mark.parametrize("wish", [{"env": {"FIRTH_DEBUG": "1"}}, {"args": ["--verbose"]}])
def test_a_traceback_for_who_wants_it(wish):
    """--verbose or FIRTH_DEBUG shows where an error came from."""
    result = invoke("models", "--db", "nowhere.db", *wish.get("args", []), code=1, env=wish.get("env"))
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: there is no store at nowhere.db")


class Faulty(FirthGroup):
    """`firth` with one more command, which fails in a way that nobody foresaw."""

    def get_command(self, ctx, cmd_name):  # noqa: ARG002 - click's signature
        """That command, whatever it is called."""

        @click.command("run")
        def command():
            raise ZeroDivisionError("unforeseen")

        return command


def test_a_fault_of_firth_is_an_error_too():
    """What nobody foresaw ends with 1 and a sentence, too."""
    result = CliRunner().invoke(Faulty("firth"), ["run"])
    assert result.exit_code == 1
    assert result.stderr == "Error: this is a fault of Firth: ZeroDivisionError: unforeseen; --verbose shows where\n"


@pytest.mark.skipif(os.name == "nt", reason="signals and named pipes are things of Unix")
def test_an_interrupted_training_leaves_what_was_there(copy):
    """Without checkpoints Ctrl-C ends with 130 and one line; the stage is as it was, and nothing half-written stays."""
    model, pipe = copy / "work" / "model", copy / "pipe"
    before = sorted(path.name for path in model.iterdir())
    os.mkfifo(pipe)
    arguments = ["train", copy / "work" / "tokens", "--out", model, "--epochs", "100000", "--progress-jsonl", pipe]
    arguments += ["--checkpoint-minutes", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads; a shell's background jobs ignore it
    ) as process:
        with pipe.open(encoding="utf-8") as lines:
            assert json.loads(lines.readline())["epoch"] == 1
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("Interrupted. ")
    assert "Traceback" not in said
    assert sorted(path.name for path in model.iterdir()) == before


@pytest.mark.skipif(os.name == "nt", reason="closed pipes are told otherwise there")
def test_a_reader_that_leaves_early_is_no_error_worth_words(ran):
    """`firth similar ... | head` prints no error when head closes the pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "pipeline", "similar", "the", "--db", str(ran.db), "--topn", "1000"]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, text=True)
    os.close(writer)
    assert ended.stderr == ""


def test_version_names_what_matters():
    """--version shows Firth, Python and NumPy."""
    firth_version, python, numpy = invoke("--version").stdout.strip().split(", ")
    assert firth_version.startswith("Firth ")
    assert python == f"Python {sys.version.split()[0]}"
    assert numpy == f"NumPy {sys.modules['numpy'].__version__}"


def test_commands_start_without_heavy_imports(ran):
    """Help imports nothing heavy, and a question only NumPy: start-up is most of the time of a short command."""
    heavy = "{'numpy', 'scipy', 'gensim', 'flask', 'sqlite_utils', 'tqdm', 'prompt_toolkit'}"
    modules = "; ".join(f"import pipeline.commands.{module}" for module in COMMANDS.values())
    after_help = f"{modules}; import pipeline.cli, sys; print(*sorted({heavy} & set(sys.modules)))"
    question = ["similar", "the", "--db", str(ran.db), "--quiet"]
    after_question = (
        "import sys; from pipeline.cli import firth\n"
        f"try: firth.main({question})\nexcept SystemExit: print(*sorted({heavy} & set(sys.modules)))"
    )
    for program, expected in ((after_help, ""), (after_question, "numpy")):
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
        assert ended.stdout.splitlines()[-1] == expected


def test_loudness_is_that_of_the_call():
    """--quiet and --verbose, before or after the command, last for one call."""
    for arguments, level in [
        (["--quiet", "config"], logging.WARNING),
        (["config", "--verbose"], logging.DEBUG),
        (["config"], logging.INFO),
    ]:
        invoke(*arguments)
        assert LOGGER.level == level


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        ([], "demo"),
        (["-"], "stdin"),
        (["books/"], "books"),
        (["a/b.txt.gz", "c.txt"], "b"),
        (["Übung eins.txt"], "bung-eins"),
        (["...txt"], "txt"),
        (["日本.txt"], "model"),
        (["x" * 100], "x" * 64),
    ],
)
def test_a_model_is_named_after_its_text(paths, name):
    """Without --name the model is called after the first path, as far as a name may hold it."""
    assert name_for(paths) == name
    check_name(name)


def test_the_current_folder_has_a_name(tmp_path, monkeypatch):
    """`firth run .` is named after the folder."""
    (tmp_path / "novels").mkdir()
    monkeypatch.chdir(tmp_path / "novels")
    assert name_for([str(Path())]) == "novels"
