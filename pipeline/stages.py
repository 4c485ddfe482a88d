"""Stage folders: what a stage wrote, from which inputs and settings; complete or not there at all.

A stage folder holds `firth-manifest.json` and one folder `data-...` with the stage's files. The key is the hash of the
stage's name, code, settings and inputs. New data is written beside the old; replacing the manifest is the one moment
at which the stage changes; then the old data goes. So a stage that fails or is killed leaves what was there before.
"""

import json
import re
import secrets
import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.circumstances import circumstances, now
from storage import provenance
from storage.errors import InputError
from storage.files import sha256_of_file, sha256_of_json, sync_folder, write_json

try:
    import fcntl
except ImportError:  # Windows has no flock; there two writers are not told apart
    fcntl = None  # type: ignore[assignment] # the name stands for "cannot lock here"

VERSION = "0.1.0"
MANIFEST = "firth-manifest.json"
_OWN_FOLDER = re.compile(r"data-[0-9a-f]{12}-[0-9a-f]{4}|\.data-[0-9a-f]{12}")  # anything else there is the user's
_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class Manifest:
    """What a stage did.

    Attributes:
        stage: its name, for example "tokenize".
        key: hash of name, code, settings and inputs.
        settings: the stage's settings.
        inputs: what it read, each with its sha256 or key.
        report: what it found: counts, curves, losses.
        code: version of Firth, hash of its source files, and the versions of what it computes with.
        data: name of the folder with the stage's files.
        files: the size of each of them in bytes.
        made: from when to when, with which Python and BLAS, on which machine; empty where an earlier Firth made it.
    """

    stage: str
    key: str
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    report: Mapping[str, Any]
    code: Mapping[str, str]
    data: str
    files: Mapping[str, int]
    made: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StageFolder:
    """A folder that one stage owns."""

    path: Path

    def manifest(self, stage: str) -> Manifest:
        """The manifest of the finished stage.

        Raises:
            InputError: the folder has none, a damaged one, or one of another stage; or a file is missing or cut off.
        """
        file = self.path / MANIFEST
        try:
            found = Manifest(**json.loads(file.read_text("utf-8")))
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(f"{self.path} holds no finished `firth {stage}` output; run that first") from None
        except (ValueError, TypeError) as error:
            raise InputError(f"{file} is damaged ({error}); run `firth {stage}` again") from None
        if found.stage != stage:
            raise InputError(f"{self.path} holds the output of `firth {found.stage}`, not of `firth {stage}`")
        if not _OWN_FOLDER.fullmatch(found.data):
            raise InputError(f"{file} is damaged (its data is {found.data!r}); run `firth {stage}` again")
        sizes = _sizes(self.data(found))
        if wrong := [name for name, size in found.files.items() if sizes.get(name) != size]:
            names = ", ".join(str(self.data(found) / name) for name in wrong)
            raise InputError(f"{names} is missing or damaged; run `firth {stage}` again")
        return found

    def data(self, manifest: Manifest) -> Path:
        """The folder with the stage's files."""
        return self.path / manifest.data

    def is_current(self, stage: str, key: str) -> bool:
        """Whether the stage has already been run with this very key."""
        try:
            return self.manifest(stage).key == key
        except InputError:
            return False

    def write(
        self,
        stage: str,
        settings: Mapping[str, Any],
        inputs: Mapping[str, Any],
        fill: Callable[[Path], Mapping[str, Any]],
    ) -> Manifest:
        """Run `fill` on an empty folder and publish what it wrote, with the report it returns.

        `inputs` may be completed by `fill` while it reads (standard input has no hash before it is read): the key is
        taken afterwards.

        Raises:
            InputError: another process is writing this folder, it holds what another stage wrote, or cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_other_stage(stage)
            with _only_writer(self.path), self._fresh_folder() as fresh:
                started = now()
                report = fill(fresh)
                key = stage_key(stage, settings, inputs)
                data, code = f"data-{key[:12]}-{secrets.token_hex(2)}", code_version()
                made = {"started": started, "ended": now(), **circumstances()}
                manifest = Manifest(
                    stage, key, dict(settings), dict(inputs), dict(report), code, data, _sizes(fresh), made
                )
                self._publish(fresh, manifest)
                return manifest
        except BrokenPipeError:
            raise  # whoever read our progress has gone
        except OSError as error:
            why = error.strerror or error
            raise InputError(
                f"{self.path} cannot be written: {why}; make room there, or choose another folder with --out"
            ) from error

    def amend(self, manifest: Manifest, **report: object) -> Manifest:
        """Replace entries of a finished stage's report that say where things are, not what they are."""
        amended = replace(manifest, report={**manifest.report, **report})
        write_json(self.path / MANIFEST, vars(amended))
        return amended

    def _refuse_other_stage(self, stage: str) -> None:
        """`firth train work/tokens --out work/tokens` must not replace the tokens by the model."""
        try:
            found = json.loads((self.path / MANIFEST).read_text("utf-8"))["stage"]
        except (OSError, ValueError, KeyError, TypeError):
            return  # nothing is there, or nothing that could be read again
        if found != stage:
            raise InputError(f"{self.path} holds the output of `firth {found}`; choose another folder with --out")

    @contextmanager
    def _fresh_folder(self) -> Iterator[Path]:
        fresh = self.path / f".data-{secrets.token_hex(6)}"
        fresh.mkdir()
        try:
            yield fresh
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _publish(self, fresh: Path, manifest: Manifest) -> None:
        data = self.data(manifest)
        fresh.rename(data)
        sync_folder(self.path)
        write_json(self.path / MANIFEST, vars(manifest))
        for other in self.path.iterdir():
            if _OWN_FOLDER.fullmatch(other.name) and other != data:
                shutil.rmtree(other, ignore_errors=True)


def _sizes(folder: Path) -> dict[str, int]:
    """The size of each file, {} where there is no such folder."""
    return {file.name: file.stat().st_size for file in sorted(folder.glob("*"))}


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
    with (folder / ".lock").open("w") as file:
        if fcntl:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"another firth is writing {folder}; wait for it, or choose another folder") from None
        yield


def stage_key(stage: str, settings: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    """Hash of everything that decides what a stage writes."""
    return provenance.stage_key(stage, code_version(), settings, inputs)


@cache
def code_version() -> dict[str, str]:
    """What decides a result besides settings and inputs: Firth's code without its command line, and the libraries."""
    sources = [path for path in _PACKAGE.rglob("*.py") if path.parent not in (_PACKAGE, _PACKAGE / "commands")]
    hashes = {str(path.relative_to(_PACKAGE)): sha256_of_file(path) for path in sources}
    libraries = {name: version(name) for name in ("numpy", "scipy", "gensim")}
    return {
        "firth": VERSION,
        "source": sha256_of_json(hashes)[:16],
        "unicode": unicodedata.unidata_version,  # which characters make a word
        **libraries,
    }
