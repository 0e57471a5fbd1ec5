"""Gives each test its own database, with the schema and the roles of the real migrations."""

from __future__ import annotations

import csv as csv_format
import io
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import psycopg
import pytest

from ingestion.database import DatabaseConnection
from ingestion.deadline import Deadline
from ingestion.event import EventType, FileEvent
from ingestion.landed_file import LandedFile, LandedFiles, NoSuchVersionError, gzip_declaration
from ingestion.ledger import Outcome
from ingestion.loader import Loader
from ingestion.settings import Settings
from local_cloud.postgres import LocalPostgres, PostgresEndpoint
from schema_migration.migrate import PACKAGE, migrate
from tabular.declaration import Dataset, load_datasets

ADMINISTRATOR = "administrator"
PASSWORD = "only here"
BUCKET = "landing"
START = datetime(2026, 11, 20, 10, tzinfo=UTC)
MAX_FILE_BYTES = 1_000_000
MAX_REJECTED_PERCENT = 60
DATASETS = load_datasets(Path("datasets"))

ROLES = sorted(file.stem for file in (PACKAGE / "roles").glob("*.sql"))
FILE = """INSERT INTO files (bucket, key, version_id, uploaded_at, status)
          VALUES ('b', 'k', 'v', now(), 'loaded') RETURNING file_id"""
# Statements that must be refused to a role that only reads.
WRITES = [
    FILE,
    "UPDATE files SET status = 'deleted'",
    "DELETE FROM files",
    "INSERT INTO orders SELECT * FROM orders",
    "UPDATE orders SET notes = ''",
    "DELETE FROM orders",
    "INSERT INTO rejected_rows VALUES (1, 1, '', '{x}')",
    "UPDATE rejected_rows SET raw = ''",
    "TRUNCATE rejected_rows",
    "DROP TABLE orders",
    "ALTER TABLE files ADD extra int",
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "SELECT * FROM alembic_version",
    "SET ROLE administrator",
    "SET ROLE ingestion",
]

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A database, and how each role connects to it."""

    server: PostgresEndpoint
    name: str

    def url(self, user: str = ADMINISTRATOR) -> str:
        """The connection string of `user`."""
        return self.server.url(user=user, password=PASSWORD if user == ADMINISTRATOR else "token", database=self.name)

    def connect(self, user: str = ADMINISTRATOR) -> psycopg.Connection:
        """A new connection of `user` in autocommit mode."""
        return psycopg.connect(self.url(user), autocommit=True)

    def rows(self, query: str) -> list[Any]:
        """The result of the administrator's query; plain values if it has one column."""
        with self.connect() as connection:
            found = connection.execute(query).fetchall()
        return [row[0] if len(row) == 1 else row for row in found]

    def settings(self, user: str, *names: str) -> list[str]:
        """The values of PostgreSQL's settings in a session of `user`."""
        with self.connect(user) as connection:
            return [connection.execute("SELECT current_setting(%s)", [name]).fetchall()[0][0] for name in names]

    def seconds(self, user: str, name: str) -> float:
        """A limit in a session of `user`; 0 means none."""
        with self.connect(user) as connection:
            query = "SELECT setting::int / 1000.0 FROM pg_settings WHERE name = %s AND unit = 'ms'"
            ((value,),) = connection.execute(query, [name]).fetchall()
        return float(value)

    def variables(self, user: str) -> dict[str, str]:
        """The environment variables by which a runtime finds the database, as a template sets them."""
        return {
            "DATABASE_HOST": self.server.host,
            "DATABASE_PORT": str(self.server.port),
            "DATABASE_NAME": self.name,
            "DATABASE_USER": user,
            "DATABASE_CA_BUNDLE": str(self.server.ca_bundle),
            "AWS_REGION": "us-east-1",
        }

    def migrate(self, source: Path = PACKAGE) -> str:
        """Run the migrations of `source`, and set its roles."""
        return migrate(psycopg.connect(self.url()), seconds=30, datasets=list(DATASETS), source=source)


@dataclass
class Bucket(LandedFiles):
    """A bucket in memory. If `breaks_at` is set, reading fails at that byte."""

    versions: dict[tuple[str, str], bytes] = field(default_factory=dict)
    breaks_at: int | None = None

    @contextmanager
    def open(self, bucket: str, key: str, version_id: str) -> Iterator[LandedFile]:
        assert bucket == BUCKET
        if (key, version_id) not in self.versions:
            raise NoSuchVersionError
        content = self.versions[key, version_id]
        yield LandedFile(len(content), gzip_declaration(key, ""), self._pieces(content))

    def _pieces(self, content: bytes) -> Iterator[bytes]:
        for start in range(0, len(content), 1000):
            if self.breaks_at is not None and start >= self.breaks_at:
                raise ConnectionResetError
            yield content[start : start + 1000]


