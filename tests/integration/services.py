"""The services of a local cloud, started alone: nothing is deployed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from local_cloud.ports import free_port
from local_cloud.state import CHECKOUT, StateFolder

START_SECONDS = 60.0


def start(folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start those of the instance in `folder`, and wait until they answer; gives back their supervisor."""
    state = StateFolder(folder)
    command = [sys.executable, "-m", "local_cloud.supervisor", str(folder), "--web-port", str(free_port())]
    supervisor = subprocess.Popen(command, cwd=CHECKOUT, start_new_session=True, env={**os.environ, **environment})
    deadline = time.monotonic() + START_SECONDS
    while not (state.services.exists() and state.control.exists()):
        assert supervisor.poll() is None, "the supervisor stopped as it started"
        assert time.monotonic() < deadline, "the services did not start"
        time.sleep(0.05)
    return supervisor
