"""Derived files are believed only as they were written and for the model they were made of; else there are none."""

import itertools
import json
import os
import shutil
import signal
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.array_folder import HEADER
from storage.derived import Derived, DerivedFiles
from storage.files import sha256_of_json, write_json
from storage.models import ModelInfo
from storage.texts import Texts

INFO = ModelInfo("news", 1, 3, 2, "2026-01-01T00:00:00+00:00", "ab" * 32, 1)


def some_derived(words=("the", "of", "king"), seed=1):
    random = np.random.default_rng(seed)
    unit = random.standard_normal((len(words), 2)).astype(np.float32)
    return Derived({"words": Texts.of(words)}, {"unit": unit, "counts": random.integers(1, 9, len(words))})


@pytest.fixture
def files(tmp_path):
    """The derived files of a store with news@1."""
    files = DerivedFiles(tmp_path / "firth.db")
    files.write(INFO, some_derived())
    return files


def same(one, other):
    arrays = all(
        array.dtype == other.arrays[name].dtype and np.array_equal(array, other.arrays[name])
        for name, array in one.arrays.items()
    )
    return arrays and all(list(texts) == list(other.texts[name]) for name, texts in one.texts.items())


def test_they_lie_beside_the_store(files, tmp_path):
    """One folder beside the store's file, even if that is a link elsewhere, has one for each model."""
    assert files.of(INFO) == tmp_path / "firth.db.derived" / f"news@1.{'ab' * 8}"
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    (tmp_path / "firth.db").touch()
    link.symlink_to(tmp_path / "firth.db")
    assert DerivedFiles(link).folder == files.folder


def test_they_come_back_mapped_and_read_only(files):
    """The same words and arrays are found; the arrays lie in the files, not in memory, and cannot be written."""
    found = files.open(INFO)
    assert same(found, some_derived())
    for array in found.arrays.values():
        assert not array.flags.writeable
        assert not array.flags.owndata


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=8, unique=True))
@settings(max_examples=25)
def test_any_words_come_back(tmp_path_factory, words):
    """Whatever characters words are made of, line feeds and separators too, they come back the same."""
    files = DerivedFiles(tmp_path_factory.mktemp("words") / "firth.db")
    files.write(INFO, some_derived(words))
    assert list(files.open(INFO).texts["words"]) == words


@pytest.mark.parametrize(
    "changed", [{"vectors_sha256": "ab" * 8 + "cd" * 24}, {"created": "2027"}, {"words": 4}, {"order": 2}]
)
def test_those_of_another_model_are_not_believed(files, caplog, changed):
    """Files under the right name that were made of another model are not believed."""
    other = replace(INFO, **changed)
    assert files.of(other) == files.of(INFO)
    assert files.open(other) is None
    assert "made of something else" in caplog.text


def test_what_is_not_there_is_nothing_to_tell(files, caplog):
    """Where nothing was made yet, there is none, and no word is lost about it."""
    assert files.open(replace(INFO, version=2)) is None
    assert caplog.text == ""


def every_file(files):
    return sorted(files.of(INFO).iterdir())


def written_long_ago(path):
    """Give a file another time of change, as any change of its bytes does."""
    os.utime(path, ns=(0, 0))


def test_every_file_is_needed(files):
    """Without any one of the files there are none."""
    for path in every_file(files):
        kept = path.read_bytes()
        path.unlink()
        assert files.open(INFO) is None
        path.write_bytes(kept)
    assert same(files.open(INFO), some_derived())


