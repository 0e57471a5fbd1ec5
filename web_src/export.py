"""Rejected rows as a CSV file, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable

from psycopg_pool import AsyncConnectionPool

from . import queries
from .queries import Reject

COLUMNS = ("line", "reasons", "row")
_ROWS_A_PIECE = 500
# A spreadsheet that sees this takes the file for UTF-8.
_BYTE_ORDER_MARK = "\ufeff"
# OWASP, "CSV Injection"; the last four are wide forms, which are formulas where East Asian text is entered.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


async def pieces(pool: AsyncConnectionPool, file_id: int) -> AsyncIterator[bytes]:
    """The file in pieces of bounded size. A slow reader holds no connection: each piece is fetched by itself."""
    after = 0
    start = _BYTE_ORDER_MARK + _lines([COLUMNS])
    while True:
        async with pool.connection() as connection:
            found = await queries.rejects(connection, file_id, after=after, limit=_ROWS_A_PIECE)
        yield (start + _lines(map(_row, found))).encode()
        if len(found) < _ROWS_A_PIECE:
            return
        start, after = "", found[-1].line_number


def neutral(cell: str) -> str:
    """The cell as a text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _row(reject: Reject) -> tuple[str, str, str]:
    return str(reject.line_number), neutral("; ".join(reject.reasons)), neutral(reject.raw)


def _lines(rows: Iterable[tuple[str, ...]]) -> str:
    text = io.StringIO()
    # All in quotes: a cell can't begin in the middle of what was sent to us.
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()
