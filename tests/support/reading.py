"""Reads order files as the intake does, and what it would hand to PostgreSQL as PostgreSQL would understand it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from ingestion.order_file import OrderFile, Reject
from ingestion.order_row import COLUMNS

HEADER = b"order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes\n"
ROW = b"A-1,ada@example.com,MUG,2,12.50,EUR,2026-03-31T14:05:00+02:00,"
FILE_ID = 17


@dataclass
class Read:
    """What became of a file's rows: values by column, those that are NULL as "", and rejects."""

    file: OrderFile
    rows: list[dict[str, str]]
    rejects: list[Reject]


def read(data: bytes | Iterable[bytes], *, max_rejected_percent: int = 100) -> Read:
    """Read a whole file; raises RefusedError."""
    pieces = [data] if isinstance(data, bytes) else data
    file = OrderFile(pieces, file_id=FILE_ID, max_rejected_percent=max_rejected_percent)
    found = Read(file, [], [])
    for chunk in file.chunks():
        text = chunk.lines.decode()
        assert text == "" or text.endswith("\n")
        values = list(csv.reader(io.StringIO(text, newline=""), delimiter=file.delimiter, strict=True))
        assert len(values) == chunk.rows
        for *row, file_id in values:
            assert file_id == str(FILE_ID)
            found.rows.append({"notes": ""} | dict(zip(file.columns, row, strict=True)))
        found.rejects += chunk.rejects
    assert {name for row in found.rows for name in row} <= set(COLUMNS)
    return found


def read_slowly(data: bytes) -> Read:
    """Read a whole file with every row checked by the rules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingestion.sieve.of_csv", lambda *_: Nothing())
        patch.setattr("ingestion.sieve.of_json", lambda *_: Nothing())
        return read(data)


class Nothing:
    """A sieve that nothing runs through."""

    def take(self, _: object) -> tuple[bytes, int]:
        return b"", 0
