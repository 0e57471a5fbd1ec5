"""Processes that outlive the command that started them: recorded, recognized later, and ended with their children."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .control import write_private

_POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """A process that leads its own process group; `born` distinguishes it from a later one with the same number."""

    name: str
    pid: int
    born: str


def launch(command: list[str], log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start a program that leads its own process group and appends to `log`; `options` are those of Popen."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )


def record(name: str, pid: int) -> ProcessRecord:
    """The record of a process that runs now."""
    return ProcessRecord(name=name, pid=pid, born=_born(pid) or "")


def save(path: Path, processes: list[ProcessRecord]) -> None:
    """Write the list for a later command."""
    write_private(path, json.dumps([asdict(each) for each in processes]))


def load(path: Path) -> list[ProcessRecord]:
    """The saved list; empty if there is none."""
    try:
        return [ProcessRecord(**each) for each in json.loads(path.read_text(encoding="utf-8"))]
    except FileNotFoundError:
        return []


def runs(process: ProcessRecord) -> bool:
    """Whether this process is still alive."""
    return _born(process.pid) == process.born != ""


def has_ended(pid: int) -> bool:
    """Whether no process has this number, or only one that ended and whose parent did not ask for it (a zombie)."""
    return _born(pid) is None


def end(process: ProcessRecord, *, grace_seconds: float = 5.0) -> None:
    """End a process and its group: SIGTERM first, SIGKILL after `grace_seconds`."""
    if runs(process):
        _signal_group(process.pid, signal.SIGTERM)
        _wait(process, grace_seconds)
    if runs(process) or has_ended(process.pid):
        # A group can outlive its leader, whose number is not reused until then.
        _signal_group(process.pid, signal.SIGKILL)
    _wait(process, grace_seconds)


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _wait(process: ProcessRecord, seconds: float) -> None:
    """Wait until the process has ended, but not longer than this."""
    deadline = time.monotonic() + seconds
    while runs(process) and time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)  # a child that ended stays a zombie until its parent asks for it
        time.sleep(_POLL_SECONDS)


def _born(pid: int) -> str | None:
    """When a process started; None if it does not exist or is a zombie."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            # The name is in brackets and may contain anything; state and start time follow it.
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else fields[19]
    shown = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return None if not shown or shown.startswith("Z") else shown.split(maxsplit=1)[1]
