"""The command line. Wrong use is reported in one clear line, with a non-zero exit code and no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.state import CHECKOUT, StateFolder


def _run(state: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_cloud", *arguments, "--state", str(state)],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    assert all(word in line for word in words), line


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_command_while_another_runs_is_refused(tmp_path: Path, command: str) -> None:
    with StateFolder(tmp_path).lock():
        _refused(_run(tmp_path, command), "another command is already changing the local cloud", str(tmp_path))


def test_down_succeeds_if_nothing_runs(tmp_path: Path) -> None:
    done = _run(tmp_path, "down")
    assert (done.returncode, done.stdout) == (0, "The local cloud is stopped.\n")


def test_status_says_that_nothing_runs(tmp_path: Path) -> None:
    assert _run(tmp_path, "status").stdout == f"No local cloud is running in {tmp_path}.\n"
