"""Randomly drawn datasets: the rules accept what the fast path accepts, and PostgreSQL stores the same values."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from ingestion.deadline import Deadline
from ingestion.reader import DatasetReader, RejectedRow
from ingestion.row_rules import check
from ingestion.tables import DatasetWriter
from tabular.declaration import Dataset, Field
from tests.integration.database.conftest import Shop
from tests.support import drawn_datasets
from tests.support.drawn_datasets import Drawn, in_json
from tests.support.reading import without_fast_path

EXAMPLES = int(os.environ.get("DATASET_EXAMPLES", "20"))
ROWS = 100


@pytest.fixture
def connection(empty_shop: Shop) -> Iterator[psycopg.Connection]:
    with empty_shop.connect() as connection:
        columns = "file_id int, line_number int, raw text, reasons text[], fields jsonb"
        connection.execute(f"CREATE TEMPORARY TABLE rejected_rows ({columns})")
        order = "bucket text, key text, sequencer text, uploaded_at timestamptz, version_id text"
        connection.execute(f"CREATE TEMPORARY TABLE files (file_id bigint, {order})")
        # A value without an offset must not be read by the time zone of the session.
        connection.execute("SET TIME ZONE 'Asia/Kathmandu'")
        yield connection


# Values come from a generator of random numbers: hypothesis repeats itself too often to find a mistake in a few draws.
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=True))
def test_both_ways_store_what_the_rules_say(connection: psycopg.Connection, random: Random) -> None:
    drawn = drawn_datasets.dataset(random)
    dataset = drawn.dataset
    rows = [row(drawn, random, number) for number in range(ROWS)]
    for form in ("plain", "quoted", "JSON", "JSON in ASCII") if dataset.quoted else ("plain", "JSON"):
        content = as_file(dataset, rows, form)
        fast, rejects = load(connection, dataset, content)
        with without_fast_path():
            slow, others = load(connection, dataset, content)
        assert (fast, rejects) == (slow, others)
        if form == "quoted":
            checked = [check(dataset, [values[name] for name in dataset.columns]) for values in rows]
            assert fast == meaning(connection, dataset, [stored for stored, reasons in checked if not reasons])


def row(drawn: Drawn, random: Random, number: int) -> dict[str, str]:
    """A row with its own key. One or two values are unusual: if all were, hardly any row would be accepted."""
    values = drawn.ordinary | {"id": f"K-{number}"}
    for name in random.sample(list(drawn.values), random.choice((1, 1, 1, 2))):
        values[name] = drawn.values[name]()
    return values


def as_file(dataset: Dataset, rows: list[dict[str, str]], form: str) -> bytes:
    if form.startswith("JSON"):
        ascii_only = form.endswith("ASCII")
        lines = [
            ", ".join(
                f'"{name}": {in_json(dataset.by_name[name], values[name], ascii_only=ascii_only)}'
                for name in dataset.columns
            )
            for values in rows
            for _ in range(2)  # the second time, the layout has a fast path
        ]
        return "".join(f"{{{line}}}\n" for line in lines).encode("utf-8", "surrogatepass")
    text = io.StringIO(newline="")
    table = [dataset.columns, *([values[name] for name in dataset.columns] for values in rows)]
    if not dataset.quoted:
        return "".join("|".join(line) + "\n" for line in table).encode()
    quoting: Any = csv.QUOTE_ALL if form == "quoted" else csv.QUOTE_MINIMAL
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(table)
    return text.getvalue().encode()


def load(
    connection: psycopg.Connection, dataset: Dataset, content: bytes
) -> tuple[dict[str, tuple[Any, ...]], list[RejectedRow]]:
    """The rows that PostgreSQL stores, by their keys, and the rejected ones."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} {} CHECK ({})").format(sql.Identifier(each.name), sql.SQL(each.column.sql_type), condition(each))
        for each in dataset.fields
    )
    with connection.transaction(force_rollback=True):
        connection.execute(sql.SQL("CREATE TABLE drawn ({}, file_id int, PRIMARY KEY (id))").format(columns))
        reader = DatasetReader(replace(dataset, max_rejected_percent=100), [content], file_id=1)
        DatasetWriter(connection, 1, reader, Deadline(60), reprocess=False).run()
        found = connection.execute(sql.SQL("SELECT id, {} FROM drawn").format(shown(dataset))).fetchall()
    return {key: tuple(values) for key, *values in found}, reader.first_rejects


def condition(field: Field) -> sql.Composable:
    """The declared checks of a column."""
    checks = [each.format(f'"{field.name}"') for each in field.column.sql_checks]
    return sql.SQL(" AND ".join(checks) or "true")


def shown(dataset: Dataset) -> sql.Composable:
    """The columns as text that doesn't depend on how a number was written."""
    return sql.SQL(", ").join(
        sql.SQL("trim_scale({0})::text" if each.column.sql_type == "numeric" else "{0}::text").format(
            sql.Identifier(each.name)
        )
        for each in dataset.fields
    )


def meaning(
    connection: psycopg.Connection, dataset: Dataset, rows: list[list[str | None]]
) -> dict[str, tuple[Any, ...]]:
    """The values that PostgreSQL reads in the texts that the rules store."""
    if not rows:
        return {}
    typed = [
        sql.SQL(", ").join(
            sql.SQL("{}::{} AS {}").format(sql.Literal(text), sql.SQL(each.column.sql_type), sql.Identifier(each.name))
            for each, text in zip(dataset.fields, stored, strict=True)
        )
        for stored in rows
    ]
    table = sql.SQL(" UNION ALL SELECT ").join(typed)
    found = connection.execute(
        sql.SQL("SELECT id, {} FROM (SELECT {}) AS row").format(shown(dataset), table)
    ).fetchall()
    return {key: tuple(values) for key, *values in found}
