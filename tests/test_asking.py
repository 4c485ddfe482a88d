"""The commands that ask a model: each question has one, with all its fields, and answers as the engine does."""

import dataclasses
import json
import os
import subprocess
import sys

import click
import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.asking.session import Session
from pipeline.asking.spoken import COMMANDS, OVER_HTTP
from pipeline.cli import COMMANDS as ALL
from pipeline.cli import SECTIONS, FirthGroup, firth
from service import questions
from service.answers import document
from service.questions import QUESTIONS
from storage.embeddings import Embeddings
from storage.errors import FirthError
from storage.store import Store

WORDS = ("king", "queen", "man", "woman", "new york", "-dash", "--topn", "café", "Cafe", "+", "{", "don't")
ROOT = click.Context(firth, info_name="firth", **firth.context_settings)
CASES = {  # command -> words and options in a line, and what they ask
    "similar": (["king"], ["--topn", "3"], questions.Neighbors(word="king", topn=3)),
    "contexts": (["king"], [], questions.Contexts(word="king")),
    "similarity": (["king", "new york"], ["--case", "fold"], questions.Similarity(a="king", b="new york", case="fold")),
    "distance": (["king", "queen"], [], questions.Distance(a="king", b="queen")),
    "similarities": (
        ["king", "queen", "man", "nobody"],
        ["--on-missing", "skip"],
        questions.Similarities(a=("king", "man"), b=("queen", "nobody"), on_missing="skip"),
    ),
    "calc": (
        ["king", "+", "0.5*woman", "-", "man"],
        ["--deny", "café", "--deny", "Cafe"],
        questions.MostSimilar(
            positive=("king", "woman"), negative=("man",), positive_weights=(1.0, 0.5), deny=("café", "Cafe")
        ),
    ),
    "analogy": (
        ["man", "king", "woman"],
        ["--method", "3cosmul"],
        questions.Analogy(a="man", b="king", c="woman", method="3cosmul"),
    ),
    "analogy-from-examples": (
        ["man", "king", "woman", "queen", "café"],
        ["--min-count", "2"],
        questions.AnalogyFromExamples(a=("man", "woman"), b=("king", "queen"), c="café", min_count=2),
    ),
    "doesnt-match": (["king", "queen", "café"], [], questions.DoesntMatch(words=("king", "queen", "café"))),
    "set-similarity": (
        ["king", "queen", "/", "man"],
        [],
        questions.SetSimilarity(a=("king", "queen"), b=("man",)),
    ),
    "rank": (["king", "queen"], [], questions.Rank(a="king", b="queen")),
    "closer-than": (["king", "queen"], ["--max-rank", "9"], questions.CloserThan(a="king", b="queen", max_rank=9)),
    "distances": (["king", "queen", "man"], [], questions.Distances(word="king", others=("queen", "man"))),
    "most-similar-to-given": (
        ["king", "queen", "man"],
        [],
        questions.MostSimilarToGiven(word="king", candidates=("queen", "man")),
    ),
    "relative-cosine-similarity": (
        ["king", "queen"],
        ["--topn", "4"],
        questions.RelativeCosineSimilarity(a="king", b="queen", topn=4),
    ),
    "neighbors-of-vector": (
        ["0.5", "-1e-1", "2", "0"],
        ["--min-score", "-0.5"],
        questions.NeighborsOfVector(vector=(0.5, -0.1, 2.0, 0.0), min_score=-0.5),
    ),
    "vector": (["don't"], [], questions.Vector(word="don't")),
    "words": (["c"], ["--topn", "1"], questions.Words(prefix="c", topn=1)),
    "random-words": ([], ["--seed", "7", "--topn", "2"], questions.RandomWords(seed=7, topn=2)),
}
EACH = [pytest.param(name, *case, id=name) for name, case in CASES.items()]
WITH_WORDS = [case for case in EACH if case.values[1]]


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """No FIRTH_ variable of the developer's."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A store with two models, the second of which is the newest."""
    path = tmp_path_factory.mktemp("asking") / "odd.db"
    draw = np.random.default_rng(1)
    with Store.open(path, create=True) as store:
        for name in ("old", "odd"):
            matrix = draw.standard_normal((len(WORDS), 4)).astype(np.float32)
            store.publish(name, Embeddings(WORDS, np.arange(len(WORDS), 0, -1), matrix), {})
    return path


def invoke(*arguments, code=0, **options):
    """Run `firth`, which has to end with the exit code `code`."""
    result = CliRunner().invoke(firth, [str(argument) for argument in arguments], **options)
    assert result.exit_code == code, result.output
    return result


def line_of(words):
    """A line of standard input: tabs where a word has blanks."""
    return ("\t" if any(" " in word for word in words) else " ").join(words)


