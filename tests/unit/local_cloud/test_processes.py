"""Processes that a later command ends by their record."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud import processes

# Ignores SIGTERM, and starts a child in its own group, whose number it prints.
STUBBORN = (
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(60)\n"
)


@pytest.fixture
def stubborn() -> Iterator[tuple[subprocess.Popen[str], int]]:
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
        process.kill()


def _gone(pid: int) -> bool:
    for _ in range(100):
        if not processes.runs(processes.record("child", pid)):
            return True
        time.sleep(0.02)
    return False


def test_a_process_that_ignores_sigterm_is_ended_with_its_children(stubborn: tuple[subprocess.Popen[str], int]) -> None:
    process, child = stubborn
    recorded = processes.record("stubborn", process.pid)
    processes.end(recorded, grace_seconds=0.2)
    assert not processes.runs(recorded)
    assert _gone(child)


def test_children_are_ended_even_if_their_leader_was_killed(stubborn: tuple[subprocess.Popen[str], int]) -> None:
    process, child = stubborn
    recorded = processes.record("stubborn", process.pid)
    process.kill()
    process.wait()
    processes.end(recorded, grace_seconds=0.2)
    assert _gone(child)


def test_a_later_process_with_the_same_number_is_left_alone(stubborn: tuple[subprocess.Popen[str], int]) -> None:
    process, _ = stubborn
    processes.end(processes.ProcessRecord(name="former", pid=process.pid, born="long ago"), grace_seconds=0.1)
    assert process.poll() is None


def test_a_record_is_read_as_saved(tmp_path: Path) -> None:
    recorded = [processes.record("self", os.getpid())]
    processes.save(tmp_path / "processes.json", recorded)
    assert processes.load(tmp_path / "processes.json") == recorded
    assert processes.runs(recorded[0])


def test_a_missing_record_is_an_empty_one(tmp_path: Path) -> None:
    assert processes.load(tmp_path / "processes.json") == []
