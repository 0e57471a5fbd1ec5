"""Rows in an unusual form are checked together, with the result of checking them one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from config.datasets import datasets
from ingestion import row_rules
from ingestion.column_path import CsvRows
from ingestion.content import Record
from ingestion.reader import DatasetReader, RejectedRow
from tabular.declaration import Field
from tests.support.reading import HEADER, read, read_slowly

ROWS = 2_000
CSV = " A-{number},ada@example.com,MUG,2,12.50,EUR,2026-03-31T12:05:00+00:00,"
NAMES = HEADER.decode().strip().split(",")


def as_json(line: str) -> str:
    return json.dumps(dict(zip(NAMES, line.split(","), strict=True)))


def lines(change: Callable[[int], str] = lambda number: CSV.format(number=number)) -> list[str]:
    return [change(number) for number in range(ROWS)]


FORMS: dict[str, Callable[[list[str]], str]] = {
    "CSV": lambda rows: HEADER.decode() + "".join(f"{row}\n" for row in rows),
    "CRLF": lambda rows: HEADER.decode() + "".join(f"{row}\r\n" for row in rows),
    "quoted": lambda rows: HEADER.decode() + "".join(f'{row}"a ""b"", c"\n' for row in rows),
    "a delimiter at the end": lambda rows: HEADER.decode() + "".join(f"{row},\n" for row in rows),
    "a column left off": lambda rows: HEADER.decode() + "".join(f"{row.rpartition(',')[0]}\n" for row in rows),
    "JSON": lambda rows: "".join(f"{as_json(row)}\n" for row in rows),
}


@pytest.mark.parametrize("form", FORMS)
def test_rows_with_blanks_are_read_together(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = FORMS[form](lines()).encode()
    expected = read_slowly(data)
    single = 0
    original = DatasetReader._check_record

    def count(self: DatasetReader, record: Record) -> bytes | RejectedRow:
        nonlocal single
        single += 1
        return original(self, record)

    monkeypatch.setattr(DatasetReader, "_check_record", count)
    found = read(data)
    assert len(found.rows) == ROWS
    assert (found.rows, found.rejects) == (expected.rows, expected.rejects)
    assert single < ROWS / 50


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(("MUG", ""), id="a value is missing"),
        pytest.param((",2,", ",0,"), id="a value is out of range"),
        pytest.param(("EUR", "JPY"), id="the currency has no decimals"),
        pytest.param(("+00:00", ""), id="no offset"),
    ],
)
def test_a_row_with_a_mistake_is_rejected_as_it_is_alone(form: str, wrong: tuple[str, str]) -> None:
    def change(number: int) -> str:
        row = CSV.format(number=number)
        return row.replace(*wrong) if number % 7 == 3 or 500 < number < 520 else row

    data = FORMS[form](lines(change)).encode()
    found, expected = read(data), read_slowly(data)
    assert 0 < len(found.rejects) < ROWS / 2
    assert (found.rows, found.rejects) == (expected.rows, expected.rejects)


@pytest.mark.parametrize("half", [r'{"a": "\ud800"}', r'{"\udc00": 1}', r'{"a": ["x\ud800\udc00\ud800"]}'])
def test_half_of_a_surrogate_pair_in_a_json_value_is_rejected_among_rows_that_are_read_together(half: str) -> None:
    """As bytes it would pass for a character, and PostgreSQL would refuse the whole file."""
    row = '{"sku": "A-%d", "title": "caf\\u00e9", "price": "1,00", "active": "ja", "attributes": %s}\n'
    good = [row % (number, '{"a": "b"}') for number in range(50)]
    found = read("".join([*good, row % (50, half)]).encode(), dataset=datasets()["products"])
    assert len(found.rows) == len(good)
    reason = "attributes contains a character that can't be stored: NUL or an unpaired surrogate"
    assert [each.reasons for each in found.rejects] == [[reason]]


@pytest.mark.parametrize("row", [CSV + ",", " A-{number},ada@example.com,MUG,2,12.50,EUR"])
def test_a_row_with_a_wrong_number_of_values_is_rejected(row: str) -> None:
    rows = lines(lambda number: (row if number % 9 == 8 else CSV).format(number=number))
    found = read(FORMS["CSV"](rows).encode())
    assert [each.line_number for each in found.rejects] == list(range(10, ROWS + 2, 9))
    assert all("but the header has 8 columns" in each.reasons[0] for each in found.rejects)


def test_only_the_unusual_values_are_checked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    original = row_rules.check_value

    def record(field: Field, value: str) -> tuple[str | None, str | None]:
        checked.append(field.name)
        return original(field, value)

    monkeypatch.setattr("ingestion.column_path.check_value", record)
    rows = lines(lambda number: CSV.format(number=number).replace("+00:00", "z"))
    assert len(read(FORMS["CSV"](rows).encode()).rows) == ROWS
    assert set(checked) == {"ordered_at"}


def test_backslashes_are_ordinary_characters_until_a_value_shows_that_they_are_not() -> None:
    path = CSV.strip().replace(",2,", ", 2,") + "C:\\new"
    rows = [path.format(number=number) for number in range(100)]
    rows[60] = rows[60].replace("C:\\new", "\\N")
    found = read(FORMS["CSV"](rows).encode())
    expected = read_slowly(FORMS["CSV"](rows).encode())
    assert (found.rows, found.rejects) == (expected.rows, expected.rejects)
    assert (len(found.rows), len(found.rejects)) == (61, 39)


@pytest.mark.parametrize("every", [1, 5])
def test_lines_are_not_read_together_if_most_are_wrong_or_usual(every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    together = 0
    split = CsvRows.split

    def count(self: CsvRows, found: Sequence[bytes]) -> list[list[bytes]]:
        nonlocal together
        together += len(found)
        return split(self, found)

    monkeypatch.setattr(CsvRows, "split", count)
    usual = CSV.strip()
    rows = lines(lambda number: (usual.replace("MUG", "") if number % every == 0 else usual).format(number=number))
    rows.insert(0, CSV.format(number="first"))
    assert len(read(FORMS["CSV"](rows).encode()).rejects) == ROWS / every
    assert together < ROWS / 20


def test_a_first_line_that_the_fast_path_can_not_learn_from_does_not_keep_the_others_from_it() -> None:
    row = CSV.strip().format(number=1)
    first = as_json(row.replace("A-1", "A-0")).replace(", ", ",          ")
    found = read("\n".join([first, *(as_json(row) for _ in range(100)), ""]).encode())
    assert len(found.rows) == 101
    assert len(found.file.format.fast_paths) == 1
