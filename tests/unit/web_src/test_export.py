"""Rows and rejected rows as CSV."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.web.fakes import Client, FakeDatabase, order
from web_src.export import csv_text, escape_formula
from web_src.queries import Reject

SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]  # noqa: RUF001 - full-width on purpose
COMMAND = "1+cmd|' /C calc'!A0"
SEPARATORS = (",", ";", "\t")


@pytest.mark.parametrize("start", [*SIGNS, "\t", "\r", "\n"])
def test_a_cell_that_looks_like_a_formula_becomes_text(start: str) -> None:
    assert escape_formula(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", [";", ",", "\t", "\n", "\r\n", ';"', ';"""', ",;", "a;b,"])
def test_a_formula_inside_a_value_becomes_text(before: str, sign: str) -> None:
    assert escape_formula(f"a{before}{sign}{COMMAND}") == f"a{before}'{sign}{COMMAND}"


@pytest.mark.parametrize(
    "cell",
    ["", "A-1", "1+1", "'=1", "a=b", "x - y", "a@b.example;c@d.example", "-5", "-12.50", '{"a": -5, "b": [1, -2.5]}'],
)
def test_other_cells_are_unchanged(cell: str) -> None:
    assert escape_formula(cell) == cell


@pytest.mark.parametrize("cell", ["-5+1", "-5 ", "-", "--5", "-5;+1", "-1e5", "-5,0", "+5", "-٣"])
def test_only_a_plain_negative_number_is_left_alone(cell: str) -> None:
    assert escape_formula(cell).startswith("'")


class Spreadsheet(csv.Dialect):
    """Reads CSV as a spreadsheet does: quotes count at the start of a cell only."""

    quotechar = '"'
    doublequote = True
    lineterminator = "\r\n"
    quoting = csv.QUOTE_MINIMAL
    strict = False


@settings(max_examples=1000)
@given(st.lists(st.text(alphabet=[*"=+-@;,\t\r\n\"'1a |", *SIGNS], max_size=12), min_size=1, max_size=4))
def test_no_cell_is_a_formula_whichever_separator_a_spreadsheet_expects(values: list[str]) -> None:
    text = csv_text([[escape_formula(each) for each in values]])
    for separator in SEPARATORS:
        for row in csv.reader(io.StringIO(text, newline=""), Spreadsheet, delimiter=separator):
            for cell in row:
                shown = cell.lstrip("\t\r\n")
                number = re.match(r'-[0-9]+(\.[0-9]+)?($|,")', shown)
                assert number or not shown.startswith(tuple(SIGNS)), (separator, cell)


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


def test_negative_numbers_of_rejected_rows_can_be_sent_again(client: Client, database: FakeDatabase) -> None:
    fields = {"order_id": "A-1", "quantity": "-5", "notes": "a;=1"}
    database.rejects = [Reject(line_number=2, raw="A-1,-5", reasons=["x"], fields=fields)]
    text = client.get("/files/7/rejects.csv").content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert {name: row[name] for name in fields} == fields | {"notes": "a;'=1"}


def test_numbers_of_loaded_rows_are_exact_and_their_texts_are_not_formulas(
    client: Client, database: FakeDatabase
) -> None:
    database.rows["orders"] = [order(1) | {"unit_price": Decimal("-12.50"), "notes": "a;=1"}]
    (row,) = csv.DictReader(io.StringIO(client.get("/datasets/orders/rows.csv").content.decode("utf-8-sig")))
    assert (row["unit_price"], row["notes"]) == ("-12.50", "a;'=1")
