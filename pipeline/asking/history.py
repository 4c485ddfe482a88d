"""The file with the lines typed in `firth shell`, which only its user can read."""

import logging
import os
from pathlib import Path

_LOG = logging.getLogger(__name__)


def history_file() -> Path:
    """Where it is: in the folder for what programs remember (XDG_STATE_HOME; on Windows LOCALAPPDATA)."""
    given = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME", "")
    folder = Path(given) if Path(given).is_absolute() else Path.home() / ".local" / "state"
    return folder / "firth" / "history"


def private_history() -> Path | None:
    """The file, made when missing and closed to others; None, with a warning, where it cannot be written."""
    try:
        path = history_file()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.close(descriptor)
        path.chmod(0o600)  # also of a file that is older
    except (OSError, RuntimeError) as error:  # the latter where nobody knows the home folder
        _LOG.warning("the history of this session is not kept: %s", error)
        return None
    return path
