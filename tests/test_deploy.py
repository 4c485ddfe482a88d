"""The files in deploy/ name what there is: options, packages, and directives that systemd knows."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline.commands.serve import command

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "deploy" / "firth.service"
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def arguments_of_the_unit():
    """What systemd starts, after the name of the program."""
    (line,) = re.findall(r"^ExecStart=(.*)$", UNIT.read_text("utf-8"), re.M)
    return shlex.split(line)[1:]


def arguments_of_the_image():
    """What a container starts, after the name of the program."""
    lines = re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])$", DOCKERFILE.read_text("utf-8"), re.M)
    return [word for line in lines for word in json.loads(line)][1:]


@pytest.mark.parametrize("arguments", [arguments_of_the_unit(), arguments_of_the_image()], ids=["unit", "image"])
def test_the_commands_are_understood(arguments):
    """`firth serve` takes the options that the unit and the image give it."""
    name, *options = arguments
    assert name == "serve"
    with command.make_context("serve", options) as context:
        assert str(context.params["db"]).endswith("firth.db")
        assert context.params["access_log"] == "-"


def test_the_image_has_every_package():
    """Each of the packages is copied into the image, and let through to its build."""
    ignored = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    copied = re.findall(r"^COPY (\w+) \1$", DOCKERFILE.read_text("utf-8"), re.M)
    packages = [init.parent.name for init in ROOT.glob("*/__init__.py") if init.parent.name != "benchmarks"]
    assert sorted(copied) == sorted(packages)
    assert {f"!{package}" for package in packages} <= set(ignored)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_understands_the_unit(tmp_path):
    """`systemd-analyze verify` finds no directive that it does not know, and no mistake in one."""
    unit = tmp_path / "firth.service"
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/firth/bin/firth", shutil.which("true")), "utf-8")
    done = subprocess.run(
        [shutil.which("systemd-analyze"), "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert "firth.service" not in done.stderr
    assert done.returncode == 0
