"""`firth lesson`: the path, a lesson with its picture, and what is refused before anything runs."""

import json
import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from pipeline.cli import firth
from pipeline.commands import lesson as lesson_command
from pipeline.lessons import linear_regression
from pipeline.lessons.page import Page
from pipeline.lessons.path import PATH, after, lesson_named
from pipeline.lessons.pictures.style import FORMATS, save


def invoke(*arguments, code=0):
    """Run `firth lesson`, which has to end with the exit code `code`."""
    result = CliRunner().invoke(firth, ["lesson", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def found():
    """What the first lesson finds."""
    return linear_regression.teach(Page(lambda _: None), 1)


@pytest.mark.parametrize("arguments", [[], ["--list"]], ids=["no name", "--list"])
def test_the_path_lists_every_lesson_in_order(arguments):
    """With or without --list, one line for each lesson, and which to take first."""
    lines = invoke(*arguments).stdout.splitlines()
    listed = [line.split() for line in lines if line.startswith("  ")]
    assert [(number, name) for number, name, *_ in listed] == [(str(at), each.name) for at, each in enumerate(PATH, 1)]
    assert lines[-1] == "Begin with: firth lesson linear-regression"
    assert max(map(len, lines)) <= 105


def test_the_path_is_that_of_the_issue():
    """Six lessons, from the line to the network that writes, each leading to the next."""
    names = ["linear-regression", "classifier", "one-hot", "skip-gram", "cbow", "char-rnn"]
    assert [lesson.name for lesson in PATH] == names
    assert [after(lesson_named(name)) for name in names] == [*map(lesson_named, names[1:]), None]


def test_the_list_for_programs():
    """--json prints one document with the same names."""
    lessons = json.loads(invoke("--json").stdout)["lessons"]
    assert [each["name"] for each in lessons] == [lesson.name for lesson in PATH]
    assert all(each["about"] and each["seconds"] for each in lessons)


def test_a_lesson_prints_and_says_what_comes_next():
    """The page begins with the lesson's title, and ends with its file and the next lesson."""
    lines = invoke("linear-regression").stdout.splitlines()
    assert lines[0].startswith("Lesson 1: ")
    assert "After iteration 0, loss: 44.47. y = -0.10x + 0.34" in lines
    assert lines[-2:] == ["The program itself: pipeline/lessons/linear_regression.py", "Next: firth lesson classifier"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_picture_is_drawn(kind, tmp_path):
    """--plot writes a picture of the kind that its name asks for, and says so."""
    path = tmp_path / "new" / f"line.{kind}"
    assert f"Its picture: {path}" in invoke("linear-regression", "--plot", path).stdout
    assert path.read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml"}[kind])
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_result_gives_the_same_picture(kind, tmp_path, found, monkeypatch):
    """A picture has the same bytes each time, whatever the user has set for other pictures."""
    import matplotlib as mpl

    one, other = tmp_path / f"one.{kind}", tmp_path / f"other.{kind}"
    save(PATH[0], found, one)
    monkeypatch.setitem(mpl.rcParams, "lines.linewidth", 17)
    monkeypatch.setitem(mpl.rcParams, "figure.facecolor", "red")
    save(PATH[0], found, other)
    assert one.read_bytes() == other.read_bytes()


def test_a_picture_keeps_its_note(tmp_path, found):
    """The note of a picture can be read from the file."""
    save(PATH[0], found, tmp_path / "line.png", note="made from 1234")
    with Image.open(tmp_path / "line.png") as image:
        assert image.info["Description"] == "made from 1234"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["skipgram"], "skip-gram"),
        (["classifier", "--list"], "--list goes without NAME"),
        (["classifier", "--json"], "--json goes without NAME"),
        (["--plot", "x.png"], "needs the NAME"),
        (["classifier", "--plot", "x.jpg"], ".png or .svg"),
        (["classifier", "--plot", "picture"], ".png or .svg"),
        (["classifier", "--seed", "-1"], "from 0 to 4294967295"),
    ],
)
def test_wrong_usage_is_refused_before_anything_runs(arguments, said):
    """Exit code 2, a sentence that names what is wrong, and no page."""
    result = invoke(*arguments, code=2)
    assert said in result.stderr
    assert result.stdout == ""


def test_a_picture_that_cannot_be_written(tmp_path):
    """A folder of that name is refused at once; another file in the way of the folder when it is met."""
    (tmp_path / "folder.png").mkdir()
    assert "is a folder" in invoke("linear-regression", "--plot", tmp_path / "folder.png", code=1).stderr
    (tmp_path / "file").write_text("kept")
    assert "--plot" in invoke("linear-regression", "--plot", tmp_path / "file" / "x.png", code=1).stderr
    assert (tmp_path / "file").read_text() == "kept"


def test_without_matplotlib(monkeypatch, tmp_path):
    """Without matplotlib a lesson prints as ever; only --plot is refused, and says what to install."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    invoke("linear-regression")
    result = invoke("linear-regression", "--plot", tmp_path / "x.png", code=2)
    assert "pip install 'firth[plots]'" in result.stderr
    assert result.stdout == ""


def test_titles_are_plain_where_bold_is_not_wanted(monkeypatch):
    """NO_COLOR and terminals without any get titles as they are."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert lesson_command._title("x") == "\x1b[1mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert lesson_command._title("x") == "x"
