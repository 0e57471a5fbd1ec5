"""A PostgreSQL and an S3 for the benchmarks only. Measured programs load files with them, one at a time."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import botocore.session
import psycopg
from botocore.exceptions import BotoCoreError

from bench import function
from bench.clients.job import Job, JobResult
from bench.dataset_files import DatasetFile
from bench.figures import Figure, ratio
from bench.kept import FOLDER
from bench.rounds import alternate
from config.datasets import datasets
from local_cloud import toolchain
from local_cloud.emulator.settings import REGION
from local_cloud.environment import clean
from local_cloud.errors import LocalCloudError
from local_cloud.ports import LOOPBACK, free_port
from local_cloud.postgres import LocalPostgres
from local_cloud.state import CHECKOUT
from schema_migration.migrate import migrate

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ADMINISTRATOR, PASSWORD = "administrator", "only here"
START_SECONDS = 30
# Otherwise a checkpoint or the autovacuum would slow some rounds and not others.
_STEADY = ("max_wal_size = '16GB'", "checkpoint_timeout = '1h'", "autovacuum = off")
_REFERENCE = """
    CREATE TABLE reference_{dataset} (LIKE {dataset} INCLUDING ALL);
    ALTER TABLE reference_{dataset} ALTER file_id SET DEFAULT 0;
    GRANT INSERT ON reference_{dataset} TO {user};
"""
_COPY = "COPY"
_START = datetime(2026, 11, 20, tzinfo=UTC)


class Source(Enum):
    """The place from which the measured programs read a file."""

    S3 = "S3"
    DISK = "disk"


class Link(Enum):
    """How the measured programs reach PostgreSQL; the value is libpq's sslmode."""

    PLAIN = "disable"  # the server itself
    TLS = "verify-full"  # through the local cloud's proxy, which terminates TLS


@dataclass(frozen=True, kw_only=True)
class Run:
    """The result of one process. `process_cpu_seconds` includes its start."""

    result: JobResult
    rows: int
    process_cpu_seconds: float

    @property
    def rows_per_second(self) -> float:
        """The throughput of the load."""
        return self.rows / self.result.seconds


class UnsupportedFileError(Exception):
    """The ingestion function refuses files of this kind; the message is its reason."""


class Lab:
    """The running servers, and the programs that load files into them."""

    def __init__(self, postgres: LocalPostgres, s3: S3Client) -> None:
        self._postgres = postgres
        self._s3 = s3
        self._versions: dict[Path, str] = {}
        self._times = itertools.count()

    def empty(self) -> None:
        """Empty all tables, and let the server finish what is pending (vacuum, checkpoint)."""
        with self._administrator() as connection:
            tables = ", ".join(["files, rejected_rows", *datasets(), *map("reference_{}".format, datasets())])
            connection.execute(f"TRUNCATE {tables} CASCADE".encode())
            connection.execute(f"VACUUM {tables}".encode())
            connection.execute("CHECKPOINT")

    def copy(self, file: DatasetFile, source: Source = Source.DISK, link: Link = Link.PLAIN) -> Run:
        """Load a CSV file with a raw COPY into the empty reference table of its dataset."""
        self.empty()
        return self._run(program("raw_copy"), f"reference_{file.dataset.name}", file, source, link)

    def load(self, file: DatasetFile, source: Source = Source.DISK, link: Link = Link.PLAIN) -> Run:
        """Load a file with the ingestion function, as a new version, into the empty tables."""
        self.empty()
        return self.load_again(file, source, link)

    def load_again(self, file: DatasetFile, source: Source = Source.DISK, link: Link = Link.PLAIN) -> Run:
        """Load a file with the ingestion function into tables that hold rows, perhaps the same ones."""
        return self._run(program("ingestion"), file.dataset.name, file, source, link)

    def refusal(self, file: DatasetFile) -> str | None:
        """The reason for which the ingestion function refuses this file; None if it loads it."""
        try:
            self.load(file)
        except UnsupportedFileError as error:
            return str(error)
        return None

    def load_by(self, command: Sequence[str | Path], file: DatasetFile) -> Run:
        """Load a CSV file on disk into the empty reference table with another program; its last argument is the job."""
        self.empty()
        return self._run(command, f"reference_{file.dataset.name}", file, Source.DISK, Link.PLAIN)

    def relative_to_copy(
        self, file: DatasetFile, contenders: Mapping[str, Callable[[], Run]], rounds: int
    ) -> list[Figure]:
        """Rows per second of each contender, divided by those of a raw COPY of `file` in the same round."""
        all_contenders: dict[str, Callable[[], Run]] = {_COPY: partial(self.copy, file), **contenders}
        runs = alternate(all_contenders, rounds)
        rates = {name: [run.rows_per_second for run in of_name] for name, of_name in runs.items()}
        copies = rates.pop(_COPY)
        return [Figure(name=f"{name} / COPY", values=ratio(ours, copies)) for name, ours in rates.items()]

    def _environment(self, link: Link) -> dict[str, str]:
        """The environment variables of a measured program."""
        server = self._postgres.server
        return function.environment(
            host=LOOPBACK if link is Link.PLAIN else server.host,
            port=self._postgres.backend_port if link is Link.PLAIN else server.port,
            ca_bundle=server.ca_bundle,
            endpoint_url=self._s3.meta.endpoint_url,
        ) | {"PYTHONPATH": f"{CHECKOUT}{os.pathsep}{CHECKOUT / 'lambda_src'}"}

    def _run(self, command: Sequence[str | Path], table: str, file: DatasetFile, source: Source, link: Link) -> Run:
        on_disk = source is Source.DISK
        job = Job(
            sslmode=link.value,
            dataset=file.dataset.name,
            key=f"{function.PREFIX}{file.dataset.name}/{file.path.name}",
            version_id=f"disk-{next(self._times)}" if on_disk else self._uploaded(file),
            uploaded_at=(_START + timedelta(seconds=next(self._times))).isoformat(),
            size_bytes=file.path.stat().st_size,
            path=str(file.path.resolve()) if on_disk else None,
        )
        process = subprocess.Popen(
            [*command, json.dumps(asdict(job))],
            env=self._environment(link),
            stdout=subprocess.PIPE,
        )
        with process, process.stdout as output:  # type: ignore[union-attr] # a pipe, as asked
            printed = output.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"bench: {' '.join(map(str, command))} failed with {file.path.name} from {source.value}")
        result = JobResult(**json.loads(printed.splitlines()[-1]))  # the ingestion function may log lines before it
        if result.status == "refused":
            raise UnsupportedFileError(result.reason)
        self._check(table, file)
        return Run(result=result, rows=file.rows, process_cpu_seconds=usage.ru_utime + usage.ru_stime)

    def _check(self, table: str, file: DatasetFile) -> None:
        """End the benchmark unless the table has all rows of the file."""
        with self._administrator() as connection:
            row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - ours
        if row != (file.rows,):
            sys.exit(f"bench: {table} holds {row} rows after {file.path.name}, and should hold {file.rows}")

    def _uploaded(self, file: DatasetFile) -> str:
        """The version of the file in S3; the first call uploads it."""
        if file.path not in self._versions:
            with file.path.open("rb") as body:
                key = f"{function.PREFIX}{file.dataset.name}/{file.path.name}"
                put = self._s3.put_object(Bucket=function.BUCKET, Key=key, Body=body)
            self._versions[file.path] = put["VersionId"]
        return self._versions[file.path]

    def _administrator(self) -> psycopg.Connection:
        url = self._postgres.server.url(user=ADMINISTRATOR, password=PASSWORD, database=function.DATABASE)
        return psycopg.connect(url, autocommit=True)


