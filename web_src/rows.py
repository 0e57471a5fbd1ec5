"""All queries of the datasets' tables. Each one uses an index; pages are found by key, never by offset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row, dict_row

from tabular.declaration import Field as Column

from .tables import DatasetTable, Row

_LIST: LiteralString = "SELECT {columns} FROM {table} WHERE {conditions} ORDER BY {order} LIMIT %(limit)s"
_ONE: LiteralString = "SELECT {columns} FROM {table} WHERE {conditions}"
# The index on file_id finds parts of the table, which PostgreSQL then reads in their order until it has enough rows. By
# itself it would sometimes read the table from its beginning, because it expects the rows everywhere.
_OF_FILE: LiteralString = "SELECT {columns}, ctid::text AS place FROM {table} WHERE {conditions} LIMIT %(limit)s"
_READ_BY_INDEX = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('enable_tidscan', 'off', true),
           set_config('max_parallel_workers_per_gather', '0', true)
"""
_LAST_DAY: LiteralString = "SELECT {day} FROM (SELECT max({chart}) AS {chart} FROM {table} WHERE {conditions}) AS last"
# PostgreSQL reads these days with an index-only scan.
_ROWS_PER_DAY: LiteralString = """
    SELECT {day} AS day, count(*)::bigint AS rows FROM {table} WHERE {conditions} GROUP BY 1 ORDER BY 1
"""
# The day of a moment, and the moment at which a day begins, by the type of the column. Days are those of UTC.
_DAY: Mapping[str, LiteralString] = {"timestamptz": "({} AT TIME ZONE 'UTC')::date"}
_BEGIN: Mapping[str, LiteralString] = {"timestamptz": "({}::timestamp AT TIME ZONE 'UTC')"}


_BITS_OF_ROW = 16  # of a place in a table


@dataclass(frozen=True, kw_only=True)
class Day:
    """The number of rows of one day (UTC)."""

    day: date
    rows: int


async def newest(
    connection: AsyncConnection, table: DatasetTable, *, after: Sequence[Any] | None, until: date | None, limit: int
) -> list[Row]:
    """Rows of the day `until` or earlier, and after the row with these values: newest first, then by key, descending.

    The index has only the column of the date: PostgreSQL sorts the rows of each single value as it reads them.
    """
    order = table.newest_first
    conditions = [_compared(table, order[0], "<", "({} + 1)", "until")] if until else []
    values = {"until": until, "limit": limit}
    return await _list(connection, table, order, "DESC", after=after, conditions=conditions, values=values)


async def by_key(
    connection: AsyncConnection, table: DatasetTable, *, search: Any, after: Sequence[Any] | None, limit: int
) -> list[Row]:
    """Rows after the one with this key, sorted by key. With `search`, those whose first key column starts with it.

    If that column is not a text, it must equal `search`.
    """
    operator = sql.SQL("^@" if table.searches_beginning else "=")
    found = sql.SQL("{} {} {}").format(sql.Identifier(table.key[0]), operator, sql.Placeholder("search"))
    conditions = [found] if search is not None else []
    if after and search is not None and after[0] < search:
        after = None  # PostgreSQL would read all rows from there on to the first match
    values = {"search": search, "limit": limit}
    return await _list(connection, table, table.key, "ASC", after=after, conditions=conditions, values=values)


async def of_file(
    connection: AsyncConnection, table: DatasetTable, file_id: int, *, after: int, limit: int
) -> list[Row]:
    """Rows that came from the file and that are stored after this place, in the order of their places.

    Each row has its `place` too. It changes when the row does, so a row may be left out while files are loaded.
    """
    conditions = [sql.SQL("file_id = %(file_id)s"), sql.SQL("ctid > %(after)s::tid")]
    values = {"file_id": file_id, "after": f"({after >> _BITS_OF_ROW},{after % 2**_BITS_OF_ROW})", "limit": limit}
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_READ_BY_INDEX)
        found = await (await cursor.execute(_statement(_OF_FILE, table, conditions), values)).fetchall()
    return [row | {"place": _place(row["place"])} for row in found]


