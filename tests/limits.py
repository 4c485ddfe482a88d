"""Limits that the tests set on their own process, for no longer than what is tested takes."""

from contextlib import contextmanager

import pytest


@contextmanager
def no_file_beyond(size):
    """No file can grow beyond so many bytes, as on a full disk.

    That holds for pytest's own output too, where it goes to a file: inside, do only what is tested.
    """
    resource = pytest.importorskip("resource", reason="limits are those of Unix")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
