"""Bad use of the command line: one clear line, a non-zero exit code, no traceback."""

import os
import socket
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


def test_a_web_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        _refused(_run(tmp_path, "up", "--web-port", str(port)), f"WEB_PORT: port {port} is in use")


def test_a_web_port_from_the_environment_is_checked_too(tmp_path: Path) -> None:
    _refused(_run(tmp_path, "up", WEB_PORT="http"), "WEB_PORT must be a port", "'http'")


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_command_beside_another_is_turned_away(tmp_path: Path, command: str) -> None:
    with StateFolder(tmp_path).lock():
        _refused(_run(tmp_path, command), "another command is already changing the local cloud", str(tmp_path))


def test_down_where_nothing_is_up_is_fine(tmp_path: Path) -> None:
    done = _run(tmp_path, "down")
    assert (done.returncode, done.stdout) == (0, "The local cloud is down.\n")


def test_status_where_nothing_is_up_says_so(tmp_path: Path) -> None:
    assert _run(tmp_path, "status").stdout == f"No local cloud is up in {tmp_path}.\n"
