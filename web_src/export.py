"""Rejected rows as a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable

from psycopg_pool import AsyncConnectionPool

from . import queries
from .queries import Reject

COLUMNS = ("line", "reasons", "row")
_CHUNK_ROWS = 500
# Tells spreadsheets that the file is UTF-8.
_BYTE_ORDER_MARK = "\ufeff"
# OWASP, "CSV Injection"; the last four are full-width forms, which start a formula in East Asian locales.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


async def csv_chunks(pool: AsyncConnectionPool, file_id: int) -> AsyncIterator[bytes]:
    """The CSV file in chunks of limited size. Each chunk has a query of its own, so slow clients hold no connection."""
    after = 0
    start = _BYTE_ORDER_MARK + _csv([COLUMNS])
    while True:
        async with pool.connection() as connection:
            rejects = await queries.rejects(connection, file_id, after=after, limit=_CHUNK_ROWS)
        yield (start + _csv(map(_row, rejects))).encode()
        if len(rejects) < _CHUNK_ROWS:
            return
        start, after = "", rejects[-1].line_number


def escape_formula(cell: str) -> str:
    """The cell with a leading quote if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _row(reject: Reject) -> tuple[str, str, str]:
    return str(reject.line_number), escape_formula("; ".join(reject.reasons)), escape_formula(reject.raw)


def _csv(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    # Quotes every cell, so that no partner's text can start a new cell.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()
