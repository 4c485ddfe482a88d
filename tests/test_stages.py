"""Stage folders: complete or not there, current or run again."""

import json
import platform

import pytest

from pipeline.stages import MANIFEST, StageFolder, code_version, stage_key
from storage.errors import InputError


def fill_with(text, report=None):
    """A stage that writes one file."""

    def fill(folder):
        (folder / "out.txt").write_text(text, "utf-8")
        return report or {}

    return fill


def test_a_finished_stage_gives_back_what_it_wrote(tmp_path):
    """The manifest holds settings, inputs and report; the data folder holds the files."""
    stage = StageFolder(tmp_path / "stage")
    stage.write("tokenize", {"a": 1}, {"x.txt": "hash"}, fill_with("hello", {"tokens": 3}))
    found = stage.manifest("tokenize")
    assert (found.settings, found.inputs, found.report) == ({"a": 1}, {"x.txt": "hash"}, {"tokens": 3})
    assert found.code == code_version()
    assert (stage.data(found) / "out.txt").read_text("utf-8") == "hello"


def test_a_stage_is_current_only_for_the_same_name_settings_and_inputs(tmp_path):
    """Any change of settings or inputs makes it run again."""
    stage = StageFolder(tmp_path)
    stage.write("tokenize", {"a": 1}, {"x": "hash"}, fill_with(""))
    assert stage.is_current("tokenize", stage_key("tokenize", {"a": 1}, {"x": "hash"}))
    assert not stage.is_current("tokenize", stage_key("tokenize", {"a": 2}, {"x": "hash"}))
    assert not stage.is_current("tokenize", stage_key("tokenize", {"a": 1}, {"x": "other"}))


def test_a_failing_stage_leaves_what_was_there(tmp_path):
    """An error while writing changes neither the manifest nor the files, and leaves no litter."""
    stage = StageFolder(tmp_path)
    stage.write("tokenize", {}, {}, fill_with("first"))
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))

    def fail(folder):
        (folder / "out.txt").write_text("half", "utf-8")
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        stage.write("tokenize", {"a": 2}, {}, fail)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before
    assert (stage.data(stage.manifest("tokenize")) / "out.txt").read_text("utf-8") == "first"


def test_a_new_run_replaces_the_old_data(tmp_path):
    """After a stage ran again only its new files remain."""
    stage = StageFolder(tmp_path)
    for text in ("first", "second"):
        stage.write("tokenize", {"text": text}, {}, fill_with(text))
    assert [path.read_text("utf-8") for path in tmp_path.glob("*/out.txt")] == ["second"]


def test_a_killed_run_s_litter_goes_and_the_user_s_own_folders_stay(tmp_path):
    """The next run takes away what a killed one left, and nothing that is not Firth's."""
    stage = StageFolder(tmp_path)
    for name in (".data-0123456789ab", "data-0123456789ab-cdef", "data-2026", "data", "notes"):
        (tmp_path / name).mkdir()
    manifest = stage.write("tokenize", {}, {}, fill_with("x"))
    left = {path.name for path in tmp_path.iterdir() if path.is_dir()}
    assert left == {"data-2026", "data", "notes", manifest.data}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "run that first"),
        ("{", "damaged"),
        ('{"stage": "tokenize"}', "damaged"),
        ("[]", "damaged"),
    ],
)
def test_an_unusable_manifest_is_explained(tmp_path, content, says):
    """A missing or damaged manifest names the folder and the command that mends it."""
    if content is not None:
        (tmp_path / MANIFEST).write_text(content, "utf-8")
    with pytest.raises(InputError, match=says) as error:
        StageFolder(tmp_path).manifest("tokenize")
    assert str(tmp_path) in str(error.value)


def test_another_stage_s_folder_is_refused(tmp_path):
    """A model's folder given where token files are wanted is named as such."""
    StageFolder(tmp_path).write("train", {}, {}, fill_with(""))
    with pytest.raises(InputError, match="holds the output of `firth train`"):
        StageFolder(tmp_path).manifest("tokenize")


