"""Files appear whole or not at all, and hashes name contents."""

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.files import sha256_of_file, sha256_of_json, whole_file, write_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_file_is_there_only_when_it_is_whole(tmp_path):
    """While the file is being written its name shows what was there before; afterwards the new contents."""
    path = tmp_path / "new" / "file"
    with whole_file(path) as file:
        file.write(b"half")
        assert not path.exists()
        file.write(b" whole")
    assert path.read_bytes() == b"half whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path):
    """An exception while writing leaves the old contents, and nothing beside them."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), whole_file(path) as file:
        print(b"half", None, 1, file=file)  # text into a binary file
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def half_written(path):
    """A process begins to write the file and ends in its midst."""
    child = os.fork()
    if child == 0:
        with whole_file(path) as file:
            file.write(b"half")
            file.flush()
            os._exit(9)
    os.waitpid(child, 0)


FORKED = pytest.mark.skipif(not hasattr(os, "fork"), reason="ends a forked process in the middle of writing")


@FORKED
def test_a_killed_writer_leaves_what_was_there(tmp_path):
    """A process that ends in the middle of writing leaves the old contents under the name."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    half_written(path)
    assert path.read_bytes() == b"old"


@FORKED
def test_what_a_killed_writer_left_goes_with_the_next(tmp_path):
    """Whatever is written next in the folder takes it away, and nothing else."""
    half_written(tmp_path / "file")
    half_written(tmp_path / "file")
    (left,) = tmp_path.iterdir()  # that of the first has gone with the second
    others = [tmp_path / ".hidden", tmp_path / f"{left.name}.mine", tmp_path / ".firth-0123456789ab"]
    for other in others[:2]:
        other.write_bytes(b"of somebody")
    others[2].mkdir()
    with whole_file(tmp_path / "other"):
        assert not left.exists()
    assert sorted(tmp_path.iterdir()) == sorted([*others, tmp_path / "other"])


def test_what_is_being_written_stays(tmp_path):
    """Two files that are written at once in a folder leave each other alone."""
    with whole_file(tmp_path / "one") as one:
        one.write(b"1")
        with whole_file(tmp_path / "two") as two:
            two.write(b"2")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"one": b"1", "two": b"2"}


def test_many_writers_at_once(tmp_path):
    """However many write and tidy in one folder, none takes away what another has just begun."""

    def write(number):
        for _ in range(40):
            write_json(tmp_path / f"{number}.json", number)

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(write, range(4))) == [None] * 4
    assert {path.name: json.loads(path.read_text()) for path in tmp_path.iterdir()} == {
        f"{number}.json": number for number in range(4)
    }


@given(json_values)
@settings(deadline=None)
def test_json_is_read_back_as_it_was_written(tmp_path_factory, value):
    """Any JSON value comes back from its file unchanged."""
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    assert json.loads(path.read_text("utf-8")) == value


def test_nan_is_not_json(tmp_path):
    """NaN is refused before anything is written, since no other program could read it."""
    path = tmp_path / "value.json"
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        sha256_of_json(float("nan"))
    assert not path.exists()


@given(st.binary(max_size=100))
@settings(deadline=None)
def test_the_hash_of_a_file_is_that_of_its_bytes(tmp_path_factory, content):
    """sha256_of_file is the SHA-256 that any other tool computes."""
    path = tmp_path_factory.getbasetemp() / "content"
    path.write_bytes(content)
    assert sha256_of_file(path) == hashlib.sha256(content).hexdigest()


@given(st.dictionaries(st.text(), json_values, min_size=2, max_size=4))
@settings(deadline=None)
def test_the_hash_of_json_does_not_know_the_order_of_keys(value):
    """Two dictionaries that are equal have one hash, in whatever order their keys were put in."""
    backwards = dict(reversed(value.items()))
    assert sha256_of_json(value) == sha256_of_json(backwards)
