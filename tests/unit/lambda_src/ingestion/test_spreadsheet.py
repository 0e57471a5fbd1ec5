"""A workbook gives the same rows as a CSV file with its values, and nothing is lost without a reason."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import time
import tracemalloc
import zipfile

import pytest

from ingestion import spreadsheet
from ingestion.refusal import RefusedError
from tabular.declaration import Dataset, parse
from tests.support.reading import HEADER, ROW, read
from tests.support.workbooks import (
    DATE,
    FIVE_DIGITS,
    LENGTH,
    MOMENT,
    OTHER,
    boolean,
    error,
    number,
    sheet_data,
    text,
    workbook,
)

NAMES = [text(name) for name in HEADER.decode().strip().split(",")]
CELLS = [text("A-1"), text("ada@example.com"), text("MUG"), number(2), number(12.5), text("EUR")]
MOMENT_TEXT = text("2026-03-31T14:05:00+02:00")
GOOD = [*CELLS, MOMENT_TEXT, text("gift")]


def orders(*rows: list[str]) -> bytes:
    return workbook({"Orders": sheet_data(dict(enumerate([NAMES, *rows], 1)))})


def every_type(**options: object) -> Dataset:
    """A dataset with a column of each type that a cell can have."""
    fields = [
        {"name": "code", "type": "string", "constraints": {"maxLength": 40}, "x-field": {"semanticType": "code"}},
        {"name": "amount", "type": "number", **({"decimalChar": ","} if options else {})},
        {"name": "day", "type": "date", **({"format": "%d.%m.%Y"} if options else {})},
        {"name": "moment", "type": "datetime", "x-field": {"timezone": "none"}},
        {"name": "ready", "type": "boolean", **options},
        {"name": "length", "type": "duration"},
        {"name": "notes", "type": "string"},
    ]
    schema = {"fieldsMatch": "partial", "primaryKey": "code", "fields": fields}
    return parse(json.dumps(schema), name="types", path="schema.json")


def one_row(cells: list[str], dataset: Dataset) -> dict[str, str]:
    header = [text(name) for name in dataset.columns]
    found = read(workbook({"A": sheet_data({1: header, 2: cells})}), dataset=dataset)
    assert found.rejects == []
    return found.rows[0]


def test_a_workbook_gives_the_same_rows_as_csv() -> None:
    expected = read(HEADER + ROW.replace(b"12.50", b"12.5") + b"gift\n").rows
    assert read(orders(GOOD)).rows == expected
    data = orders(GOOD)
    assert read(data[at : at + 7] for at in range(0, len(data), 7)).rows == expected


@pytest.mark.parametrize("options", [{}, {"trueValues": ["ja"], "falseValues": ["nein"]}])
def test_typed_cells_get_the_form_that_the_column_declares(options: dict[str, object]) -> None:
    cells = [text("X"), number(0.1), number(46346, DATE), number(46346.5, MOMENT), boolean(True), number(1.5, LENGTH)]
    expected = {
        "code": "X",
        "amount": "0.1",
        "day": "2026-11-20",
        "moment": "2026-11-20T12:00:00",
        "ready": "true",
        "length": "PT36H0M0S",
        "notes": "",
    }
    found = one_row(cells, every_type(**options))
    assert found | {"ready": "true", "day": "2026-11-20"} == expected
    # PostgreSQL reads these words, and the order of a date's parts that the reader sets.
    assert found["ready"] in ("true", "ja")
    assert found["day"] in ("2026-11-20", "20.11.2026")


def test_numbers_in_a_column_of_codes_are_shown_as_excel_shows_them() -> None:
    dataset = every_type()
    for cell, code in (
        (number(123), "123"),
        (number(123, FIVE_DIGITS), "00123"),
        (number("1000010000000"), "1000010000000"),
        (number("1.00001E+12"), "1000010000000"),
        (text("00123"), "00123"),
    ):
        assert one_row([cell], dataset)["code"] == code
    header = [text(name) for name in dataset.columns]
    data = workbook({"A": sheet_data({1: header, 2: [number("1234567890123456789")]})})
    (found,) = read(data, dataset=dataset).rejects
    assert "the original is lost" in found.reasons[0]


@pytest.mark.parametrize("kind", ["", 't="n" '])
@pytest.mark.parametrize(
    ("form", "code"),
    [
        ("00000", "00123"),
        ("00000;@", "00123"),
        ("0000000_)", "0000123"),
        ("[$-407]00000", "00123"),
        ("[Red]00000;[Blue]-00000", "00123"),
        ("General", "123"),
        ("@", "123"),
        ("#,##0.00", "123"),
    ],
)
def test_a_code_has_the_zeros_that_the_format_of_its_cell_shows(kind: str, form: str, code: str) -> None:
    dataset = every_type()
    cells = {1: [text(name) for name in dataset.columns], 2: [kind + number(123, OTHER)]}
    found = read(workbook({"A": sheet_data(cells)}, other_format=form), dataset=dataset)
    assert [row["code"] for row in found.rows] == [code]


@pytest.mark.parametrize(
    "form",
    [
        *(r"000\-00\-0000", '"A-"0000', "0000 0000", r"\0####", r"00000\-0000", "[<=99999]00000;General"),
        *("00.00", "0%", "[$€-407]0", "0,,"),
    ],
)
def test_a_code_of_which_the_format_shows_other_text_is_rejected(form: str) -> None:
    dataset = every_type()
    cells = {1: [text(name) for name in dataset.columns], 2: [number(123, OTHER)]}
    found = read(workbook({"A": sheet_data(cells)}, other_format=form), dataset=dataset)
    (reject,) = found.rejects
    assert reject.reasons == [
        "code shows another text than the cell holds, 123: format the column as text, and write the values as they are"
    ]


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (number(46346, DATE), "a date or a time"),
        (number(1.5, LENGTH), "a date or a time"),
        (number(1.10), "the number 1.1"),
        (number(123.7, FIVE_DIGITS), "the number 123.7"),
        (number(-5), "the number -5"),
        (number("NaN"), "the number NaN"),
        (boolean(True), "true or false"),
    ],
)
def test_a_code_that_the_workbook_holds_as_something_else_is_rejected(cell: str, kind: str) -> None:
    dataset = every_type()
    data = workbook({"A": sheet_data({1: [text(name) for name in dataset.columns], 2: [cell]})})
    (reject,) = read(data, dataset=dataset).rejects
    assert reject.reasons == [
        f"code is {kind} in the workbook, where a code must be text or a whole number: format the column as text"
    ]


def test_text_keeps_its_lines_its_quotes_and_the_characters_that_excel_escapes() -> None:
    notes = 'a "b", c\nd\te'
    assert one_row([text("X"), *[""] * 5, text(notes)], every_type())["notes"] == notes
    assert one_row([text("X"), *[""] * 5, text("a_x0009_b_x005F_x000D_")], every_type())["notes"] == "a\tb_x000D_"


def test_a_moment_without_an_offset_is_rejected_where_one_is_required() -> None:
    (found,) = read(orders([*CELLS, number(46346.5, MOMENT), ""])).rejects
    assert found.reasons == [
        'ordered_at "2026-11-20T12:00:00" must be a date and time with its offset from UTC, such as '
        "2026-03-31T14:05:00+02:00"
    ]


@pytest.mark.parametrize("name", ["#N/A", "#DIV/0!", "#REF!"])
def test_an_error_in_a_cell_is_rejected_by_its_name_in_every_column(name: str) -> None:
    in_text = [*CELLS, MOMENT_TEXT, error(name)]
    in_number = [*CELLS[:3], error(name), *GOOD[4:]]
    found = read(orders(GOOD, in_text, GOOD, in_number))
    assert len(found.rows) == 2
    assert [each.line_number for each in found.rejects] == [3, 5]
    assert found.rejects[0].reasons == [f"notes is an error of the spreadsheet, {name}"]
    assert f"quantity is an error of the spreadsheet, {name}" in found.rejects[1].reasons


@pytest.mark.parametrize("is_", ["='{}'", ' = "{}"', "\n=\t'{}'"])
def test_attributes_may_be_written_in_any_way_that_xml_allows(is_: str) -> None:
    cells = [number(123, FIVE_DIGITS), *CELLS[1:], MOMENT_TEXT]
    never = 't="str"><f>A1</f><v></v>'
    data = sheet_data({1: NAMES, 2: [*cells, text("x")], 3: [*cells, error("#N/A")], 4: [*cells, never]})
    same = re.sub(r'(?<=[ "\'])([rst])="(\w+)"', lambda match: match[1] + is_.format(match[2]), data)
    assert same.count('="') < data.count('="') / 4
    plain, other = (read(workbook({"A": each})) for each in (data, same))
    assert (other.rows, other.rejects) == (plain.rows, plain.rejects)
    assert [row["order_id"] for row in other.rows] == ["00123", "00123"]
    assert [each.reasons for each in other.rejects] == [["notes is an error of the spreadsheet, #N/A"]]


def test_an_error_in_a_column_that_is_ignored_is_no_reason() -> None:
    data = workbook({"A": sheet_data({1: [*NAMES, text("margin")], 2: [*GOOD, error("#DIV/0!")]})})
    assert (len(read(data).rows), read(data).rejects) == (1, [])


def test_a_long_text_keeps_its_lines() -> None:
    notes = "é\n" * 5_000
    dataset = every_type()
    assert one_row([text("X"), *[""] * 5, text(notes)], dataset)["notes"] == notes


def test_the_line_of_a_reject_is_the_row_of_the_sheet() -> None:
    bad = [*GOOD[:3], number(0), *GOOD[4:7], text("two\nlines\n")]
    lines = [*GOOD[:7], text("two\nlines")]
    rows = {3: NAMES, 5: lines, 6: bad, 7: lines, 9: bad, 10: [*GOOD[:7], text("x\n" * 40_000)], 11: bad}
    found = read(workbook({"A": sheet_data(rows)}))
    assert [each.line_number for each in found.rejects] == [6, 9, 10, 11]
    assert len(found.rows) == 2


def test_columns_need_not_begin_at_a() -> None:
    shifted = sheet_data({2: ["", "", *NAMES], 3: ["", "", *GOOD], 4: ["", "", *CELLS, MOMENT_TEXT, error("#N/A")]})
    found = read(workbook({"A": shifted}))
    assert (len(found.rows), [each.line_number for each in found.rejects]) == (1, [4])


def test_the_only_sheet_with_cells_is_read_and_several_are_refused_by_name() -> None:
    data = sheet_data({1: NAMES, 2: GOOD})
    assert len(read(workbook({"Notes": "", "Orders": data, "Lists": data}, hidden=("Lists",))).rows) == 1
    with pytest.raises(RefusedError, match='several sheets with cells, "May", "June":'):
        read(workbook({"May": data, "June": data}))
    with pytest.raises(RefusedError, match="is empty"):
        read(workbook({"A": ""}))


def test_lines_before_the_header_are_refused_with_its_row() -> None:
    with pytest.raises(RefusedError, match="line 3 looks like it"):
        read(workbook({"A": sheet_data({1: [text("Report")], 3: NAMES, 4: GOOD})}))


def test_a_formula_that_was_never_calculated_is_refused() -> None:
    for cell in ("><f>1+1</f>", "><f>1+1</f><v></v>", "><f>1+1</f><v/>"):
        with pytest.raises(RefusedError, match="formulas without values, first in H2"):
            read(orders([*GOOD[:7], cell]))
    assert len(read(orders([*GOOD[:7], 't="str"><f>A1&amp;""</f><v></v>'])).rows) == 1


@pytest.mark.parametrize("cell", ["><f>D2*2</f><v>0</v>", "><f>D2*2</f><v>7</v>", 't="str"><f>A1&amp;""</f><v>a</v>'])
def test_formulas_are_refused_if_the_workbook_says_that_they_must_be_calculated(cell: str) -> None:
    data = sheet_data({1: NAMES, 2: [*GOOD[:7], cell]})
    assert len(read(workbook({"A": data}, properties='<calcPr calcId="191029"/>')).rows) == 1
    asked = '<calcPr calcId="124519" fullCalcOnLoad="1"/>'
    with pytest.raises(RefusedError, match="formulas that were never calculated, first in H2: open it in Excel"):
        read(workbook({"A": data}, properties=asked))
    assert len(read(workbook({"A": sheet_data({1: NAMES, 2: GOOD})}, properties=asked)).rows) == 1


def test_a_number_is_read_without_groups() -> None:
    fields = [{"name": "count", "type": "integer", "groupChar": "."}]
    schema = {"fieldsMatch": "partial", "primaryKey": "count", "fields": fields}
    dataset = parse(json.dumps(schema), name="counts", path="schema.json")
    cells = {1: [text("count")], 2: [number(12.345)], 3: [number(12345)], 4: [text("12.345")]}
    found = read(workbook({"A": sheet_data(cells)}), dataset=dataset)
    assert [row["count"] for row in found.rows] == ["12345", "12345"]
    assert [each.line_number for each in found.rejects] == [2]


class TestLimits:
    """A workbook is refused by its size before it takes memory."""

    @pytest.mark.parametrize(
        "cells",
        [
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
            '<row r="1"><c r="A1"><v>1</v></c><c r="XFD99999999999"><v>1</v></c></row>',
            "<row>" + "<c><v>1</v></c>" * 200 + "</row>" + "<row/>" * 50_000 + "<row><c><v>1</v></c></row>",
        ],
    )
    def test_cells_far_apart_are_refused(self, cells: str) -> None:
        with pytest.raises(RefusedError, match="the limit is 8,000,000"):
            read(workbook({"A": cells}))

    def test_the_unpacked_size_is_limited_before_anything_is_unpacked(self) -> None:
        with pytest.raises(RefusedError, match="when it is unpacked; the limit is 128 MiB"):
            read(workbook({"A": sheet_data({1: NAMES})}, more={"xl/media/a": bytes(130 * 1024 * 1024)}))

    def test_the_number_of_parts_is_limited_before_they_are_listed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(zipfile, "ZipFile")
        with pytest.raises(RefusedError, match="more than 10,000 parts"):
            read(spreadsheet.MAGIC + b"PK\x01\x02" * 10_001)

    def test_a_part_that_is_larger_than_it_says_is_refused(self) -> None:
        data = orders(GOOD)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = archive.getinfo("xl/workbook.xml").file_size
        changed = data.replace(size.to_bytes(4, "little"), (size - 10).to_bytes(4, "little"))
        with pytest.raises(RefusedError, match="damaged"):
            read(changed)

    def test_a_large_file_is_not_held_in_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(spreadsheet, "MAX_FILE_BYTES", 1_000)
        with pytest.raises(RefusedError, match="a ZIP archive or an Excel workbook with more than"):
            read([orders(GOOD)[at : at + 500] for at in range(0, 5_000, 500)])


def style_sheet(codes: list[str], styles: int) -> bytes:
    formats = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{code}"/>' for at, code in enumerate(codes))
    cells = '<xf numFmtId="164"/>' * styles
    return f"<s><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></s>".encode()


def shared_texts(texts: str, cells: str) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="t" Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    more = {"xl/sharedStrings.xml": f'<sst xmlns="{main}">{texts}</sst>', "xl/_rels/workbook.xml.rels": relations}
    return workbook({"A": cells}, more={name: part.encode() for name, part in more.items()})


def with_text_changed(data: bytes, before: str, after: str) -> bytes:
    """The workbook with a text changed in the names and the content of its parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in archive.namelist():
            changed.writestr(name.replace(before, after), archive.read(name).replace(before.encode(), after.encode()))
    return out.getvalue()


