"""The one detached process that starts every part, notices when one crashes, and ends them all.

Run as `python -m local_cloud.supervisor <state folder> --web-port …`; told what to do over its control port.
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
from dataclasses import asdict, dataclass
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
from .tls import Certificates, make_certificates

WEB_APP = "web app"
START_SECONDS = 60.0
PART_END_SECONDS = 1.0
_POLL_SECONDS = 0.25


@dataclass(frozen=True, kw_only=True)
class RunningServices:
    """Where the running services answer, for the commands that use them."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    ca_bundle: str
    metadata_url: str
    web_url: str
    upload_url: str
    database_superuser_url: str
    supervisor_pid: int
    code: str  # the `own_code_digest` that they were started with

    def account(self) -> Account:
        """How to call the local AWS."""
        return Account(
            endpoint_url=self.endpoint_url,
            access_key_id=self.access_key_id,
            secret_access_key=self.secret_access_key,
            ca_bundle=Path(self.ca_bundle),
        )


@dataclass(kw_only=True)
class SupervisedProcess:
    """A process that must run; `meant` is set while its end is wanted, so that it counts as no crash."""

    process: subprocess.Popen[bytes]
    log: Path
    meant: bool = False


class Supervisor:
    """Holds the parts together. Everything slow runs on a thread, one command at a time."""

    def __init__(self, state: StateFolder, *, web_port: int) -> None:
        self._state = state
        self._web_port = web_port
        self._parts: dict[str, SupervisedProcess] = {}
        self._crashes: dict[str, str] = {}
        self._turn = asyncio.Lock()
        self._done = asyncio.Event()
        self._postgres: LocalPostgres | None = None
        self._code = own_code_digest()

    async def run(self) -> None:
        """Start everything, watch it, and end it when told to."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._done.set)
        commands: dict[str, Command] = {
            "status": self.status,
            "stop": self.stop,
            "start_web": self.start_web,
            "kill_database": self.kill_database,
            "stop_database": self.stop_database,
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
        """Which parts run, and what those that crashed said last."""
        self._notice_crashes()
        running = [name for name, part in self._parts.items() if part.process.poll() is None]
        return {"running": running, "crashes": self._crashes}

    async def stop(self) -> None:
        """End everything, this process too; the answer is sent before that."""
        asyncio.get_running_loop().call_later(0.1, self._done.set)

    async def start_web(self, command: list[str], folder: str, environment: dict[str, str]) -> None:
        """Start the web app, in place of one that runs already."""
        async with self._turn:
            await asyncio.to_thread(self._start_web, command, folder, environment)

    async def kill_database(self) -> None:
        """End PostgreSQL as a crash does; it stays down until `start_database`."""
        await self._with_database("kill")

    async def stop_database(self) -> None:
        """Stop PostgreSQL in order; it stays down until `start_database`."""
        await self._with_database("stop")

    async def start_database(self) -> None:
        """Start PostgreSQL again on the same data and port."""
        async with self._turn:
            await asyncio.to_thread(self._database().start)
            self._add("PostgreSQL", self._database().process, self._database().log)

    async def _with_database(self, action: str) -> None:
        async with self._turn:
            self._parts["PostgreSQL"].meant = True
            await asyncio.to_thread(getattr(self._database(), action))

    async def _watch(self) -> None:
        while not self._done.is_set():
            self._notice_crashes()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._done.wait(), _POLL_SECONDS)

    def _notice_crashes(self) -> None:
        for name, part in self._parts.items():
            code = part.process.poll()
            if code is not None and not part.meant and name not in self._crashes:
                self._crashes[name] = (
                    f"{name} ended by itself ({_ending(code)}); its log {part.log} ends:\n" + last_lines(part.log)
                )
                print(self._crashes[name], flush=True)

    def _start(self) -> None:
        certificates = make_certificates(self._state.tls)
        self._postgres = LocalPostgres(self._state.root, venv=toolchain.SERVICES_VENV, certificates=certificates)
        database = self._postgres.start()
        self._add("PostgreSQL", self._postgres.process, self._postgres.log)
        self._add("database proxy", self._postgres.proxy, self._postgres.proxy_log)
        settings = EmulatorSettings(
            api_port=free_port(),
            metadata_port=free_port(),
            web_port=self._web_port,
            upload_port=free_port(),
            certificate=str(certificates.certificate),
            certificate_key=str(certificates.key),
            authority=str(certificates.authority),
            function_python=str(toolchain.function_python()),
            instance_file=str(self._state.instance_file),
            database_host=database.host,
            database_port=database.port,
            database_superuser_url=database.url(),
        )
        services = RunningServices(
            endpoint_url=f"https://{LOOPBACK}:{settings.api_port}",
            access_key_id=f"LOCALCLOUD{secrets.token_hex(5).upper()}",
            secret_access_key=secrets.token_urlsafe(30),
            ca_bundle=str(certificates.authority),
            metadata_url=f"http://{LOOPBACK}:{settings.metadata_port}",
            web_url=f"http://localhost:{settings.web_port}/",
            upload_url=f"http://{LOOPBACK}:{settings.upload_port}",
            database_superuser_url=database.url(),
            supervisor_pid=os.getpid(),
            code=self._code,
        )
        self._start_emulator(settings, services, certificates)
        write_private(self._state.services, json.dumps(asdict(services)))

    def _start_emulator(
        self, settings: EmulatorSettings, services: RunningServices, certificates: Certificates
    ) -> None:
        settings_file = self._state.emulator / "settings.json"
        settings.write(settings_file)
        self._state.temporary.mkdir(parents=True, exist_ok=True)
        environment = {
            # What it is told reaches the functions too, as the emulator starts them with its own environment.
            **{
                name: value
                for name, value in clean().items()
                if name in ("PATH", "LANG", "LC_ALL", "NO_PROXY", "no_proxy")
            },
            **services.account().variables(),
            "HOME": str(self._state.temporary),
            "TMPDIR": str(self._state.temporary),
            "SSL_CERT_FILE": str(certificates.authority),
            "DATABASE_CA_BUNDLE": str(certificates.authority),
            VARIABLE: str(settings_file),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "MINISTACK_IMDS_V2_REQUIRED": "1",
            "MINISTACK_SSL_CERT": str(certificates.certificate),
            "MINISTACK_SSL_KEY": str(certificates.key),
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(settings.api_port),
            "AUTH": "true",
            "USE_SSL": "1",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "S3_DATA_DIR": str(self._state.temporary / "s3"),
            "STATE_DIR": str(self._state.temporary / "state"),
        }
        log = self._state.logs / "emulator.log"
        self._launch("emulator", [str(toolchain.program("python")), "-m", "local_cloud.emulator"], environment, log)
        self._wait_for_emulator(services, log)

    def _wait_for_emulator(self, services: RunningServices, log: Path) -> None:
        context = ssl.create_default_context(cafile=services.ca_bundle)
        process = self._parts["emulator"].process
        for _ in range(int(START_SECONDS / _POLL_SECONDS)):
            if process.poll() is not None:
                raise LocalCloudError(f"the emulator stopped as it started; its log {log} ends:\n{last_lines(log)}")
            health = f"{services.endpoint_url}/_ministack/health"
            with contextlib.suppress(OSError), urlopen(health, context=context, timeout=5):  # noqa: S310 - on loopback
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
        raise LocalCloudError(
            f"the emulator did not answer within {START_SECONDS:.0f} s; its log ends:\n{last_lines(log)}"
        )

    def _start_web(self, command: list[str], folder: str, environment: dict[str, str]) -> None:
        running = self._parts.pop(WEB_APP, None)
        if running is not None:
            processes.end(processes.record(WEB_APP, running.process.pid))
        self._crashes.pop(WEB_APP, None)
        self._launch(WEB_APP, command, environment, self._state.logs / "web.log", folder=Path(folder))

    def _launch(
        self, name: str, command: list[str], environment: dict[str, str], log: Path, *, folder: Path = CHECKOUT
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        self._add(name, process, log)

    def _add(self, name: str, process: subprocess.Popen[bytes] | None, log: Path) -> None:
        if process is None:
            raise LocalCloudError(f"{name} was not started")
        self._parts[name] = SupervisedProcess(process=process, log=log)
        self._record()

    def _record(self) -> None:
        """Whoever finds us killed must know what to end: ourselves first, so that we start nothing more."""
        own = processes.record("supervisor", os.getpid())
        parts = [processes.record(name, part.process.pid) for name, part in self._parts.items()]
        processes.save(self._state.processes, [own, *parts])

    def _database(self) -> LocalPostgres:
        if self._postgres is None:
            raise LocalCloudError("PostgreSQL was not started yet")
        return self._postgres

    def _end(self) -> None:
        """The web app first, the database last: each still finds what it needs while it stops."""
        for name, part in reversed(self._parts.items()):
            part.meant = True
            if name != "PostgreSQL":
                # Nothing of the emulator is kept, so it need not finish what it does.
                processes.end(processes.record(name, part.process.pid), grace_seconds=PART_END_SECONDS)
        if self._postgres is not None:
            self._postgres.remove()
        if all(part.process.poll() is not None for part in self._parts.values()):
            self._state.processes.unlink(missing_ok=True)  # nothing is left for others to end


def _ending(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def main() -> None:
    """Supervise until told to stop; a failure to start is one clear message in the log."""
    parser = argparse.ArgumentParser()
    parser.add_argument("state", type=Path)
    parser.add_argument("--web-port", type=int, required=True)
    arguments = parser.parse_args()
    clean_this_process()
    try:
        asyncio.run(_run(arguments))
    except (LocalCloudError, OSError, psycopg.Error) as error:
        sys.exit(f"FAILED {error}")


async def _run(arguments: argparse.Namespace) -> None:
    await Supervisor(StateFolder(arguments.state), web_port=arguments.web_port).run()


if __name__ == "__main__":
    main()
