"""Every piece of work of `tests.killing` on a real file system without room, in name spaces of its own.

`unshare -Urm python -m tests.small_disk TEMPLATE DISK` mounts a tmpfs at the folder DISK, which nobody else sees and
which goes with the process, whether by root or by anybody whom the system lets have name spaces.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from storage.errors import FirthError
from tests.killing import WORKS, contents, fresh, is_whole

ROOMS = (0, 32_768, 200_000, 400_000)  # bytes that are free when the work begins
_LARGE = 1 << 26


def mount(disk, size, *, again=False):
    """Mount it with so many bytes, or let it have so many from now on."""
    options = f"size={size},remount" if again else f"size={size}"
    command = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", options, "firth", str(disk)]
    subprocess.run(command, check=True, capture_output=True)


def limit(disk, room):
    """Leave so many bytes of room on it."""
    found = os.statvfs(disk)
    mount(disk, (found.f_blocks - found.f_bfree) * found.f_frsize + room, again=True)


def met(work, template, disk, room):
    """What the work says where there is so much room: nothing where it was done; models are whole, and it can go on."""
    folder = fresh(template, disk / "work", work)
    before = {folder / db.name: contents(template / db.name) for db in template.glob("*.db")}
    limit(disk, room)
    said = _tried(work, folder)
    assert is_whole(folder, before, work)
    mount(disk, _LARGE, again=True)
    assert not work.again or _tried(work, folder) == ""
    assert is_whole(folder, before, work)
    return said


def _tried(work, folder):
    try:
        work.do(folder)
    except FirthError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    template, disk = map(Path, sys.argv[1:])
    mount(disk, _LARGE)
    found = {name: [met(work, template, disk, room) for room in ROOMS] for name, work in WORKS.items()}
    print(json.dumps(found))  # noqa: T201 - for who has started it
