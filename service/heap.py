"""One heap for all threads of a process, so that many processes do not each keep the work of many threads.

glibc gives threads heaps of their own, up to eight for each core, and each keeps what the largest batch needed that its
thread ever ranked: at 400,000 x 300 and sixteen threads 100 MB of every process, where one heap keeps 20.
"""

import contextlib
import sys

_M_ARENA_MAX = -8  # malloc.h


def share_heap() -> None:
    """Let threads that begin from now on use the one heap there is; elsewhere than with glibc, do nothing."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):  # another C library has no such switch
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
