"""The supervisor starts every process, reports crashes, and leaves nothing behind."""

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
from local_cloud.errors import LocalCloudError
from local_cloud.ports import free_port
from local_cloud.report import Summary
from local_cloud.state import CHECKOUT
from tests.support.without_stacks import WithoutStacks


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of the test's own, with nothing deployed."""
    cloud = WithoutStacks(tmp_path / "one")
    cloud.up()
    yield cloud
    cloud.down()


def _pid(cloud: LocalCloud, name: str) -> int:
    return next(each.pid for each in processes.load(cloud.state.processes) if each.name == name)


def _all_gone(recorded: list[processes.ProcessRecord]) -> bool:
    return not [each.name for each in recorded if processes.runs(each)]


def test_all_processes_run_and_down_ends_them(services: LocalCloud) -> None:
    assert set(services.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}
    recorded = processes.load(services.state.processes)
    services.down()
    assert _all_gone(recorded)
    assert services.status() == {"running": [], "crashes": {}}
    assert not services.state.services.exists()


@pytest.mark.parametrize("name", ["PostgreSQL", "database proxy", "emulator"])
def test_a_crash_is_reported_with_the_last_lines_of_the_log(services: LocalCloud, name: str) -> None:
    os.kill(_pid(services, name), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while not (crashes := services.status()["crashes"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list(crashes) == [name]
    first, *rest = crashes[name].splitlines()
    assert first.startswith(f"{name} crashed (killed by SIGKILL); the end of its log ")
    assert rest
    assert services.down() == [crashes[name]]


def test_down_ends_everything_even_if_the_supervisor_was_killed(services: LocalCloud) -> None:
    recorded = processes.load(services.state.processes)
    (supervisor,) = (each for each in recorded if each.name == "supervisor")
    os.kill(supervisor.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while processes.runs(supervisor):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "supervisor" in services.status()["crashes"]
    assert [each.name for each in recorded if not processes.runs(each)] == ["supervisor"]
    (crash,) = services.down()
    assert "supervisor crashed without stopping the other processes" in crash
    assert _all_gone(recorded)


def test_two_local_clouds_run_side_by_side_and_share_nothing(services: LocalCloud, tmp_path: Path) -> None:
    other = WithoutStacks(tmp_path / "two")
    other.up()
    try:
        ours, theirs = services.services(), other.services()
        for name in ("endpoint_url", "database_superuser_url", "secret_access_key"):
            assert getattr(ours, name) != getattr(theirs, name), name
        assert not set(ours.ports.values()) & set(theirs.ports.values())
    finally:
        other.down()
    assert set(services.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}


def test_only_their_owner_may_read_files_with_secrets(services: LocalCloud) -> None:
    state = services.state
    for path in (state.services, state.control, state.database_proxy_control, state.emulator / "settings.json"):
        json.loads(path.read_text())
        assert path.stat().st_mode & 0o077 == 0, path


class _EmulatorCrashes(LocalCloud):
    """Its emulator crashes during `up`."""

    def _bring_up(self) -> Summary:
        os.kill(_pid(self, "emulator"), signal.SIGKILL)
        self.session().client("sts").get_caller_identity()
        raise AssertionError("nothing should have answered")


def test_a_crash_during_up_is_reported_with_the_last_lines_of_the_log(services: LocalCloud) -> None:
    with pytest.raises(LocalCloudError) as error:
        _EmulatorCrashes(services.state.root).up()
    first, *rest = str(error.value).splitlines()
    assert first.startswith("emulator crashed (killed by SIGKILL); the end of its log ")
    assert len(rest) > 1
    assert rest[-1].startswith("After that, this failed: ")


def test_processes_of_the_same_code_stay_and_those_of_former_code_restart(services: LocalCloud) -> None:
    said: list[str] = []
    before = processes.load(services.state.processes)
    cloud = WithoutStacks(services.state.root, say=said.append)
    cloud.up()
    assert (said, processes.load(services.state.processes)) == ([], before)

    former = json.loads(services.state.services.read_text()) | {"code": "former"}
    services.state.services.write_text(json.dumps(former))
    cloud.up()

    assert "code or pinned versions changed" in said[0]
    assert _all_gone(before)
    assert set(cloud.status()["running"]) == {"PostgreSQL", "database proxy", "emulator"}
    cloud.down()


def test_processes_start_with_an_unreachable_proxy_and_a_missing_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("AWS_PROFILE", "nosuch")
    cloud = WithoutStacks(tmp_path)
    cloud.up()
    assert "emulator" in cloud.status()["running"]
    cloud.down()


def test_a_failed_start_ends_cleanly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    toolchain.prepare(print)
    (tmp_path / "emulator").touch()  # where a folder must be
    command = [sys.executable, "-m", "local_cloud.supervisor", str(tmp_path), "--ports", "{}"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("FAILED ")
    assert LocalCloud(tmp_path).down() == []