def test_missing_data_is_noticed(tmp_path):
    """A manifest whose files are gone does not count as finished."""
    stage = StageFolder(tmp_path)
    manifest = stage.write("tokenize", {}, {}, fill_with("x"))
    (stage.data(manifest) / "out.txt").unlink()
    stage.data(manifest).rmdir()
    with pytest.raises(InputError, match="is missing"):
        stage.manifest("tokenize")
    assert not stage.is_current("tokenize", manifest.key)


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_text("", "utf-8")])
def test_a_missing_or_cut_file_makes_the_stage_run_again(tmp_path, damage):
    """A stage whose files are not those that were written is neither read nor taken for current."""
    stage = StageFolder(tmp_path)
    manifest = stage.write("tokenize", {}, {}, fill_with("hello"))
    damage(stage.data(manifest) / "out.txt")
    with pytest.raises(InputError, match="run `firth tokenize` again"):
        stage.manifest("tokenize")
    assert not stage.is_current("tokenize", manifest.key)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """A system's error becomes a sentence with the folder and the way out."""
    (tmp_path / "file").write_text("not a folder", "utf-8")
    for path in (tmp_path / "file", tmp_path / "file" / "inside"):
        with pytest.raises(InputError, match="--out") as error:
            StageFolder(path).write("tokenize", {}, {}, fill_with("x"))
        assert str(path) in str(error.value)


def test_another_program_s_manifest_is_left_alone(tmp_path):
    """A manifest.json that is not Firth's survives a stage that is written beside it."""
    (tmp_path / "manifest.json").write_text('{"name": "my web app"}', "utf-8")
    StageFolder(tmp_path).write("tokenize", {}, {}, fill_with("x"))
    assert (tmp_path / "manifest.json").read_text("utf-8") == '{"name": "my web app"}'


def test_the_manifest_is_plain_json(tmp_path):
    """Anyone can read where a stage's output came from."""
    StageFolder(tmp_path).write("tokenize", {"a": 1}, {}, fill_with(""))
    assert json.loads((tmp_path / MANIFEST).read_text("utf-8"))["settings"] == {"a": 1}


def test_two_writers_of_one_folder_are_kept_apart(tmp_path):
    """While a stage writes, another writer of the same folder is refused, and the first one finishes whole."""
    stage = StageFolder(tmp_path)

    def fill(folder):
        with pytest.raises(InputError, match="another firth is writing"):
            StageFolder(tmp_path).write("tokenize", {}, {}, fill_with("second"))
        return fill_with("first")(folder)

    manifest = stage.write("tokenize", {}, {}, fill)
    assert (stage.data(manifest) / "out.txt").read_text("utf-8") == "first"


def test_a_manifest_says_under_which_circumstances(tmp_path):
    """From when to when, with which Python and BLAS, on which machine; none of that is part of the key."""
    folder = StageFolder(tmp_path / "stage")
    made = folder.write("tokenize", {"a": 1}, {}, lambda _data: {})
    kept = folder.manifest("tokenize")
    assert kept.made == made.made
    assert kept.made["started"] <= kept.made["ended"]
    assert kept.made["python"].endswith(platform.python_version())
    assert kept.made["blas"]
    assert kept.made["machine"].keys() == {"system", "processor", "processors", "instructions"}
    assert kept.key == stage_key("tokenize", {"a": 1}, {})


def test_a_manifest_of_an_earlier_firth_is_read(tmp_path):
    """One that says nothing of its circumstances is as good as before."""
    folder = StageFolder(tmp_path / "stage")
    folder.write("tokenize", {}, {}, lambda _data: {})
    file = folder.path / MANIFEST
    told = json.loads(file.read_text())
    del told["made"]
    file.write_text(json.dumps(told))
    assert folder.manifest("tokenize").made == {}