class TestHostileWorkbooks:
    """A few kilobytes can neither hold a loader for minutes nor fill its memory. Each of these did."""

    @pytest.mark.parametrize(
        ("cells", "more"),
        [
            ("<c " + 't="e"' * 40_000 + "/>", {}),
            ("<c " + 't="e"' * 40_000 + "<", {}),
            ("<c " + 't="s"' * 40_000 + "<", {"xl/sharedStrings.xml": b"a" * 10_000_000}),
            ('<c t="e">' * 60_000, {}),
            ('<c t="e">' * 60_000 + "</c>", {}),
            ("<c><f/>" + " " * 150_000 + "<x>", {}),
            ("<c><f/><v>" + " " * 150_000 + "<x>", {}),
            (f'<c r="{"A" * 400_000}"/>', {}),
            (f'<c r="A{"9" * 400_000}"/>', {}),
            ("<c>", {"xl/styles.xml": style_sheet(["_a" * 20_000], 20_000)}),
            ('<c s="99999"/>' * 40_000, {"xl/styles.xml": style_sheet(["000"], 20_000)}),
            ("<c " + 's="99999"' * 40_000 + "/>", {"xl/styles.xml": style_sheet(["000"], 20_000)}),
        ],
    )
    def test_the_time_is_in_proportion_to_the_unpacked_size(self, cells: str, more: dict[str, bytes]) -> None:
        data = workbook({"A": sheet_data({1: NAMES}).replace("c>", "x>") + cells}, more=more)
        began = time.process_time()
        with pytest.raises(RefusedError):
            read(data)
        assert time.process_time() - began < 2

    @pytest.mark.parametrize(
        ("texts", "cell"),
        [
            (f"<si><t>{'x' * 30_000}</t></si>", '<c t="s"><v>0</v></c>'),
            (f"<si/><si><t>{'x' * 30_000}</t></si><si/>", '<c t="s"><v>1</v></c>'),
            (f"<si><t>{'x' * 30_000}</t></si>", "<c t='s'><v>&#48;</v></c>"),
            (f"<si><t><![CDATA[{'</si>' * 6_000}]]></t></si>", '<c t="s"><v>0</v></c>'),
            (f"<si><t>{'x' * 30_000_000}</t></si>", '<c t="s"><v>0</v></c>'),
        ],
    )
    def test_a_text_that_cells_share_is_counted_for_each_of_them(self, texts: str, cell: str) -> None:
        with pytest.raises(RefusedError, match="more than 256 MiB together"):
            read(shared_texts(texts, f"<row>{cell * 10_000}</row>"))

    def test_many_cells_may_share_short_texts_beside_a_long_one(self) -> None:
        texts = "".join(f"<si><t>{name}</t></si>" for name in HEADER.decode().strip().split(","))
        header = "".join(f'<c t="s"><v>{at}</v></c>' for at in range(8))
        row = "".join(f"<c {cell}</c>" for cell in (*GOOD[:7], 't="s"><v>8</v>'))
        data = shared_texts(
            f"{texts}<si><t>gift</t></si><si><t>{'x' * 30_000_000}</t></si>",
            f"<row>{header}</row>{''.join(f'<row>{row}</row>' for _ in range(100))}",
        )
        assert [each["notes"] for each in read(data).rows] == ["gift"] * 100

    def test_a_row_that_is_too_long_is_not_written_whole(self) -> None:
        data = shared_texts(
            f"<si><t>{'x' * 1_000_000}</t></si>",
            sheet_data({1: NAMES}) + "<row>" + '<c t="s"><v>0</v></c>' * 40 + "</row>",
        )
        tracemalloc.start()
        try:
            (rejected,) = read(data).rejects
            assert rejected.reasons == ["the row is longer than 64 KiB, or a quote is never closed"]
            assert tracemalloc.get_traced_memory()[1] < 60_000_000
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize(
        "part", ["XL/worksheets/sheet1.xml", "xl/worksheets/Sheet1.XML", "xl\\worksheets\\sheet1.xml"]
    )
    def test_the_part_that_is_checked_is_the_one_that_the_library_reads(self, part: str) -> None:
        with pytest.raises(RefusedError, match="two parts have the same name"):
            read(workbook({"A": sheet_data({1: NAMES, 2: GOOD})}, more={part: b"<x/>"}))

    def test_the_sheet_that_is_checked_is_the_one_that_the_library_reads(self) -> None:
        data = workbook({"A": sheet_data({1: NAMES, 2: GOOD}), "B": ""}, hidden=("B",))
        changed = {'name="B"': 'name="A"', 'Id="r2"': 'Id="r1"'}
        for before, after in changed.items():
            with pytest.raises(RefusedError, match="have the same"):
                read(with_text_changed(data, before, after))

    @pytest.mark.parametrize("part", ["xl/SharedStrings.xml", "xl\\sharedStrings.xml"])
    def test_shared_texts_are_counted_under_any_name_that_the_library_finds(self, part: str) -> None:
        data = shared_texts(f"<si><t>{'x' * 30_000}</t></si>", "<row>" + '<c t="s"><v>0</v></c>' * 10_000 + "</row>")
        with pytest.raises(RefusedError, match="more than 256 MiB together"):
            read(with_text_changed(data, "xl/sharedStrings.xml", part))

    def test_a_part_that_is_read_as_a_tree_is_limited(self) -> None:
        with pytest.raises(RefusedError, match=r"styles\.xml of the Excel workbook has more than 8 MiB"):
            read(workbook({"A": sheet_data({1: NAMES})}, more={"xl/styles.xml": b"<a/>" * 3_000_000}))


@pytest.mark.parametrize("cut", [10, 100, 500, -10])
def test_a_damaged_workbook_is_refused(cut: int) -> None:
    with pytest.raises(RefusedError, match="damaged"):
        read(orders(GOOD)[:cut])


def test_the_library_is_imported_only_for_a_workbook() -> None:
    code = "import sys, ingestion.reader; sys.exit('python_calamine' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": f".{os.pathsep}lambda_src"}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