def asked(db, question, model=None):
    """The document that answers, or the error in place of an answer."""
    opened = Session(db).open(model)
    try:
        return json.loads(json.dumps(document(opened.info, opened.engine.answer(question)))), None
    except FirthError as error:
        return None, str(error)


def test_every_question_has_one_command():
    """Each question of the service is asked by exactly one command, and each such command is in the cases below."""
    assert sorted(spoken.question for spoken in COMMANDS.values()) == sorted(QUESTIONS)
    assert set(CASES) == set(COMMANDS)
    assert set(COMMANDS) <= set(firth.list_commands(ROOT))
    assert all(type(case[2]) is QUESTIONS[COMMANDS[name].question] for name, case in CASES.items())
    assert FirthGroup.called_elsewhere == OVER_HTTP


def test_the_help_groups_the_commands():
    """`firth --help` lists every command once, each under the title of what it is for."""
    _, *sections = invoke("--help").stdout.split(":\n  ")[1:]
    listed = [line.split()[0] for section in sections for line in f"  {section}".splitlines() if line[2:3].strip()]
    assert [name for name in listed if name in ALL] == list(ALL)
    assert [title for title in SECTIONS if f"\n{title}:\n" in invoke("--help").stdout] == list(SECTIONS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_field_is_an_argument_or_an_option(name):
    """The fields of a question are what its form fills and the options; --help shows each with its help."""
    command = firth.get_command(ROOT, name)
    spoken, options = COMMANDS[name], {param.name: param for param in command.params}
    text = " ".join(command.get_help(click.Context(command, ROOT, name, terminal_width=200)).split())
    for field in dataclasses.fields(QUESTIONS[spoken.question]):
        if field.name in spoken.form.fields:
            assert not isinstance(options.get(field.name), click.Option)
            continue
        assert options[field.name].opts == ["--" + field.name.replace("_", "-")]
        assert options[field.name].default == field.default
        assert field.metadata["help"].rstrip(".") in text
    assert spoken.form.usage in text


@pytest.mark.parametrize(("name", "words", "options", "question"), EACH)
def test_json_is_the_engines_answer(db, name, words, options, question):
    """--json prints the document of the engine's answer; what the engine refuses ends with 1 and its words."""
    answer, refused = asked(db, question)
    result = invoke(name, "--db", db, "--json", *options, "--", *words, code=1 if refused else 0)
    if refused:
        assert f"Error: {refused}\n" in result.stderr
        assert result.stdout == ""
    else:
        assert json.loads(result.stdout) == answer


@pytest.mark.parametrize(("name", "words", "options", "question"), EACH)
def test_a_table_has_what_the_answer_has(db, name, words, options, question):
    """Without --json every word of the answer's lists is printed, in order, under a sentence that names the model."""
    answer, refused = asked(db, question)
    printed = invoke(name, "--db", db, *options, "--", *words, code=1 if refused else 0).stdout
    if refused:
        return
    title, *lines = printed.splitlines()
    assert "in odd@1" in title
    lists = (value for value in answer.values() if isinstance(value, list))
    found = [item["word"] for item in next(lists, []) if isinstance(item, dict) and "word" in item]
    rules = [number for number, line in enumerate(lines, start=1) if line.startswith("--")]
    rows = lines[rules[0] :] if rules else []
    assert all(f" {word} " in f" {row} " for word, row in zip(found, rows, strict=False))
    assert len(rows) >= len(found)


@pytest.mark.parametrize(("name", "words", "options", "question"), EACH)
def test_a_line_of_standard_input_is_a_question(db, name, words, options, question):
    """Lines of words and JSON objects are answered as the single questions are, each on one line of JSON."""
    answer, refused = asked(db, question)
    lines = [json.dumps(question.as_dict()), *([line_of(words)] if words else [])]
    result = invoke(name, "--db", db, "--json", *options, "-", input="\n".join(lines), code=1 if refused else 0)
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    if refused:
        assert [line["error"]["message"] for line in printed] == [refused] * len(lines)
    else:
        assert printed == [answer] * len(lines)


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_lines_that_fail_are_told_in_their_places(db, as_json):
    """A batch goes on after a line that cannot be answered, tells of it with its number, and ends with 1."""
    lines = b'king queen\n \t\nking kign\n{"a": "king"}\n{"a": 1, "b": "king"}\nking\n{nothing\nk\xff k\nman woman'
    result = invoke("similarity", "-", "--db", db, *as_json, input=lines, code=1)
    told = [line.split(": ")[0] for line in result.stderr.splitlines()]
    assert told == ["line 3", "line 4", "line 5", "line 6", "line 7", "line 8"]
    assert "'kign' (did you mean king" in result.stderr
    printed = result.stdout.splitlines()
    assert len(printed) == (8 if as_json else 2)
    if as_json:
        assert ["error" in json.loads(line) for line in printed] == [False, *[True] * 6, False]
        assert json.loads(printed[1])["error"]["near"] == {"kign": ["king"]}


def test_answers_are_streamed(db):
    """A line is answered before the next one has to be there."""
    command = [sys.executable, "-m", "pipeline", "similarity", "-", "--db", str(db), "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for words in ("king queen", "man woman"):
            process.stdin.write(f"{words}\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["a"] == words.split()[0]
        process.stdin.close()
        assert process.wait(timeout=60) == 0


@pytest.mark.skipif(os.name == "nt", reason="closed pipes are told otherwise there")
def test_a_batch_whose_reader_leaves_says_nothing(db):
    """When nobody reads the answers any more, the batch ends without a word."""
    command = [sys.executable, "-m", "pipeline", "similar", "-", "--db", str(db)]
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run(command, input="king\n" * 9, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["similar", "kign"], 1, "not in the vocabulary: 'kign' (did you mean king"),
        (["similar"], 2, "Missing argument 'WORD'"),
        (["similar", "king", "queen"], 2, "'queen' left over, only WORD can be given"),
        (["similarity", "king"], 2, "Missing argument 'B'"),
        (["similarities", "king", "queen", "man"], 2, "pairs of words are needed: A B [A B]...; got 3 words"),
        (["analogy-from-examples", "man", "king"], 2, "pairs of words and one more, C, are needed"),
        (["set-similarity", "king", "queen"], 2, "two sets of words are needed, with a lone / between them"),
        (["set-similarity", "/", "queen"], 2, "two sets of words are needed"),
        (["calc", "king", "woman"], 2, "a lone + or - is needed before 'woman'"),
        (["calc", "king", "+"], 2, "a word is missing behind the last +"),
        (["calc"], 2, "Missing argument 'WORD'"),
        (["neighbors-of-vector", "one"], 2, "'one' is not a number"),
        (["neighbors-of-vector", "[]"], 2, "Missing argument 'NUMBER'"),
        (["distances", "king"], 2, "Missing argument 'OTHER'"),
        (["random-words", "king"], 2, "'king' left over, only options can be given"),
        (["similar", ""], 2, "word has 0 characters; allowed: 1 to 200"),
        (
            ["similar", "king", "--min-score", "1.5"],
            2,
            "Invalid value for '--min-score': min_score is 1.5; allowed: from -1.0 to 1.0",
        ),
        (
            ["similar", "king", "--max-count", "-1"],
            2,
            "Invalid value for '--max-count': max_count is -1; allowed: 0 or more",
        ),
        (["random-words", "--seed", "many"], 2, "Invalid value for '--seed': 'many' is not a whole number"),
        (["similar", "-dash"], 2, "No such option '-d'. A word that begins with a dash can stand behind --."),
        (["neighbours", "king"], 2, "no command 'neighbours' (did you mean neighbors-of-vector"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(db, arguments, code, message):
    """A wrong line ends with 2 and an unknown word with 1; nothing is printed on standard output."""
    result = invoke(*arguments, code=code, env={"FIRTH_DB": str(db)})
    assert result.stdout == ""
    assert f"Error: {message}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("word", WORDS)
def test_any_word_can_be_asked_for(db, word):
    """Words with blanks, quotes, dashes and signs can be said, alone, in a sum, and in a line of standard input."""
    nearest, _ = asked(db, questions.Neighbors(word=word))
    assert json.loads(invoke("similar", "--db", db, "--json", "--", word).stdout) == nearest
    summed, _ = asked(db, questions.MostSimilar(positive=(word,)))
    assert json.loads(invoke("calc", "--db", db, "--json", "--", f"1*{word}").stdout) == summed
    line = json.dumps({"word": word}) if word.startswith("{") else word
    assert json.loads(invoke("similar", "-", "--db", db, "--json", input=line).stdout) == nearest


def test_names_over_http_are_understood(db):
    """A question may be called as it is over HTTP."""
    for name, command in OVER_HTTP.items():
        words = CASES[command][0]
        assert invoke(name, "--db", db, "--", *words).stdout == invoke(command, "--db", db, "--", *words).stdout


def test_settings_are_those_that_say_how_much_and_how(db, tmp_path):
    """topn, case and on_missing can stand in a file; filters, seeds and the number of a formula cannot."""
    file = tmp_path / "firth.toml"
    file.write_text('topn = 2\ncase = "fold"\nseed = 3\nmin_count = 4\n', "utf-8")
    found = json.loads(invoke("similar", "KING", "--db", db, "--json", "--config", file).stdout)
    assert found["topn"] == 2
    relative = invoke("relative-cosine-similarity", "king", "queen", "--db", db, "--json", "--config", file)
    assert json.loads(relative.stdout)["topn"] == 10
    seeds = {json.loads(invoke("random-words", "--db", db, "--json", "--config", file).stdout)["seed"] for _ in "ab"}
    assert seeds != {3}