class Process(Loader):
    """A process of the function; its deadline is a minute by default."""

    def load(self, event: FileEvent, deadline: Deadline | None = None, *, retried: bool = False) -> Outcome:
        return super().load(event, deadline or Deadline(60), retried=retried)


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The ingestion function on a real database, with files in memory."""

    shop: Shop
    bucket: Bucket
    databases: list[DatabaseConnection]

    def loader(self, **changes: Any) -> Process:
        """Another process of the function, with its own connection, for datasets with these properties changed."""
        session = botocore.session.Session()
        session.set_credentials("key", "secret")
        settings = Settings.from_env(
            self.shop.variables("ingestion")
            | {
                "QUEUE_URL": "none",
                "LANDING_BUCKET": BUCKET,
                "INCOMING_PREFIX": "incoming/",
                "MAX_FILE_BYTES": str(MAX_FILE_BYTES),
                "INITIAL_BACKOFF_SECONDS": "30",
                "METRICS_NAMESPACE": "orders-test",
            }
        )
        database = DatabaseConnection(settings.database, user=settings.database_user, session=session)
        self.databases.append(database)
        return Process(
            database=database,
            files=self.bucket,
            datasets={
                name: replace(each, **{"max_rejected_percent": MAX_REJECTED_PERCENT} | changes)
                for name, each in DATASETS.items()
            },
            prefix="incoming/",
            max_file_bytes=MAX_FILE_BYTES,
        )

    def close(self) -> None:
        """Close the connections of every process."""
        while self.databases:
            self.databases.pop().close()

    def put(self, key: str, content: bytes, *, at: int, sequencer: str | None = None) -> FileEvent:
        """Put a version, and return its event; `at` is its time in seconds."""
        version = f"v{next(_numbers)}"
        self.bucket.versions[key, version] = content
        return event(key, version, at=at, sequencer=sequencer, size=len(content))

    def tables(self) -> tuple[Any, ...]:
        """Everything in the tables that does not depend on the order of loading."""
        files = """SELECT key, version_id, dataset, sequencer, uploaded_at, size_bytes, status, reason, rows_loaded,
                   rows_rejected FROM files ORDER BY key, version_id"""
        orders = """SELECT orders.*, key, version_id FROM (SELECT * FROM orders) AS orders
                    JOIN files USING (file_id) ORDER BY order_id"""
        rejects = """SELECT key, version_id, line_number, raw, reasons, fields
                     FROM rejected_rows JOIN files USING (file_id) ORDER BY 1, 2, 3"""
        without_file_id = [(*row[:8], *row[9:]) for row in self.shop.rows(orders)]
        return self.shop.rows(files), without_file_id, self.shop.rows(rejects)


def event(
    key: str,
    version: str,
    *,
    at: int,
    type_: EventType = EventType.CREATED,
    sequencer: str | None = None,
    size: int | None = None,
) -> FileEvent:
    """An event as the handler reads it."""
    return FileEvent(
        type=type_,
        bucket=BUCKET,
        key=key,
        version_id=version,
        sequencer=sequencer if sequencer is not None else f"{at:016X}",
        uploaded_at=START + timedelta(seconds=at),
        size_bytes=size,
    )


def csv(*rows: tuple[str, int], notes: str = "") -> bytes:
    """An order file with these order ids and quantities."""
    header = "order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes\n"
    line = "{},ada@example.com,MUG,{},12.50,EUR,2026-03-31T14:05:00+02:00,{}\n"
    return (header + "".join(line.format(order_id, quantity, notes) for order_id, quantity in rows)).encode()


def example(dataset: Dataset) -> bytes:
    """A file with one row: the example of each column's type."""
    text = io.StringIO()
    csv_format.writer(text).writerows([dataset.columns, [field.column.example for field in dataset.fields]])
    return text.getvalue().encode()


def statuses(pipeline: Pipeline) -> list[str]:
    """The status of each file in the ledger, in the order of their uploads."""
    return pipeline.shop.rows("SELECT status FROM files ORDER BY uploaded_at")


def quantities(pipeline: Pipeline) -> dict[str, int]:
    """The quantity of each order, by its id."""
    return dict(pipeline.shop.rows("SELECT order_id, quantity FROM orders"))


def _empty_shop(postgres: LocalPostgres) -> Shop:
    name = f"shop_{next(_numbers)}"
    postgres.server.create_master_user(ADMINISTRATOR, PASSWORD, database=name)
    return Shop(server=postgres.server, name=name)


@pytest.fixture
def empty_shop(postgres: LocalPostgres) -> Shop:
    """A database as RDS creates it: empty and owned by the administrator, who is not a superuser."""
    return _empty_shop(postgres)


@pytest.fixture
def shop(empty_shop: Shop) -> Shop:
    """A database with the schema and the roles."""
    empty_shop.migrate()
    return empty_shop


@pytest.fixture(scope="module")
def shared_shop(postgres: LocalPostgres) -> Shop:
    """Like the fixture above, but one for all tests of a file: they only read, or try what is refused."""
    shop = _empty_shop(postgres)
    shop.migrate()
    return shop


@pytest.fixture
def pipeline(shop: Shop) -> Iterator[Pipeline]:
    """The ingestion function on that database."""
    pipeline = Pipeline(shop=shop, bucket=Bucket(), databases=[])
    yield pipeline
    pipeline.close()
