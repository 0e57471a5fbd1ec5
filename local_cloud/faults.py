"""Fault injection for tests: in the database proxy, the database, the ingestion function and its event source."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from . import processes
from .control import Control
from .database_proxy import DatabaseFaults
from .errors import LocalCloudError
from .state import Outputs, StateFolder

_SWITCH_SECONDS = 30.0
_POLL_SECONDS = 0.1


class Faults:
    """Injects faults into a running local cloud, from any process."""

    def __init__(self, state: StateFolder, session: Callable[[], Any], outputs: Callable[[], Outputs]) -> None:
        self._state = state
        self._supervisor = Control(state.control)
        self._session = session
        self._outputs = outputs
        self.connections = DatabaseFaults(state.database_proxy_control)

    def kill_database(self) -> None:
        """End PostgreSQL with kill -9; it stays down until `start_database`."""
        self._supervisor.call("kill_database")

    def stop_database(self) -> None:
        """Shut PostgreSQL down cleanly; it stays down until `start_database`."""
        self._supervisor.call("stop_database")

    def start_database(self) -> None:
        """Start PostgreSQL again on the same data; returns when it answers."""
        self._supervisor.call("start_database")

    def kill_function(self) -> int:
        """End every process of the ingestion function with kill -9, as when it runs out of memory; returns how many.

        The emulator unpacks a function into a folder with its name, and runs a file from it.
        """
        (emulator,) = (each.pid for each in processes.load(self._state.processes) if each.name == "emulator")
        mark = f"/ministack-lambda-{self._outputs().function_name}-"
        listing = ["ps", "-axwwo", "pid=,ppid=,command="]  # ww: do not cut lines to the terminal's width
        shown = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
        lines = (line.split(maxsplit=2) for line in shown)
        found = [int(pid) for pid, parent, command in lines if int(parent) == emulator and mark in command]
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        return len(found)

    def pause_event_source(self) -> None:
        """Leave messages in the queue until `resume_event_source`."""
        self._switch(enabled=False)

    def resume_event_source(self) -> None:
        """Deliver messages to the function again."""
        self._switch(enabled=True)

    def _switch(self, *, enabled: bool) -> None:
        functions, mapping = self._session().client("lambda"), self._outputs().event_source_id
        functions.update_event_source_mapping(UUID=mapping, Enabled=enabled)
        wanted = "Enabled" if enabled else "Disabled"
        deadline = time.monotonic() + _SWITCH_SECONDS
        while functions.get_event_source_mapping(UUID=mapping)["State"] != wanted:
            if time.monotonic() > deadline:
                raise LocalCloudError(f"the event source did not become {wanted} within {_SWITCH_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)