async def one(connection: AsyncConnection, table: DatasetTable, key: Mapping[str, Any]) -> Row | None:
    """The row with that key, if any."""
    conditions = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in table.key]
    async with connection.cursor(row_factory=dict_row) as cursor:
        return await (await cursor.execute(_statement(_ONE, table, conditions), key)).fetchone()


async def last_day(connection: AsyncConnection, table: DatasetTable, *, before: date) -> date | None:
    """The last day before `before` that has rows, if any."""
    statement = _of_days(_LAST_DAY, table, {"before": "<"})
    row = await (await connection.execute(statement, {"before": before})).fetchone()
    return row[0] if row else None


async def rows_per_day(connection: AsyncConnection, table: DatasetTable, *, since: date, before: date) -> list[Day]:
    """The number of rows per day, without days that have no rows."""
    async with connection.cursor(row_factory=class_row(Day)) as cursor:
        statement = _of_days(_ROWS_PER_DAY, table, {"since": ">=", "before": "<"})
        return await (await cursor.execute(statement, {"since": since, "before": before})).fetchall()


async def _list(
    connection: AsyncConnection,
    table: DatasetTable,
    order: Sequence[str],
    direction: LiteralString,
    *,
    after: Sequence[Any] | None,
    conditions: list[sql.Composed],
    values: dict[str, Any],
) -> list[Row]:
    cursor_values = {f"after_{number}": value for number, value in enumerate(after or ())}
    if after:
        sign = sql.SQL("<" if direction == "DESC" else ">")
        placeholders = sql.SQL(", ").join(map(sql.Placeholder, cursor_values))
        conditions = [*conditions, sql.SQL("({}) {} ({})").format(_names(order), sign, placeholders)]
    sorting = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(each), sql.SQL(direction)) for each in order)
    async with connection.cursor(row_factory=dict_row) as cursor:
        statement = _statement(_LIST, table, conditions, order=sorting)
        return [*await (await cursor.execute(statement, values | cursor_values)).fetchall()]


def _of_days(statement: LiteralString, table: DatasetTable, ends: Mapping[str, LiteralString]) -> sql.Composed:
    chart = table.dataset.page.chart or ""
    conditions = [_compared(table, chart, sign, "{}", end) for end, sign in ends.items()]
    day = sql.SQL(_DAY.get(_type(table, chart), "{}::date")).format(sql.Identifier(chart))
    return _statement(statement, table, conditions, chart=sql.Identifier(chart), day=day)


def _compared(
    table: DatasetTable, column: str, sign: LiteralString, day: LiteralString, parameter: str
) -> sql.Composed:
    """The condition that compares a column with the beginning of a day: the parameter is {} in `day`."""
    given = sql.SQL(day).format(sql.SQL("{}::date").format(sql.Placeholder(parameter)))
    begin = sql.SQL(_BEGIN.get(_type(table, column), "({})")).format(given)
    return sql.SQL("{} {} {}").format(sql.Identifier(column), sql.SQL(sign), begin)


def _type(table: DatasetTable, column: str) -> str:
    return table.dataset.by_name[column].column.sql_type


def _statement(
    statement: LiteralString, table: DatasetTable, conditions: Iterable[sql.Composable], **parts: sql.Composable
) -> sql.Composed:
    return sql.SQL(statement).format(
        columns=sql.SQL(", ").join([*map(_column, table.dataset.fields), sql.Identifier("file_id")]),
        table=sql.Identifier("public", table.name),
        conditions=sql.SQL(" AND ").join(conditions) if conditions else sql.SQL("true"),
        **parts,
    )


def _place(ctid: str) -> int:
    block, _, row = ctid.strip("()").partition(",")
    return (int(block) << _BITS_OF_ROW) + int(row)


def _column(column: Column) -> sql.Composable:
    # Python has no type for an interval with months, and would round the numbers in JSON.
    as_text = column.column.sql_type in ("interval", "jsonb")
    return sql.SQL("{0}::text AS {0}" if as_text else "{}").format(sql.Identifier(column.name))


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