def program(name: str, python: Path = Path(sys.executable)) -> list[str | Path]:
    """The command that runs a program of bench.clients."""
    return [python, "-m", f"bench.clients.{name}"]


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """Run the servers; their data is deleted afterwards."""
    toolchain.prepare(print)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-", dir=FOLDER)))
        postgres = stack.enter_context(LocalPostgres(state, venv=toolchain.SERVICES_VENV))
        _set_up(postgres)
        yield Lab(postgres, stack.enter_context(_s3(state / "s3")))


def _set_up(postgres: LocalPostgres) -> None:
    server = postgres.server
    with psycopg.connect(server.url(), autocommit=True) as superuser:
        for setting in _STEADY:
            superuser.execute(f"ALTER SYSTEM SET {setting}")
        superuser.execute("SELECT pg_reload_conf()")
    server.create_master_user(ADMINISTRATOR, PASSWORD, database=function.DATABASE)
    url = server.url(user=ADMINISTRATOR, password=PASSWORD, database=function.DATABASE)
    migrate(psycopg.connect(url), seconds=START_SECONDS, datasets=list(datasets()))
    with psycopg.connect(url) as connection:
        for dataset in datasets():
            connection.execute(_REFERENCE.format(dataset=dataset, user=function.USER).encode())


@contextlib.contextmanager
def _s3(folder: Path) -> Iterator[S3Client]:
    """The emulator alone, over plain HTTP.

    It delivers a million orders in about 0.2 s, a tenth of the time that COPY takes, so it is not the bottleneck.
    """
    folder.mkdir(parents=True)
    port = free_port()
    environment = clean() | {
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "HOME": str(folder.resolve()),
        "TMPDIR": str(folder.resolve()),
    }
    with (folder / "emulator.log").open("wb") as log:
        emulator = subprocess.Popen(
            [toolchain.program("python"), "-m", "ministack"], env=environment, stdout=log, stderr=log
        )
    try:
        session = botocore.session.Session()
        session.set_credentials("BENCH", "only here")
        endpoint_url = f"http://{LOOPBACK}:{port}"
        s3 = cast("S3Client", session.create_client("s3", region_name=REGION, endpoint_url=endpoint_url))
        _make_bucket(s3)
        yield s3
    finally:
        emulator.terminate()
        emulator.wait()


def _make_bucket(s3: S3Client) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            s3.create_bucket(Bucket=function.BUCKET)
            break
        except BotoCoreError as error:
            if time.monotonic() > deadline:
                raise LocalCloudError(f"the emulator did not answer within {START_SECONDS} s") from error
            time.sleep(0.1)
    s3.put_bucket_versioning(Bucket=function.BUCKET, VersioningConfiguration={"Status": "Enabled"})
