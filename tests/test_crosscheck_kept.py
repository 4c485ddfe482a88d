"""The kept cross-check: each level stays as long as what it was made from does, and the report says what it covers."""

import json
import shutil
from functools import partial

import pytest

from pipeline.crosscheck import crosscheck as module
from pipeline.crosscheck.crosscheck import crosscheck_stage
from pipeline.crosscheck.kept import CROSSCHECK, kept_levels
from pipeline.crosscheck.kind import kind_of, one_epoch
from pipeline.crosscheck.rendering import as_text
from pipeline.crosscheck.replay import check_replay
from pipeline.settings import TrainSettings
from pipeline.stages import MANIFEST
from storage.errors import InputError

SMALL = {"seeds": (1, 2), "max_tokens": 20_000}


@pytest.fixture
def model_folder(lee_model, tmp_path):
    """The small model's folder in a copy, its tokens beside it."""
    return shutil.copytree(lee_model.tokens.parent, tmp_path / "lee") / "model"


@pytest.fixture
def short_replay(monkeypatch):
    """The replay of 20 stories instead of 300, which takes a second."""
    monkeypatch.setattr(module, "check_replay", partial(check_replay, stories=20))


def train_another(folder, **settings):
    """Give the model another key, as another training would, and these settings."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    changed = {**manifest, "key": "another", "settings": {**manifest["settings"], **settings}}
    (folder / MANIFEST).write_text(json.dumps(changed), "utf-8")


def test_a_level_stays_while_its_settings_do(model_folder):
    """A level is read back while nothing changed, and checked again with other settings or by force."""
    first, ran = crosscheck_stage(model_folder, levels=["tables"])
    assert ran
    assert crosscheck_stage(model_folder, levels=["tables"]) == (first, False)
    assert crosscheck_stage(model_folder, levels=["tables"], seeds=(5, 6)) == (first, False)
    assert crosscheck_stage(model_folder, levels=["tables"], force=True) == (first, True)
    assert crosscheck_stage(model_folder, levels=["tables"], max_tokens=5000)[1]


@pytest.mark.usefixtures("short_replay")
def test_levels_checked_one_by_one_join(model_folder):
    """Each level adds to the report, in whatever order; only with all three it is not partial; none is done twice."""
    for levels, covered in (("quality",), ["quality"]), (("tables",), ["tables", "quality"]):
        report, ran = crosscheck_stage(model_folder, levels=levels, **SMALL)
        assert ran
        assert (list(report["levels"]), report["partial"]) == (covered, True)
        assert f"(partial: {', '.join(covered)} only)" in as_text(report)
    said = []
    whole, _ = crosscheck_stage(model_folder, levels=("replay", "tables", "quality"), report=said.append, **SMALL)
    assert {line.split(":")[0] for line in said} == {"replay"}
    assert (list(whole["levels"]), whole["partial"]) == (["tables", "replay", "quality"], False)
    assert crosscheck_stage(model_folder, levels=("quality", "tables"), **SMALL) == (whole, False)
    assert "partial" not in as_text(whole)
    assert CROSSCHECK.load(model_folder).result == whole


@pytest.mark.usefixtures("short_replay")
def test_a_forced_replay_is_the_same_report(model_folder):
    """A replay of the same code finds the same numbers, and says how long it took only while it runs."""
    said = []
    report, _ = crosscheck_stage(model_folder, levels=["replay"], report=said.append)
    assert crosscheck_stage(model_folder, levels=["replay"], force=True) == (report, True)
    assert [line for line in said if line.endswith(" s")]


@pytest.mark.usefixtures("short_replay")
def test_another_model_leaves_only_the_replay(model_folder):
    """After another training the report is stale; the replay, which has a text of its own, is still current."""
    crosscheck_stage(model_folder, levels=["tables", "replay"])
    assert not CROSSCHECK.load(model_folder).stale
    train_another(model_folder)
    assert CROSSCHECK.load(model_folder).stale
    assert list(kept_levels(model_folder)) == ["replay"]
    report, ran = crosscheck_stage(model_folder, levels=["replay"])
    assert (list(report["levels"]), ran) == (["replay"], False)
    assert CROSSCHECK.load(model_folder).result == report
    assert not CROSSCHECK.load(model_folder).stale


@pytest.mark.usefixtures("short_replay")
def test_another_kind_of_model_leaves_nothing(model_folder):
    """The replay is of the model's kind: after a training of another kind it is checked again, for that kind."""
    first, _ = crosscheck_stage(model_folder, levels=["replay"])
    train_another(model_folder, model="cbow", architecture="cbow", loss="hs")
    assert kept_levels(model_folder) == {}
    second, ran = crosscheck_stage(model_folder, levels=["replay"])
    assert ran
    for report, expected in ((first, ("skipgram", "ns")), (second, ("cbow", "hs"))):
        replay = report["levels"]["replay"]
        assert (replay["architecture"], replay["loss"], replay["verdict"]) == (*expected, "pass")


def test_a_model_from_before_there_were_kinds(model_folder):
    """Where the settings say nothing of model and loss, it was skip-gram with negative sampling."""
    manifest = json.loads((model_folder / MANIFEST).read_text("utf-8"))
    older = {name: value for name, value in manifest["settings"].items() if name not in ("architecture", "loss")}
    (model_folder / MANIFEST).write_text(json.dumps({**manifest, "settings": older}), "utf-8")
    assert one_epoch(TrainSettings(**kind_of(older))) == TrainSettings(epochs=1)
    report, _ = crosscheck_stage(model_folder, levels=["tables"])
    assert report["verdict"] == "pass"


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"model": 1, "key": 2, "settings": 3, "result": 4}'])
def test_a_damaged_report_is_made_again(model_folder, content):
    """What cannot be read does not block the command that writes it anew."""
    CROSSCHECK.path(model_folder).write_text(content, "utf-8")
    report, ran = crosscheck_stage(model_folder, levels=["tables"])
    assert ran
    assert CROSSCHECK.load(model_folder).result == report


def test_a_damaged_report_is_not_read(model_folder):
    """Who only reads it is told, and how to make it again."""
    CROSSCHECK.path(model_folder).write_text("{", "utf-8")
    with pytest.raises(InputError, match=r"crosscheck\.json is damaged .*firth crosscheck"):
        CROSSCHECK.load(model_folder)
