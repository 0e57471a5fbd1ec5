"""PostgreSQL's log contains no value of a file, whatever the file contains and whatever fails."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest
from psycopg import sql

from local_cloud.postgres import LocalPostgres
from tabular.declaration import Dataset
from tabular.types import BadValueError
from tests.integration.database.conftest import DATASETS, Pipeline, Shop

SECRET, NUMBER = "Zq7xSecret", "918273645"
# Wrong for most types and rules. Each contains a secret.
HOSTILE = (
    SECRET,
    NUMBER * 3,
    f"-{NUMBER}",
    f"2026-13-45T99:99:{NUMBER}",
    SECRET * 300,
    f"{SECRET}\t,;\"'\\.",
    f"\x01{SECRET}",
)


@contextmanager
def logged(postgres: LocalPostgres) -> Iterator[list[str]]:
    """What the server logs while the block runs; complete after the block."""
    start = postgres.log.stat().st_size
    found: list[str] = []
    yield found
    with postgres.log.open("rb") as log:
        log.seek(start)
        found.append(log.read().decode(errors="replace"))


def _good(dataset: Dataset) -> dict[str, str]:
    """A valid row with a secret in each text that may be one."""
    row = {}
    for field in dataset.fields:
        row[field.name] = str(field.example or field.column.example)
        if field.column.sql_type == "text":
            with suppress(BadValueError):
                row[field.name] = field.column.check(SECRET)
    return row


def _hostile(dataset: Dataset, good: dict[str, str]) -> list[dict[str, str]]:
    return [good | {name: value} for name in dataset.columns for value in HOSTILE]


def _file(dataset: Dataset, rows: list[dict[str, str]], *, header: bool) -> bytes:
    text = io.StringIO()
    lines = [[row[name] for name in dataset.columns] for row in rows]
    csv.writer(text).writerows([dataset.columns, *lines] if header else lines)
    return text.getvalue().encode()


def _keeps_secrets(log: list[str]) -> None:
    (text,) = log
    leaks = [line for line in text.splitlines() if SECRET in line or NUMBER in line]
    assert not leaks, f"the log contains values: {leaks[:3]}"


@pytest.mark.parametrize("name", DATASETS)
def test_loading_a_hostile_file_logs_none_of_its_values(pipeline: Pipeline, postgres: LocalPostgres, name: str) -> None:
    dataset = DATASETS[name]
    good = _good(dataset)
    content = _file(dataset, [good, good, *_hostile(dataset, good)], header=True)
    with logged(postgres) as log:
        loader = pipeline.loader(max_rejected_percent=100)
        for at in (1, 2):  # the second time, every key is known
            outcome = loader.load(pipeline.put(f"incoming/{name}/{SECRET}.csv", content, at=at))
            assert outcome.rows_rejected
    _keeps_secrets(log)


@pytest.mark.parametrize("name", DATASETS)
def test_rows_that_postgresql_itself_refuses_are_not_logged(
    pipeline: Pipeline, postgres: LocalPostgres, name: str
) -> None:
    """Only a mistake in the rules lets such a row through."""
    dataset, shop, refused = DATASETS[name], pipeline.shop, []
    pipeline.loader().load(pipeline.put(f"incoming/{name}/a.csv", _file(dataset, [_good(dataset)], header=True), at=1))
    columns = sql.SQL(", ").join(map(sql.Identifier, (*dataset.columns, "file_id")))
    table = sql.Identifier(name)
    out = sql.SQL("COPY {} ({}) TO STDOUT (FORMAT csv)").format(table, columns)
    with shop.connect() as administrator, administrator.cursor() as cursor, cursor.copy(out) as copy:
        (stored,) = csv.reader(bytes(each).decode() for each in copy)
    good, file_id = dict(zip(dataset.columns, stored, strict=False)), stored[-1]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(table, columns)
    with logged(postgres) as log, shop.connect("ingestion") as connection:
        for row in (good, *_hostile(dataset, good)):
            line = _file(dataset, [row], header=False).removesuffix(b"\r\n") + f",{file_id}\n".encode()
            try:
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    copy.write(line)
            except psycopg.Error as error:
                refused.append(error)
    assert isinstance(refused[0], psycopg.errors.UniqueViolation)
    assert len(refused) > len(dataset.columns)
    assert any(SECRET in str(error) or NUMBER in str(error) for error in refused), "no error quotes a value"
    _keeps_secrets(log)


def test_slow_statements_are_logged_without_the_values_of_parameters(shop: Shop, postgres: LocalPostgres) -> None:
    with logged(postgres) as log, shop.connect("web") as connection:
        connection.execute("SELECT pg_sleep(1.1), %s", [SECRET])
        with suppress(psycopg.errors.InvalidTextRepresentation):
            connection.execute("SELECT %s::text::int", [SECRET])
    assert "duration: 11" in log[0], "the slow statement is missing"
    _keeps_secrets(log)


def test_a_connection_that_ends_during_a_copy_logs_no_line_of_the_file(shop: Shop, postgres: LocalPostgres) -> None:
    with logged(postgres) as log:
        connection = shop.connect("ingestion")
        process = connection.info.backend_pid
        statement = "COPY rejected_rows (file_id, line_number, raw, reasons) FROM STDIN"
        with suppress(psycopg.Error), connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(f"1\t1\t{SECRET}\t{{x}}\n" * 5_000)
            with psycopg.connect(postgres.server.url(), autocommit=True) as administrator:
                administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [process])
            copy.write(f"1\t1\t{SECRET}\t{{x}}\n" * 5_000)
        connection.close()
    assert "FATAL" in log[0], "the end of the connection is missing"
    _keeps_secrets(log)


def test_a_copy_that_waits_for_a_lock_logs_no_line_of_the_file(shop: Shop, postgres: LocalPostgres) -> None:
    with psycopg.connect(postgres.server.url(), autocommit=True) as administrator:
        for setting in ("log_lock_waits = on", "deadlock_timeout = '100ms'"):
            alter = sql.SQL("ALTER DATABASE {} SET {}").format(sql.Identifier(shop.name), sql.SQL(setting))
            administrator.execute(alter)
    with shop.connect() as owner, logged(postgres) as log, shop.connect() as first, shop.connect() as second:
        # A default that differs from row to row makes COPY insert row by row: then a message's context is the line.
        owner.execute("CREATE TABLE waiting (key text PRIMARY KEY, note text, number float DEFAULT random())")
        first.execute("BEGIN")
        first.execute("INSERT INTO waiting VALUES (%s, '')", [SECRET])
        second.execute("SET statement_timeout = '300ms'")
        statement = "COPY waiting (key, note) FROM STDIN"
        with suppress(psycopg.errors.QueryCanceled), second.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(f"{SECRET}\t{SECRET}\n")
    assert "still waiting for" in log[0], "the wait is missing"
    _keeps_secrets(log)
