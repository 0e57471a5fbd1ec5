"""Rows with keys of every type are listed once, and found by their addresses."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from psycopg import AsyncConnection, sql

from scripts.migration.tables import table_statements
from tabular.declaration import Dataset, parse
from tests.integration.database.conftest import Shop
from web_src import listings, rows
from web_src.tables import DatasetTable, Row, checked

# By declared type: properties of the field, and keys in PostgreSQL's notation, in ascending order.
KEYS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "text": ({"type": "string", "constraints": {"maxLength": 50}}, ["", ".", "..", "a b", 'a/b?c="d"&%2F+', "Z\u00e9"]),
    "code": ({"type": "string", "x-field": {"semanticType": "code"}, "constraints": {"maxLength": 9}}, ["A", "B"]),
    "uuid": ({"type": "string", "format": "uuid"}, [f"00000000-0000-0000-0000-00000000000{n}" for n in range(5)]),
    "integer": ({"type": "integer", "constraints": {"minimum": 0, "maximum": 9}}, ["0", "1", "5", "9"]),
    "bigint": ({"type": "integer"}, ["-9223372036854775807", "-1", "0", "9223372036854775807"]),
    "number": ({"type": "number"}, ["-1.5", "0", "0.10", "12345678901234567890.123456789"]),
    "boolean": ({"type": "boolean"}, ["false", "true"]),
    "date": ({"type": "date"}, ["0001-01-01", "2026-11-20", "9999-12-31"]),
    "time": ({"type": "time"}, ["00:00", "14:05:00.000001", "23:59:59"]),
    "datetime": ({"type": "datetime"}, ["2026-11-20 10:00+02", "2026-11-20 10:00+00", "2026-11-20 10:00:00.000001+00"]),
    "naive": ({"type": "datetime", "x-field": {"timezone": "none"}}, ["2026-11-20 10:00", "2026-11-20 10:00:01"]),
    "year": ({"type": "year"}, ["1999", "2026"]),
    "yearmonth": ({"type": "yearmonth", "constraints": {}}, ["1999-12", "2026-01"]),
    "duration": ({"type": "duration"}, ["PT1S", "P1DT12H", "P14M"]),
}


def _dataset(name: str, properties: dict[str, Any]) -> Dataset:
    fields = [{"name": "id", **properties}, {"name": "part", "type": "integer"}]
    schema = {"fieldsMatch": "partial", "primaryKey": ["id", "part"], "fields": fields}
    return parse(json.dumps(schema), name=f"by_{name}", path=f"datasets/by_{name}/schema.json")


@pytest.mark.parametrize("name", KEYS)
def test_rows_are_listed_once_and_found_by_their_addresses(shared_shop: Shop, name: str) -> None:
    properties, keys = KEYS[name]
    table = DatasetTable(_dataset(name, properties))
    with shared_shop.connect() as connection:
        for statement in table_statements(table.dataset):
            connection.execute(statement.encode())
        connection.execute(sql.SQL("GRANT SELECT ON {} TO web").format(sql.Identifier(table.name)))
        for part in (1, 2):
            insert = sql.SQL("INSERT INTO {} VALUES ({}, {}, 7)")
            for key in keys:
                connection.execute(insert.format(sql.Identifier(table.name), key, part))

    async def read() -> tuple[list[Row], list[Row | None]]:
        url = shared_shop.url("web")
        async with await AsyncConnection.connect(url, autocommit=True, prepare_threshold=None) as connection:
            listed: list[Row] = []
            query = table.query_model(limit=3)
            while True:
                page = await listings.dataset_rows(connection, table, query)
                listed += page.rows
                if page.next_after is None:
                    break
                query = table.query_model(limit=3, after=page.next_after)
            found = []
            for row in listed:
                address = {key: each for key, (each,) in parse_qs(urlsplit(table.address(row)).query, True).items()}
                key = checked(table.key_model, address)
                found.append(await rows.one(connection, table, key.model_dump(by_alias=True)))
            return listed, found

    listed, found = asyncio.run(read())
    assert [row["part"] for row in listed] == [1, 2] * len(keys)
    assert len({(row["id"], row["part"]) for row in listed}) == 2 * len(keys)
    assert found == listed
