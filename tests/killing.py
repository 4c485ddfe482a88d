"""Work on a store that is killed with SIGKILL in its midst or meets an adverse world, and what has to hold afterwards.

Each piece of work runs in a process of its own, forked from one that has everything imported and no threads. It says
when it begins; some part of the time that it took undisturbed later, it is killed.
"""

import gzip
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import forkserver, get_context
from pathlib import Path

import numpy as np

import storage.schema  # noqa: F401 - now, as long as we may: the work is also tried as nobody
from pipeline.commands.exporting import command as export_command
from pipeline.commands.importing import command as import_command
from service.loading import derived_files, load_vectors
from storage.embeddings import Embeddings
from storage.errors import FirthError
from storage.formats.known import named
from storage.managing.collecting import collect
from storage.managing.copying import copy_model
from storage.managing.versions import delete, doomed, roll_back, set_tag
from storage.maps import Map
from storage.store import Store
from storage.verification.verify import verify
from tests.test_formats import export

OLD = Path(__file__).parent / "data" / "m001_models.db.gz"
PATIENCE = 120  # seconds for what should have ended long ago

WORDS, DIMENSIONS = 1500, 24

_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["__main__", "tests.killing"])


def start_server():
    """Start what the work is forked from, before a training in another test starts one that has less imported."""
    forkserver.ensure_running()


def some_embeddings(seed, words=WORDS):
    """V words with vectors that the seed decides."""
    vectors = np.random.default_rng(seed).standard_normal((words, DIMENSIONS)).astype(np.float32)
    return Embeddings(tuple(f"word {row} of {seed}" for row in range(words)), np.arange(words, 0, -1), vectors)


def publish(db, seed):
    """A model with everything that a model can have."""
    rows = np.arange(100)
    drawn = Map(rows, np.random.default_rng(seed).random((100, 2), np.float32), rows % 7)
    with Store.open(db, create=True) as store:
        contexts = some_embeddings(seed + 1).matrix
        return store.publish("news", some_embeddings(seed), {"settings": {"seed": seed}}, contexts=contexts, map=drawn)


def prepare(folder):
    """A store with news@1 to news@3, of which the first is about to go, and one of the first schema."""
    db = folder / "firth.db"
    for seed in range(3):
        publish(db, seed)
    (folder / "old.db").write_bytes(gzip.decompress(OLD.read_bytes()))
    export(some_embeddings(9), named("npy"), folder / "vectors.npy.gz")
    return db


# ---- the work ----


def publishing(folder):
    """Publish news@4."""
    publish(folder / "firth.db", 3)


def importing(folder):
    """Import a file as news@4."""
    arguments = [str(folder / "vectors.npy.gz"), "--name", "news", "--db", str(folder / "firth.db"), "--map-words", "0"]
    import_command.main([*arguments, "--quiet"], standalone_mode=False)


def migrating(folder):
    """Bring a file of the first schema up to date."""
    Store.open(folder / "old.db", create=True).close()


def copying(folder):
    """Copy news@2 into a file with another model."""
    copy_model(folder / "firth.db", "news@2", folder / "old.db")


def deriving(folder):
    """Write the derived files of news@2."""
    with Store.open(folder / "firth.db") as store:
        info = store.find("news@2")
    load_vectors(folder / "firth.db", info)


def deleting(folder):
    """Delete news@1."""
    with Store.open(folder / "firth.db", create=True) as store:
        delete(store, doomed(store.catalog(), "news@1"))


def collecting(folder):
    """Free the room of news@1."""
    with Store.open(folder / "firth.db", create=True) as store:
        collect(store)


def exporting(folder, ending=".db"):
    """Export news@2 to a file that is there."""
    arguments = ["news@2", str(folder / f"out{ending}"), "--db", str(folder / "firth.db"), "--force"]
    export_command.main([*arguments, "--quiet"], standalone_mode=False)


def moving(folder):
    """Tag, and roll back."""
    with Store.open(folder / "firth.db", create=True) as store:
        set_tag(store, "news@2", "stable")
        roll_back(store, "news")


