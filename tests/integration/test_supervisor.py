"""The supervisor starts every part, tells of crashes, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud import processes, toolchain
from local_cloud.cloud import LocalCloud
from local_cloud.ports import free_port
from local_cloud.state import CHECKOUT, StateFolder

START_SECONDS = 60.0


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LocalCloud]:
    """The services of an instance of its own, with nothing deployed."""
    toolchain.prepare(print)
    with _started(tmp_path / "one") as supervisor:
        cloud = LocalCloud(tmp_path / "one")
        yield cloud
        cloud.down()
        supervisor.wait(10)


def _started(folder: Path) -> subprocess.Popen[bytes]:
    state = StateFolder(folder)
    command = [sys.executable, "-m", "local_cloud.supervisor", str(folder), "--web-port", str(free_port())]
    supervisor = subprocess.Popen(command, cwd=CHECKOUT, start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not (state.services.exists() and state.control.exists()):
        assert supervisor.poll() is None, "the supervisor stopped as it started"
        assert time.monotonic() < deadline, "the services did not start"
        time.sleep(0.05)
    return supervisor


def _pid(cloud: LocalCloud, name: str) -> int:
    return next(each.pid for each in processes.load(cloud.state.processes) if each.name == name)


def _all_gone(recorded: list[processes.Recorded]) -> bool:
    return not [each.name for each in recorded if processes.runs(each)]


def test_all_parts_run_and_down_ends_them(services: LocalCloud) -> None:
    assert set(services.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}
    recorded = processes.load(services.state.processes)
    services.down()
    assert _all_gone(recorded)
    assert services.status() == {"running": [], "crashes": {}}
    assert not services.state.services.exists()


@pytest.mark.parametrize("part", ["PostgreSQL", "database proxy", "emulator"])
def test_a_crash_is_told_with_the_last_lines_of_the_log(services: LocalCloud, part: str) -> None:
    os.kill(_pid(services, part), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while not (crashes := services.status()["crashes"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list(crashes) == [part]
    first, *rest = crashes[part].splitlines()
    assert first.startswith(f"{part} ended by itself (killed by SIGKILL); its log ")
    assert rest
    assert services.down() == [crashes[part]]


def test_nothing_is_left_though_the_supervisor_itself_was_killed(services: LocalCloud) -> None:
    recorded = processes.load(services.state.processes)
    os.kill(_pid(services, "supervisor"), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while "supervisor" not in services.status()["crashes"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [processes.runs(each) for each in recorded].count(True) == len(recorded) - 1
    (told,) = services.down()
    assert "the supervisor ended without stopping the rest" in told
    assert _all_gone(recorded)


def test_instances_run_side_by_side_with_nothing_in_common(services: LocalCloud, tmp_path: Path) -> None:
    with _started(tmp_path / "two") as supervisor:
        other = LocalCloud(tmp_path / "two")
        try:
            ours, theirs = services.services(), other.services()
            for name in ("endpoint_url", "web_url", "metadata_url", "database_superuser_url", "secret_access_key"):
                assert getattr(ours, name) != getattr(theirs, name), name
        finally:
            other.down()
        supervisor.wait(10)
    assert set(services.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}


def test_files_with_secrets_are_their_owners_alone(services: LocalCloud) -> None:
    state = services.state
    for path in (state.services, state.control, state.database_proxy_control, state.emulator / "settings.json"):
        json.loads(path.read_text())
        assert path.stat().st_mode & 0o077 == 0, path
