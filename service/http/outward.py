"""What strangers are told of a model's files: their names and hashes, not the folders of this machine they lay in."""

import re
from collections.abc import Mapping
from typing import Any

_NAMES = ("name", "file")
"""What the stages call a file's path, beside its `sha256`."""
_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)


def without_folders(value: Any) -> Any:
    """The same JSON value, of each file that it names only the last part of its path.

    The store, and so `firth show`, has the whole path: who may read the file may know where its text came from.
    """
    if isinstance(value, Mapping):
        named = _NAMES if "sha256" in value else ()
        return {key: _last_part(each) if key in named else without_folders(each) for key, each in value.items()}
    return [without_folders(each) for each in value] if isinstance(value, (list, tuple)) else value


def _last_part(path: Any) -> Any:
    return _FOLDERS.sub("", path) if isinstance(path, str) else path
