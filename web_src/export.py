"""Rows and rejected rows as CSV files that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Iterable, Sequence

from psycopg_pool import AsyncConnectionPool
from starlette.responses import StreamingResponse

from . import listings, queries, values
from .inputs import RowQuery
from .listings import DatasetRows
from .queries import Reject
from .tables import DatasetTable, Row

_CHUNK_ROWS = 500
# Columns of datasets hardly ever have names like these. So ingestion ignores them as unknown columns, and a corrected
# file can be sent with them.
_REJECT_COLUMNS = ("rejected_line", "rejected_reasons")
_RAW_COLUMN = "rejected_row"
# Tells spreadsheets that the file is UTF-8.
BYTE_ORDER_MARK = "\ufeff"
# What starts a formula (OWASP, "CSV Injection"); the last four are full-width forms, for East Asian locales.
_SIGNS = "=+@\\-\uff1d\uff0b\uff0d\uff20"
# A spreadsheet whose locale separates cells by semicolons, or that is told to separate them by tabs, splits our quoted
# values too: for it, a cell can begin in the middle of a value, after any separator and quotes.
_FORMULA = re.compile(rf'^(?=[{_SIGNS}\t\r\n])|(?<=[;,\t\r\n])"*(?=[{_SIGNS}])')
_NEGATIVE_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


async def download(chunks: AsyncIterator[bytes], name: str) -> StreamingResponse:
    """The chunks as a file that browsers save under this name, which consists of ASCII letters, digits, "-" and "."."""
    first = await anext(chunks)  # before the response begins: an error would be too late then

    async def all_chunks() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(all_chunks(), media_type="text/csv; charset=utf-8", headers=headers)


async def row_chunks(
    pool: AsyncConnectionPool, table: DatasetTable, query: RowQuery
) -> tuple[AsyncIterator[bytes], DatasetRows]:
    """All rows of the query, also beyond its limit, in chunks of limited size, with every column of the dataset.

    Each chunk has a query of its own, so slow clients hold no connection. The second result is the rows of the first
    chunk.
    """

    async def page(after: str | None) -> DatasetRows:
        async with pool.connection() as connection:
            return await listings.dataset_rows(
                connection, table, query.model_copy(update={"limit": _CHUNK_ROWS, "after": after})
            )

    async def chunks(found: DatasetRows) -> AsyncIterator[bytes]:
        start = BYTE_ORDER_MARK + csv_text([table.dataset.columns])
        while True:
            yield (start + csv_text(_row(table, each) for each in found.rows)).encode()
            if found.next_after is None:
                return
            start, found = "", await page(found.next_after)

    first = await page(query.after)
    return chunks(first), first


async def reject_chunks(pool: AsyncConnectionPool, file_id: int, table: DatasetTable | None) -> AsyncIterator[bytes]:
    """A file's rejected rows in chunks, as in `row_chunks`.

    If the dataset is known, and all rows of the first chunk have the same columns, each of these columns is one here
    too. A later row with other columns has only its raw text, which is in the last column of every row.
    """
    after = 0
    names: list[str] | None = None
    while True:
        async with pool.connection() as connection:
            rejects = await queries.rejects(connection, file_id, after=after, limit=_CHUNK_ROWS)
        start = ""
        if names is None:
            names = table.in_order(_common_names(rejects)) if table else []
            start = BYTE_ORDER_MARK + csv_text([(*_REJECT_COLUMNS, *map(escape_formula, names), _RAW_COLUMN)])
        yield (start + csv_text(_reject(each, names) for each in rejects)).encode()
        if len(rejects) < _CHUNK_ROWS:
            return
        after = rejects[-1].line_number


def escape_formula(cell: str) -> str:
    """The cell with a quote before each place that a spreadsheet would take for the start of a formula.

    A negative number is left alone: it does nothing, and can be sent again as it is.
    """
    return cell if _NEGATIVE_NUMBER.fullmatch(cell) else _FORMULA.sub(r"\g<0>'", cell)


def csv_text(rows: Iterable[Sequence[str]], *, delimiter: str = ",") -> str:
    """The rows as CSV. Every cell is quoted, so that no partner's text can start a new cell."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()


def _row(table: DatasetTable, row: Row) -> list[str]:
    # Numbers are no formulas, even if they begin with "-".
    given = (row[name] for name in table.dataset.columns)
    return [escape_formula(each) if isinstance(each, str) else values.exact(each) for each in given]


def _common_names(rejects: Sequence[Reject]) -> Iterable[str]:
    """The columns that all of these rows have; empty if they differ."""
    found = {frozenset(each.fields or ()) for each in rejects}
    return found.pop() if len(found) == 1 else ()


def _reject(reject: Reject, names: Sequence[str]) -> list[str]:
    fields = reject.fields if reject.fields and reject.fields.keys() == set(names) else {}
    cells = ["; ".join(reject.reasons), *(fields.get(name, "") for name in names), reject.raw]
    return [str(reject.line_number), *map(escape_formula, cells)]