def test_no_truncated_file_is_believed(files):
    """Cut anywhere, or with something after its end, no file is believed."""
    for path in every_file(files):
        whole = path.read_bytes()
        for changed in (b"", whole[:1], whole[: len(whole) // 2], whole[:-2], whole + b"{}\n"):
            path.write_bytes(changed)
            assert files.open(INFO) is None
        path.write_bytes(whole)


def test_no_changed_byte_is_believed(files):
    """Whichever byte of whichever file is flipped, the files are not believed; flipped back, they are."""
    for path in every_file(files):
        whole = path.read_bytes()
        for place in range(len(whole)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            written_long_ago(path)
            assert files.open(INFO) is None
        path.write_bytes(whole)
    assert same(files.open(INFO), some_derived())


def test_copied_files_are_believed(files, tmp_path):
    """Files with other times of change, as a copy has them, are believed when their checksums are right."""
    shutil.copytree(files.folder, tmp_path / "copy.db.derived", copy_function=shutil.copyfile)
    copies = DerivedFiles(tmp_path / "copy.db")
    for path in every_file(copies):
        written_long_ago(path)
    assert same(copies.open(INFO), some_derived())


def test_no_pickle_is_opened(files, caplog):
    """A file with Python objects in it is refused, though the folder's header is right about it."""
    path = files.of(INFO) / "counts.npy"
    np.save(path, np.array([print, 1, 2], object), allow_pickle=True)
    header = json.loads((files.of(INFO) / HEADER).read_text("utf-8"))
    header.pop("sha256")
    whole = {"bytes": path.stat().st_size, "data_bytes": 0, "head_crc32": zlib.crc32(path.read_bytes())}
    header["files"]["counts"] |= {**whole, "modified_ns": path.stat().st_mtime_ns}
    write_json(files.of(INFO) / HEADER, {**header, "sha256": sha256_of_json(header)})
    assert files.open(INFO) is None
    assert "Python objects" in caplog.text


def test_written_again_they_replace_what_was_there(files):
    """Writing takes the place of older, damaged or foreign things of that name; who had mapped them keeps them."""
    before = files.open(INFO)
    files.write(INFO, some_derived(seed=2))
    assert same(files.open(INFO), some_derived(seed=2))
    assert same(before, some_derived(seed=1))
    shutil.rmtree(files.of(INFO))
    files.of(INFO).touch()
    files.write(INFO, some_derived(seed=3))
    assert same(files.open(INFO), some_derived(seed=3))
    assert len(list(files.folder.iterdir())) == 1


def test_writers_at_once(files):
    """Several that write the same at once all succeed, one is left, and a reader always finds it or nothing."""
    start = threading.Barrier(4)

    def write(_):
        start.wait(60)
        files.write(INFO, some_derived())
        found = files.open(INFO)
        return found is None or same(found, some_derived())

    with ThreadPoolExecutor(4) as pool:
        for _ in range(8):
            assert all(pool.map(write, range(4)))
    assert same(files.open(INFO), some_derived())
    assert [path.name for path in files.folder.iterdir()] == [files.of(INFO).name]


def write_and_die(files, steps):
    """In a forked process, write until so many files were opened, renamed or removed, then die; says whether it did."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] != 0
    left = steps

    def count(event, arguments):
        nonlocal left
        if event in {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"} and ".derived" in str(arguments[0]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    files.write(INFO, some_derived(seed=2))
    os._exit(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process in the middle of writing")
@pytest.mark.parametrize("seeds", [[], [1]], ids=["new", "in place of another"])
def test_killed_while_writing(tmp_path, seeds):
    """A writer killed at any moment leaves nothing, what was there before, or all; and the next one can write."""
    for step in itertools.count(1):
        files = DerivedFiles(tmp_path / f"{step}.db")
        for seed in seeds:
            files.write(INFO, some_derived(seed=seed))
        died = write_and_die(files, step)
        found = files.open(INFO)
        assert found is None or any(same(found, some_derived(seed=seed)) for seed in [*seeds, 2])
        files.write(INFO, some_derived(seed=3))
        assert same(files.open(INFO), some_derived(seed=3))
        if not died:
            break
    assert step > 20


def test_tidy(files):
    """What belongs to no model of the store goes, and what was given up long ago; the rest stays."""
    other = replace(INFO, name="gone")
    files.write(other, some_derived())
    given_up, in_work = (files.folder / name for name in (".news@1.a", ".news@1.b"))
    for folder in (given_up, in_work):
        folder.mkdir()
        (folder / "unit.npy").touch()
    written_long_ago(given_up)
    files.tidy([INFO])
    assert {path.name for path in files.folder.iterdir()} == {files.of(INFO).name, in_work.name}
    assert same(files.open(INFO), some_derived())
