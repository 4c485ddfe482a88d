"""Threads of the server share one heap."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAPS = """
import ctypes, sys, threading
from service.heap import share_heap
if sys.argv[1] == "shared":
    share_heap()
c = ctypes.CDLL(None)
c.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)
def take():
    together.wait(60)
    c.malloc(1000)
    together.wait(60)
threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(60)
file = ctypes.c_void_p(c.fopen(sys.argv[2].encode(), b"w"))
c.malloc_info(0, file)
c.fclose(file)
"""


def heaps(tmp_path, how):
    """How many heaps the C library says it has, after eight threads took memory at the same moment."""
    file = tmp_path / f"{how}.xml"
    python = [sys.executable, "-c", HEAPS, how, str(file)]
    subprocess.run(python, check=True, cwd=Path(__file__).parents[1])
    return file.read_text("ascii").count("<heap nr=")


@pytest.mark.skipif(sys.platform != "linux", reason="is about the C library of Linux")
def test_threads_share_one_heap(tmp_path):
    """Where threads have heaps of their own otherwise, they have one together."""
    alone = heaps(tmp_path, "alone")
    if alone == 1:
        pytest.skip("this C library gives threads no heaps of their own")
    assert heaps(tmp_path, "shared") == 1
