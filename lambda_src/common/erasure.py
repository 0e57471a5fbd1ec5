"""Erases persons from the tables of datasets, from rejected rows and from the ledger, by the hashes of their addresses.

A row is deleted if its key or a column of the format `email` is such an address. In other texts the address is masked:
the row belongs to someone else, who mentions the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection, sql

from tabular.addresses import Addresses
from tabular.declaration import Dataset, Field

FETCHED_ROWS = 100  # each may have 64 KiB and take 0.1 s, and meanwhile the transaction is idle

_DELETE: LiteralString = "DELETE FROM {table} AS stored WHERE ({conditions}) AND {concerned}"
_IS_ADDRESS: LiteralString = """sha256(convert_to(lower(stored.{} COLLATE "C"), 'UTF8')) = ANY(%(hashes)s)"""
_TEXTS: LiteralString = "SELECT {key}, {texts} FROM {table} AS stored WHERE ({conditions}) AND {concerned}"
_HAS_AT: LiteralString = "stored.{}::text LIKE '%%@%%'"
_DELETE_KEY: LiteralString = "DELETE FROM {table} AS stored WHERE ({key}) = ({values})"
_MASK: LiteralString = "UPDATE {table} AS stored SET {changes} WHERE ({key}) = ({values})"
_REJECTS: LiteralString = """
    SELECT file_id, line_number, raw, array_to_string(reasons, ' '), fields::text FROM rejected_rows AS stored
    WHERE concat_ws(' ', raw, array_to_string(reasons, ' '), fields::text) LIKE '%%@%%' AND {concerned}
"""
_DELETE_REJECT = "DELETE FROM rejected_rows WHERE file_id = %s AND line_number = %s"
_OF_FILE: LiteralString = "stored.file_id = %(file_id)s"
_OF_EARLIER_FILES: LiteralString = """
    NOT EXISTS (SELECT FROM files WHERE files.file_id = stored.file_id AND files.uploaded_at > %(until)s)
"""


@dataclass(kw_only=True)
class Erased:
    """How many rows were deleted, and in how many others an address was masked."""

    deleted: int = 0
    masked: int = 0


def can_mention(field: Field) -> bool:
    """Whether a column can hold an address among other words."""
    is_list = field.semantic_type or "enum" in field.constraints
    return field.format != "email" and not is_list and field.column.sql_type in ("text", "jsonb")


class Eraser:
    """Erases addresses from what the file brought, or without a file from what all files brought that were uploaded
    until a time: later ones may bring a person back.

    Needs a transaction.
    """

    def __init__(
        self, connection: Connection, addresses: Addresses, *, file_id: int | None = None, until: datetime | None = None
    ) -> None:
        self._connection = connection
        self._addresses = addresses
        self._values = {"hashes": sorted(addresses.hashes), "file_id": file_id, "until": until}
        self._concerned = sql.SQL(_OF_EARLIER_FILES if file_id is None else _OF_FILE)

    def rows(self, dataset: Dataset) -> Erased:
        """Erase from the dataset's table."""
        erased = Erased()
        table = sql.Identifier("public", dataset.name)
        addresses = [each.name for each in dataset.fields if each.format == "email"]
        if addresses:
            statement = sql.SQL(_DELETE).format(
                table=table, conditions=_any(_IS_ADDRESS, addresses), concerned=self._concerned
            )
            erased.deleted = self._connection.execute(statement, self._values).rowcount
        texts = [each for each in dataset.fields if can_mention(each)]
        if texts:
            self._mentions(dataset, table, texts, erased)
        return erased

    def rejects(self) -> int:
        """Delete the rejected rows with an address, and return their number."""
        statement = sql.SQL(_REJECTS).format(concerned=self._concerned)
        found = [row[:2] for row in self._read(statement) if self._addresses.are_in(*row[2:])]
        with self._connection.cursor() as cursor:
            cursor.executemany(_DELETE_REJECT, found)
        return len(found)

    def _mentions(self, dataset: Dataset, table: sql.Identifier, texts: list[Field], erased: Erased) -> None:
        width, names = len(dataset.primary_key), [each.name for each in texts]
        key = sql.SQL(", ").join(map(sql.Identifier, dataset.primary_key))
        parts = {"table": table, "key": key, "values": sql.SQL(", ").join([sql.Placeholder()] * width)}
        as_text = (sql.SQL("stored.{}::text").format(sql.Identifier(name)) for name in names)
        types: dict[str, LiteralString] = {"text": "{} = %s", "jsonb": "{} = %s::jsonb"}
        changes = (sql.SQL(types[each.column.sql_type]).format(sql.Identifier(each.name)) for each in texts)
        statement = sql.SQL(_TEXTS).format(
            **parts,
            texts=sql.SQL(", ").join(as_text),
            conditions=_any(_HAS_AT, names),
            concerned=self._concerned,
        )
        mask = sql.SQL(_MASK).format(**parts, changes=sql.SQL(", ").join(changes))
        found = [row for row in self._read(statement) if self._addresses.are_in(*row[width:])]
        in_key = [number for number, name in enumerate(names) if name in dataset.primary_key]
        for row in found:
            given = row[width:]
            if self._addresses.are_in(*(given[number] for number in in_key)):
                self._connection.execute(sql.SQL(_DELETE_KEY).format(**parts), row[:width])
                erased.deleted += 1
            else:
                # The table refuses a text that is shorter than the declaration allows.
                masked = [
                    value and self._addresses.masked(value).ljust(each.constraints.get("minLength", 0), "*")
                    for each, value in zip(texts, given, strict=True)
                ]
                self._connection.execute(mask, [*masked, *row[:width]])
                erased.masked += 1

    def _read(self, statement: sql.Composed) -> Iterator[tuple[Any, ...]]:
        """The rows, of which only some are kept in memory."""
        with self._connection.cursor(name="erasure") as cursor:
            cursor.itersize = FETCHED_ROWS
            yield from cursor.execute(statement, self._values)


def _any(condition: LiteralString, columns: list[str]) -> sql.Composed:
    return sql.SQL(" OR ").join(sql.SQL(condition).format(sql.Identifier(each)) for each in columns)
