"""Rejected rows as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from tests.support.web.fakes import Client, FakeDatabase
from web_src.export import escape_formula
from web_src.queries import Reject


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001 - full-width on purpose
def test_a_cell_that_looks_like_a_formula_becomes_text(start: str) -> None:
    assert escape_formula(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("cell", ["", "A-1", "1+1", "'=1"])
def test_other_cells_are_unchanged(cell: str) -> None:
    assert escape_formula(cell) == cell


def test_the_file_contains_every_reject_across_several_chunks(client: Client, database: FakeDatabase) -> None:
    raw = '=cmd|"calc"!A1,ä\nsecond line'
    database.rejects = [
        Reject(line_number=line, raw=raw, reasons=["=one", "two"], fields=None) for line in range(2, 1502)
    ]
    response = client.get("/files/7/rejects.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="rejected-rows-of-file-7.csv"'
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["rejected_line", "rejected_reasons", "rejected_row"]
    assert [int(row[0]) for row in rows[1:]] == list(range(2, 1502))
    assert rows[1][1:] == ["'=one; two", f"'{raw}"]


def test_a_slow_download_holds_no_connection(client: Client, database: FakeDatabase) -> None:
    database.rejects = [Reject(line_number=line, raw="x", reasons=["y"], fields=None) for line in range(2, 1502)]
    client.get("/files/7/rejects.csv")
    assert database.connections == 1 + 4  # one to look up the file, then one per chunk
