"""Rejected rows as CSV."""

from __future__ import annotations

import csv
import io

import pytest

from tests.support.web.stand_ins import Client, Database
from web_src.export import neutral
from web_src.queries import Reject


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_a_cell_that_could_be_a_formula_is_made_text(start: str) -> None:
    assert neutral(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("cell", ["", "A-1", "1+1", "'=1"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert neutral(cell) == cell


def test_the_file_holds_every_reject_however_many_pieces_it_takes(client: Client, database: Database) -> None:
    raw = '=cmd|"calc"!A1,ä\nsecond line'
    database.rejects = [Reject(line_number=line, raw=raw, reasons=["=one", "two"]) for line in range(2, 1502)]
    answer = client.get("/files/7/rejects.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rejected-rows-of-file-7.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["line", "reasons", "row"]
    assert [int(row[0]) for row in rows[1:]] == list(range(2, 1502))
    assert rows[1][1:] == ["'=one; two", f"'{raw}"]


def test_a_slow_reader_holds_no_connection(client: Client, database: Database) -> None:
    database.rejects = [Reject(line_number=line, raw="x", reasons=["y"]) for line in range(2, 1502)]
    client.get("/files/7/rejects.csv")
    assert database.asked == 1 + 4  # whether the file is there, then each piece by itself
