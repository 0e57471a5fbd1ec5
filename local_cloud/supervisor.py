"""The detached process that starts and ends all other processes of the local cloud, and reports crashes.

Run as `python -m local_cloud.supervisor <state folder> --ports '{"<name>": <port>, …}'`; takes commands on its control
port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psycopg

from . import processes, toolchain
from .control import Command, serve_control, write_private
from .digests import own_code_digest
from .emulator.settings import ACCOUNT, REGION, VARIABLE, EmulatorSettings
from .environment import Account, clean, clean_this_process
from .errors import LocalCloudError
from .logs import last_lines
from .ports import LOOPBACK, free_port
from .postgres import LocalPostgres
from .state import CHECKOUT, StateFolder

START_SECONDS = 60.0
STOP_SECONDS = 1.0
_POLL_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class RunningServices(Account):
    """The addresses of the running processes, for the commands that use them."""

    database_superuser_url: str
    ports: dict[str, int]  # of the capabilities' services
    code: str  # the `own_code_digest` at the start of the processes


@dataclass(kw_only=True)
class SupervisedProcess:
    """A process that must run. `stopping` is true if the supervisor ends the process, which is not a crash."""

    process: subprocess.Popen[bytes]
    log: Path
    stopping: bool = False


class Supervisor:
    """Starts, watches and ends the processes. Slow work runs on a thread, one command at a time."""

    def __init__(self, state: StateFolder, *, ports: dict[str, int]) -> None:
        self._state = state
        self._ports = ports
        self._children: dict[str, SupervisedProcess] = {}
        self._crashes: dict[str, str] = {}
        self._lock = asyncio.Lock()
        self._done = asyncio.Event()
        self._postgres = LocalPostgres(state.root, venv=toolchain.SERVICES_VENV)
        self._code = own_code_digest()

    async def run(self) -> None:
        """Start all processes, watch them, and end them on a signal."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._done.set)
        commands: dict[str, Command] = {
            "status": self.status,
            "start_service": self.start_service,
            "kill_database": partial(self._end_database, self._postgres.kill),
            "stop_database": partial(self._end_database, self._postgres.stop),
            "start_database": self.start_database,
        }
        self._record()
        try:
            await asyncio.to_thread(self._start)
            server = await serve_control(self._state.control, commands)
            async with server:
                await self._watch()
        finally:
            await asyncio.to_thread(self._end)

    async def status(self) -> dict[str, Any]:
        """The names of running processes, and the last log lines of each crashed process."""
        self._notice_crashes()
        running = [name for name, child in list(self._children.items()) if child.process.poll() is None]
        return {"running": running, "crashes": self._crashes}

    async def start_service(self, name: str, command: list[str], folder: str, environment: dict[str, str]) -> None:
        """Start a capability's service. A running service with this name is replaced."""
        async with self._lock:
            await asyncio.to_thread(self._start_service, name, command, folder, environment)

    async def start_database(self) -> None:
        """Start PostgreSQL again on the same data and port."""
        async with self._lock:
            await asyncio.to_thread(self._postgres.start)
            self._add("PostgreSQL", self._postgres.process, self._postgres.log)

    async def _end_database(self, end: Callable[[], None]) -> None:
        """Make PostgreSQL end, and stay down until `start_database`."""
        async with self._lock:
            self._children["PostgreSQL"].stopping = True
            await asyncio.to_thread(end)

    async def _watch(self) -> None:
        while not self._done.is_set():
            self._notice_crashes()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), _POLL_SECONDS)

    def _notice_crashes(self) -> None:
        for name, child in list(self._children.items()):  # a copy: another thread may add a process
            code = child.process.poll()
            if code is not None and not child.stopping and name not in self._crashes:
                self._crashes[name] = (
                    f"{name} crashed ({_exit_reason(code)}); the end of its log {child.log}:\n{last_lines(child.log)}"
                )
                print(self._crashes[name], flush=True)

    def _start(self) -> None:
        database = self._postgres.start()
        certificates = self._postgres.certificates
        self._add("PostgreSQL", self._postgres.process, self._postgres.log)
        self._add("database proxy", self._postgres.proxy, self._postgres.proxy_log)
        settings = EmulatorSettings(
            api_port=free_port(),
            service_ports=self._ports,
            certificate=str(certificates.certificate),
            certificate_key=str(certificates.key),
            function_python=str(toolchain.function_python()),
            folder=str(self._state.emulator),
            database_host=database.host,
            database_port=database.port,
            database_superuser_url=database.url(),
        )
        services = RunningServices(
            endpoint_url=f"https://{LOOPBACK}:{settings.api_port}",
            access_key_id=f"LOCALCLOUD{secrets.token_hex(5).upper()}",
            secret_access_key=secrets.token_urlsafe(30),
            ca_bundle=str(certificates.authority),
            database_superuser_url=database.url(),
            ports=self._ports,
            code=self._code,
        )
        self._start_emulator(settings, services)
        write_private(self._state.services, json.dumps(asdict(services)))

    def _start_emulator(self, settings: EmulatorSettings, services: RunningServices) -> None:
        settings_file = self._state.emulator / "settings.json"
        write_private(settings_file, json.dumps(asdict(settings)))  # with the superuser's password
        self._state.temporary.mkdir(parents=True, exist_ok=True)
        environment = {
            # The emulator passes this environment on to the functions.
            **{
                name: value
                for name, value in clean().items()
                if name in ("PATH", "LANG", "LC_ALL", "NO_PROXY", "no_proxy")
            },
            **services.variables(),
            "HOME": str(self._state.temporary),
            "TMPDIR": str(self._state.temporary),
            "SSL_CERT_FILE": services.ca_bundle,
            "DATABASE_CA_BUNDLE": services.ca_bundle,
            VARIABLE: str(settings_file),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "MINISTACK_SSL_CERT": settings.certificate,
            "MINISTACK_SSL_KEY": settings.certificate_key,
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(settings.api_port),
            "AUTH": "true",
            "USE_SSL": "1",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "S3_DATA_DIR": str(self._state.temporary / "s3"),
            "STATE_DIR": str(self._state.temporary / "state"),
        }
        log = self._state.log("emulator")
        command = [str(toolchain.program("python")), "-m", "local_cloud.emulator"]
        process = processes.launch(command, log, cwd=CHECKOUT, env=environment)
        self._add("emulator", process, log)
        self._wait_for_emulator(process, services, log)

    def _wait_for_emulator(self, process: subprocess.Popen[bytes], services: RunningServices, log: Path) -> None:
        context = ssl.create_default_context(cafile=services.ca_bundle)
        for _ in range(int(START_SECONDS / _POLL_SECONDS)):
            if process.poll() is not None:
                raise LocalCloudError(f"the emulator exited at start; the end of its log {log}:\n{last_lines(log)}")
            health = f"{services.endpoint_url}/_ministack/health"
            with contextlib.suppress(OSError), urlopen(health, context=context, timeout=5):  # noqa: S310 - on loopback
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
        raise LocalCloudError(
            f"the emulator did not answer within {START_SECONDS:.0f} s; the end of its log {log}:\n{last_lines(log)}"
        )

    def _start_service(self, name: str, command: list[str], folder: str, environment: dict[str, str]) -> None:
        running = self._children.pop(name, None)
        if running is not None:
            processes.end(processes.record(name, running.process.pid))
        self._crashes.pop(name, None)
        log = self._state.log(name)
        self._add(name, processes.launch(command, log, cwd=folder, env=environment), log)

    def _add(self, name: str, process: subprocess.Popen[bytes] | None, log: Path) -> None:
        if process is None:
            raise LocalCloudError(f"{name} was not started")
        self._children[name] = SupervisedProcess(process=process, log=log)
        self._record()

    def _record(self) -> None:
        """Save which processes to end if the supervisor is killed.

        The supervisor itself comes first: it must not start another process while its children are ended.
        """
        own = processes.record("supervisor", os.getpid())
        children = [processes.record(name, child.process.pid) for name, child in self._children.items()]
        processes.save(self._state.processes, [own, *children])

    def _end(self) -> None:
        """End the last started process first. End the database last, because the other processes use the database."""
        for name, child in reversed(self._children.items()):
            child.stopping = True
            if name != "PostgreSQL":
                # The state is deleted anyway, so the emulator need not finish its work.
                processes.end(processes.record(name, child.process.pid), grace_seconds=STOP_SECONDS)
        self._postgres.remove()
        if all(child.process.poll() is not None for child in self._children.values()):
            self._state.processes.unlink(missing_ok=True)  # all processes have ended


def _exit_reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def main() -> None:
    """Supervise until told to stop; a failure to start is one message in the log."""
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("--ports", type=json.loads, required=True)
    arguments = parser.parse_args()
    clean_this_process()
    try:
        asyncio.run(Supervisor(StateFolder(arguments.state), ports=arguments.ports).run())
    except (LocalCloudError, OSError, psycopg.Error) as error:
        sys.exit(f"FAILED {error}")


if __name__ == "__main__":
    main()
