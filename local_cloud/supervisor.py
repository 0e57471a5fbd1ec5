"""The detached process that starts and ends all other processes of the local cloud, and restarts those that crash.

Run as `python -m local_cloud.supervisor <state folder> --ports '{"<name>": <port>, …}'`; takes commands on its control
port.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
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
from .ports import LOOPBACK, is_free
from .postgres import LocalPostgres
from .state import CHECKOUT, StateFolder

START_SECONDS = 60.0
SAVE_SECONDS = 15.0  # for the emulator, when it ends
STOP_SECONDS = 1.0  # for every other process: nothing is lost with it
MAX_RESTARTS = 3  # of one process, in RESTART_PERIOD_SECONDS
RESTART_PERIOD_SECONDS = 60.0
_POLL_SECONDS = 0.25
_POSTGRES, _PROXY, _EMULATOR = "PostgreSQL", "database proxy", "emulator"
CORE = frozenset({_POSTGRES, _PROXY, _EMULATOR})


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
    start: Callable[[], subprocess.Popen[bytes]]  # starts it again after a crash
    wait: Callable[[], None] = lambda: None  # returns when it answers
    stopping: bool = False
    restarted: list[float] = field(default_factory=list)  # when, on the monotonic clock


class Supervisor:
    """Starts, watches and ends the processes. Slow work runs on a thread, one command at a time."""

    def __init__(self, state: StateFolder, *, ports: dict[str, int]) -> None:
        self._state = state
        self._ports = ports
        self._children: dict[str, SupervisedProcess] = {}
        self._crashes: dict[str, str] = {}  # of processes that are down
        self._restarts: list[dict[str, str]] = []
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
        """The names of running processes, the crashes of those that stay down, and the restarts of the others."""
        running = [name for name, child in list(self._children.items()) if child.process.poll() is None]
        return {"running": running, "crashes": self._crashes, "restarts": self._restarts}

    async def start_service(self, name: str, command: list[str], folder: str, environment: dict[str, str]) -> None:
        """Start a capability's service. A running service with this name is replaced."""
        async with self._lock:
            await asyncio.to_thread(self._start_service, name, command, folder, environment)

    async def start_database(self) -> None:
        """Start PostgreSQL again on the same data and port."""
        async with self._lock:
            process = await asyncio.to_thread(self._start_postgres)
            self._add(_POSTGRES, process, self._postgres.log, self._start_postgres)

    def _start_postgres(self) -> subprocess.Popen[bytes]:
        self._postgres.start()
        return _started(self._postgres.process)

    async def _end_database(self, end: Callable[[], None]) -> None:
        """Make PostgreSQL end, and stay down until `start_database`."""
        async with self._lock:
            self._children[_POSTGRES].stopping = True
            await asyncio.to_thread(end)

    async def _watch(self) -> None:
        while not self._done.is_set():
            for name, child in list(self._children.items()):
                if child.process.poll() is not None and not child.stopping and name not in self._crashes:
                    await self._restart(name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), _POLL_SECONDS)

    async def _restart(self, name: str) -> None:
        """Start a crashed process again, as RDS, Lambda and systemd do, unless it crashes again and again."""
        async with self._lock:
            child = self._children[name]
            code = child.process.poll()
            if code is None or child.stopping:  # ended on purpose, or started again while this waited
                return
            crash = f"{name} crashed ({_exit_reason(code)})"
            print(crash, flush=True)
            log = f"the end of its log {child.log}:\n{last_lines(child.log)}"
            now = time.monotonic()
            child.restarted = [when for when in child.restarted if now - when < RESTART_PERIOD_SECONDS]
            if len(child.restarted) >= MAX_RESTARTS:
                self._crashes[name] = (
                    f"{crash}, and stays down, because it was restarted {MAX_RESTARTS} times in the last "
                    f"{RESTART_PERIOD_SECONDS:.0f} s; {log}"
                )
                return
            child.restarted.append(now)
            at = f"{datetime.now(tz=UTC).astimezone():%H:%M:%S}"  # on the person's own clock
            restart = {"name": name, "message": f"{crash} at {at} and was started again; see {log}"}
            self._restarts.append(restart)
            try:
                await asyncio.to_thread(self._start_again, name)
            except (LocalCloudError, OSError) as error:
                self._restarts.remove(restart)
                self._crashes[name] = f"{crash}, and did not start again: {error}; {log}"

    def _start_again(self, name: str) -> None:
        child = self._children[name]
        # What it had started, such as functions, is of no use any more.
        processes.end(processes.record(name, child.process.pid), grace_seconds=0)
        child.process = child.start()
        self._record()
        child.wait()
        if name == _EMULATOR:
            # It gave out credentials, which it does not know any more.
            for service in self._children.keys() - CORE:
                self._end_child(service)
                self._start_again(service)

    def _end_child(self, name: str) -> None:
        processes.end(processes.record(name, self._children[name].process.pid))

    def _start(self) -> None:
        database = self._postgres.start()
        certificates = self._postgres.certificates
        self._add(_POSTGRES, _started(self._postgres.process), self._postgres.log, self._start_postgres)
        self._add(_PROXY, _started(self._postgres.proxy), self._postgres.proxy_log, self._postgres.start_proxy)
        identity = self._state.keep_identity(self._ports)
        if not is_free(identity.api_port):
            raise LocalCloudError(
                f"port {identity.api_port}, which this local cloud has used from its first start, is in use by another "
                "program (address already in use): end that program"
            )
        settings = EmulatorSettings(
            api_port=identity.api_port,
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
            access_key_id=identity.access_key_id,
            secret_access_key=identity.secret_access_key,
            ca_bundle=str(certificates.authority),
            database_superuser_url=database.url(),
            ports=self._ports,
            code=self._code,
        )
        write_private(self._state.emulator / "settings.json", json.dumps(asdict(settings)))  # with a password
        self._add_emulator(settings, services)
        write_private(self._state.services, json.dumps(asdict(services)))

    def _add_emulator(self, settings: EmulatorSettings, services: RunningServices) -> None:
        log = self._state.log(_EMULATOR)
        start = partial(self._start_emulator, settings, services, log)
        self._add(_EMULATOR, start(), log, start)
        child = self._children[_EMULATOR]
        child.wait = lambda: self._wait_for_emulator(child.process, services, log)
        child.wait()

    def _start_emulator(
        self, settings: EmulatorSettings, services: RunningServices, log: Path
    ) -> subprocess.Popen[bytes]:
        shutil.rmtree(self._state.temporary, ignore_errors=True)
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
            VARIABLE: str(self._state.emulator / "settings.json"),
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
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self._state.objects),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self._state.resources),
        }
        command = [str(toolchain.program("python")), "-m", "local_cloud.emulator"]
        # What it keeps includes passwords and keys.
        return processes.launch(command, log, cwd=CHECKOUT, env=environment, umask=0o077)

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
        if name in self._children:
            self._end_child(name)
        self._crashes.pop(name, None)
        log = self._state.log(name)
        start = partial(processes.launch, command, log, cwd=folder, env=environment)
        self._add(name, start(), log, start)

    def _add(
        self, name: str, process: subprocess.Popen[bytes], log: Path, start: Callable[[], subprocess.Popen[bytes]]
    ) -> None:
        self._children[name] = SupervisedProcess(process=process, log=log, start=start)
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
            if name not in (_POSTGRES, _PROXY):
                grace = SAVE_SECONDS if name == _EMULATOR else STOP_SECONDS
                processes.end(processes.record(name, child.process.pid), grace_seconds=grace)
        self._postgres.stop_all()
        if all(child.process.poll() is not None for child in self._children.values()):
            self._state.processes.unlink(missing_ok=True)  # all processes have ended


def _started(process: subprocess.Popen[bytes] | None) -> subprocess.Popen[bytes]:
    """The process of a database that has been started."""
    if process is None:
        raise LocalCloudError("PostgreSQL or its proxy was not started")
    return process


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
