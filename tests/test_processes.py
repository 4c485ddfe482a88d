"""Processes beside a training's own: they start wherever the program stands, with what they need already imported."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.settings import TrainSettings
from pipeline.training.batches import BatchMaker
from pipeline.training.parameters import Parameters
from pipeline.training.team.shared import Block
from pipeline.training.team.team import Team

ROOT = Path(__file__).parent.parent
PROGRAM = """
import sys
from pipeline.training.team.processes import Processes, receive

def answer(connection):
    connection.send("pipeline.training.fast.trainer" in sys.modules and "pipeline.training.glove.fast" in sys.modules)

if __name__ == "__main__":
    others = Processes()
    others.start(answer)
    print(receive(others.connections[0]))
    others.close()
"""


def ask(folder, **environment):
    """What a process says that a program starts in a folder: whether it found imported what it needs."""
    program = folder.parent / "program.py"
    program.write_text(PROGRAM)
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run([sys.executable, program], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info < (3, 11), reason="elsewhere nothing is imported before it is needed"
)
def test_what_is_needed_is_imported_before(tmp_path):
    """Also in a folder that has packages of the names of Firth's: those are a stranger's."""
    for name in ("pipeline", "storage"):
        (tmp_path / "here" / name).mkdir(parents=True)
        (tmp_path / "here" / name / "__init__.py").touch()
    assert ask(tmp_path / "here") == "True"


def test_processes_start_where_no_server_can(tmp_path):
    """Where the path of a server's socket would be too long, processes are spawned."""
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    assert ask(folder, TMPDIR=str(folder)) == "False"


def test_a_large_team_inherits_no_more_than_a_small_one():
    """The number of blocks of memory, each of which is a descriptor to be inherited, does not grow with a team."""
    counts = np.arange(30, 0, -1)
    settings = TrainSettings(vector_size=4)
    teams = [Team.of(size, BatchMaker(counts, settings), counts, Parameters.start(30, 4, 1)) for size in (2, 20)]
    small, large = ([name for name, value in vars(team).items() if isinstance(value, Block)] for team in teams)
    assert small == large
    assert not any(isinstance(value, list) and value for team in teams for value in vars(team).values())
