"""What becomes of whole files: headers, refusals, rejects and how they are kept."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_intake.order_file import MAX_RAW_BYTES, OrderFile, RefusedError, Reject, as_text

HEADER = b"order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes\n"
ROW = b"A-1,ada@example.com,MUG,2,12.50,EUR,2026-03-31T14:05:00+02:00,"


def rows(data: bytes) -> list[str | Reject]:
    return list(OrderFile([data]).rows())


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedError) as caught:
        OrderFile([data])
    return str(caught.value)


def test_a_good_row_becomes_a_line_for_copy() -> None:
    assert rows(HEADER + ROW + b"gift\n") == [
        "2\tA-1\tada@example.com\tMUG\t2\t12.50\tEUR\t2026-03-31T14:05:00+02:00\tgift\n"
    ]


def test_what_copy_would_misread_is_escaped() -> None:
    (line,) = rows(HEADER + ROW + b'"a\tb\\N\r\nc\\."\n')
    assert isinstance(line, str)
    assert line.endswith("\ta\\tb\\\\N\\r\\nc\\\\.\n")


def test_a_backslash_dot_line_ends_nothing() -> None:
    found = rows(HEADER + b"\\.\n" + ROW + b"\n")
    assert isinstance(found[0], Reject)
    assert isinstance(found[1], str)


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_delimiter_line_end_and_byte_order_mark_give_the_same_rows(
    delimiter: bytes, end: bytes, mark: bytes
) -> None:
    data = mark + (HEADER + ROW + b"x\n").replace(b",", delimiter).replace(b"\n", end)
    assert rows(data) == rows(HEADER + ROW + b"x\n")


def test_mixed_line_ends_are_understood() -> None:
    assert all(isinstance(each, str) for each in rows(HEADER[:-1] + b"\r\n" + ROW + b"\n" + ROW + b"\r\n" + ROW))


def test_columns_may_stand_in_any_order_and_others_are_ignored_and_noted() -> None:
    names = HEADER.decode().strip().split(",")
    values = ROW.decode().split(",")
    both = [*zip(names, values, strict=True), ("colour", "red"), ("Ware, house", "3")]
    both = both[5:] + both[:5]
    data = "\n".join(",".join(f'"{each}"' for each in part) for part in zip(*both, strict=True))
    file = OrderFile([data.encode()])
    assert list(file.rows()) == rows(HEADER + ROW)
    assert file.note == "Columns colour, Ware, house ignored."


def test_notes_may_be_left_out() -> None:
    data = HEADER.replace(b",notes", b"") + ROW[:-1] + b"\n"
    assert rows(data) == rows(HEADER + ROW + b"\n")


def test_the_line_of_a_reject_is_the_first_of_its_record() -> None:
    data = HEADER + ROW + b'"two\nlines"\n' + b"\n" + b",,,,,,,\n" + ROW + b'"bad\n'
    assert [each.line_number for each in rows(data) if isinstance(each, Reject)] == [5, 6]


@pytest.mark.parametrize("values", [b"a,b\n", ROW + b",more\n"])
def test_a_row_with_too_few_or_too_many_values_says_how_many(values: bytes) -> None:
    (reject,) = rows(HEADER + values)
    assert isinstance(reject, Reject)
    assert reject.reasons == [f"the row has {len(values.split(b','))} values, and the header has 8 columns"]


def test_a_row_that_is_no_utf8_is_a_reject_with_its_bytes_and_all_its_reasons() -> None:
    (reject,) = rows(HEADER + ROW.replace(b"12.50", b"x") + b"caf\xe9\n")
    assert isinstance(reject, Reject)
    assert reject.raw.endswith(",caf\\xe9")
    assert len(reject.reasons) == 2
    assert "\\xe9" in reject.reasons[0]


def test_a_nul_is_a_reason_and_is_kept_readable() -> None:
    (reject,) = rows(HEADER + ROW + b"a\0b\n")
    assert isinstance(reject, Reject)
    assert reject.raw.endswith("a\\x00b")
    assert "NUL" in reject.reasons[0]


def test_empty_lines_are_no_rows_but_a_line_of_nothing_but_delimiters_is() -> None:
    assert rows(HEADER + b"\n  \r\n\n") == []
    (reject,) = rows(HEADER.replace(b",", b"\t") + b"\t\t\t\t\t\t\t\n")
    assert isinstance(reject, Reject)
    assert len(reject.reasons) == 7


@given(st.binary(max_size=9000))
def test_a_kept_row_has_at_most_4_kib_and_is_text_that_postgresql_takes(raw: bytes) -> None:
    text = as_text(raw)
    assert len(text.encode()) <= MAX_RAW_BYTES
    assert "\0" not in text


def test_a_kept_row_is_cut_between_characters() -> None:
    assert as_text("é".encode() * 4000) == "é" * 2048
    assert as_text(b"x" + "é".encode() * 4000) == "x" + "é" * 2047


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n \r\n", "empty"),
        (HEADER.replace(b"quantity,", b""), "Column quantity is missing."),
        (HEADER.replace(b"quantity,", b"").replace(b"sku,", b""), "Columns sku, quantity are missing."),
        (HEADER.replace(b"sku", b"sku,SKU"), "more than once"),
        (HEADER.decode().encode("utf-16"), "UTF-16"),
        (HEADER.decode().encode("utf-16-le"), "UTF-16"),
        (HEADER.decode().encode("utf-16-be"), "UTF-16"),
        (HEADER.decode().encode("utf-32"), "UTF-32"),
        (gzip.compress(HEADER), "gzip"),
        (b'{"order_id": "1"}\n', "JSON"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"%PDF-1.7\nx", "no CSV of orders"),
        (b"Dear shop,\nplease send two mugs\n", "no CSV of orders"),
        (HEADER.replace(b"\n", b",caf\xe9\n"), "not UTF-8"),
        (HEADER.replace(b"\n", b"\r") + ROW, "carriage return"),
        (b'order_id,"sku\n', "never closed"),
        (HEADER[:-1] + b"," + b"x" * 70_000, "64 KiB"),
    ],
)
def test_a_file_that_can_not_be_taken_is_refused_with_its_reason(data: bytes, words: str) -> None:
    assert words in refusal(data)


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([HEADER, ROW, b'"', b"\n", b",", b";"]))))
def test_no_bytes_crash_the_reader(parts: list[bytes]) -> None:
    for beginning in (b"", HEADER):
        try:
            found = list(OrderFile([beginning, *parts]).rows())
        except RefusedError as error:
            assert str(error)
            continue
        for each in found:
            assert isinstance(each, str) or (each.reasons and each.line_number > 1 and "\0" not in each.raw)
