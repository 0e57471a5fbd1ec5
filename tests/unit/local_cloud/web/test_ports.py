"""WEB_PORT, which chooses the port of the web page."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from local_cloud.state import CHECKOUT


def _refused(state: Path, port: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "local_cloud", "up", "--state", str(state)],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "WEB_PORT": port},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    return line


def test_a_web_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"WEB_PORT: port {port} is in use" in _refused(tmp_path, str(port))


def test_a_web_port_that_is_not_a_port_is_refused(tmp_path: Path) -> None:
    line = _refused(tmp_path, "http")
    assert "WEB_PORT must be a port" in line
    assert "'http'" in line