@dataclass(frozen=True)
class Work:
    """A piece of work.

    Attributes:
        do: does it in a folder.
        before: does what has to have been done.
        gone: the model that it takes away.
        again: whether it can be done once more.
    """

    do: Callable[[Path], object]
    before: Callable[[Path], object] | None = None
    gone: str = ""
    again: bool = True


WORKS = {
    "publish": Work(publishing),
    "import": Work(importing),
    "migrate": Work(migrating),
    "copy": Work(copying),
    "derive": Work(deriving),
    "delete": Work(deleting, gone="news@1", again=False),
    "gc": Work(collecting, before=deleting, gone="news@1"),
    "tag": Work(moving),
}


def undisturbed(work, folder):
    """Seconds that the work takes."""
    begun, process = _started(work, folder)
    assert begun.poll(PATIENCE)
    started = begun.recv()
    process.join(PATIENCE)
    assert process.exitcode == 0
    return time.monotonic() - started


def killed(work, folder, moment):
    """Start the work and kill it so many seconds after it began; whether that came before its end."""
    begun, process = _started(work, folder)
    assert begun.poll(PATIENCE)
    begun.recv()
    process.join(moment)
    process.kill()
    process.join(PATIENCE)
    return process.exitcode != 0


def tried(work, folder, condition, *details):
    """Do the work under a condition that a process sets itself; returns the error's message, or an empty text."""
    said, process = _begun(_try, work, folder, condition, *details)
    assert said.poll(PATIENCE)
    message = said.recv()
    process.join(PATIENCE)
    assert process.exitcode == 0
    return message


def together(*calls):
    """Functions with their arguments, each in a process of its own; all have to end well."""
    processes = [_FORKING.Process(target=function, args=arguments) for function, *arguments in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * len(processes)


def _started(work, folder):
    return _begun(_work, work, folder)


def _begun(target, *arguments):
    receiving, sending = _FORKING.Pipe(duplex=False)
    process = _FORKING.Process(target=target, args=(sending, *arguments))
    process.start()
    sending.close()
    return receiving, process


def _work(begun, work, folder):
    begun.send(time.monotonic())
    work.do(folder)


def _try(said, work, folder, condition, *details):
    condition(folder, *details)
    try:
        work.do(folder)
    except FirthError as error:
        said.send(str(error))
    else:
        said.send("")


# ---- what has to hold ----


def contents(db):
    """Every model of a store, read whole and compared with its hash."""
    with Store.open(db) as store:
        return {str(info): _content(store, info) for info in store.models()}


def _content(store, info):
    embeddings, contexts, drawn = store.load(info, verify=True), store.load_contexts(info), store.load_map(info)
    shown = None if drawn is None else (drawn.rows.tobytes(), drawn.points.tobytes(), drawn.clusters.tobytes())
    others = (None if contexts is None else contexts.tobytes(), shown, store.card(info))
    return (embeddings.words, embeddings.counts.tobytes(), embeddings.matrix.tobytes(), *others)


def is_whole(folder, before, work):
    """Whether both stores open, pass every check, and hold all that they held before, but what was to go."""
    for db, models in before.items():
        assert [check for check in verify(db) if not check.fits] == [], db
        now = contents(db)
        assert {name: now.get(name) for name in models if name != work.gone} == {
            name: content for name, content in models.items() if name != work.gone
        }
    return answers(folder / "firth.db")


def answers(db):
    """Whether derived files that are believed are those of their model, and answer as it does."""
    with Store.open(db) as store:
        for info in store.models():
            matrix, found = store.load(info).matrix, derived_files(db).open(info)
            if found:
                derived_files(db).check(info)
                lengths = np.linalg.norm(matrix.astype(np.float64), axis=1, keepdims=True)
                assert np.allclose(found.arrays["unit"], matrix / lengths, atol=1e-6)
    return True


def fresh(template, folder, work):
    """A copy of a prepared folder, ready for the work."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    if work.before:
        work.before(folder)
    return folder
