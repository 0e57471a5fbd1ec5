"""What becomes of whole files: headers, refusals, rejects and how they are kept."""

from __future__ import annotations

import itertools
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.order_file import KEPT_REJECTS, MAX_RAW_BYTES, OrderFile, Reject, as_text
from ingestion.refusal import RefusedError
from tests.support.reading import HEADER, ROW, read
from tests.unit.lambda_src.ingestion.test_order_row import GOOD

STORED = GOOD | {"ordered_at": "2026-03-31T12:05:00+00:00"}


def rows(data: bytes) -> list[dict[str, str]]:
    found = read(data)
    assert found.rejects == []
    return found.rows


def reject(data: bytes) -> Reject:
    found = read(data)
    assert found.rows == []
    (only,) = found.rejects
    return only


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedError) as caught:
        read(data)
    return str(caught.value)


def test_a_good_row_becomes_a_line_for_copy() -> None:
    (found,) = rows(HEADER + ROW + b"gift\n")
    assert found == GOOD | {"quantity": "2", "notes": "gift", "sku": "MUG"}


def test_what_copy_would_misread_is_quoted() -> None:
    (found,) = rows(HEADER + ROW + b'"a\tb\\N\r\n""c""\n\\.\n"\n')
    assert found["notes"] == 'a\tb\\N\r\n"c"\n\\.\n'


def test_a_backslash_dot_line_ends_nothing() -> None:
    found = read(HEADER + b"\\.\n" + ROW + b"\n")
    assert (len(found.rows), len(found.rejects)) == (1, 1)


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_any_delimiter_line_end_and_byte_order_mark_give_the_same_rows(
    delimiter: bytes, end: bytes, mark: bytes
) -> None:
    data = mark + (HEADER + ROW + b"x\n").replace(b",", delimiter).replace(b"\n", end)
    assert rows(data) == rows(HEADER + ROW + b"x\n")


def test_mixed_line_ends_are_understood() -> None:
    assert len(rows(HEADER[:-1] + b"\r\n" + ROW + b"\n" + ROW + b"\r\n" + ROW)) == 3


def test_columns_may_stand_in_any_order_and_others_are_ignored_and_noted() -> None:
    names = HEADER.decode().strip().split(",")
    values = ROW.decode().split(",")
    both = [*zip(names, values, strict=True), ("colour", "red"), ("Ware, house", "3")]
    both = both[5:] + both[:5]
    data = "\n".join(",".join(f'"{each}"' for each in part) for part in zip(*both, strict=True))
    found = read(data.encode())
    assert found.rows[0] == rows(HEADER + ROW)[0]
    assert found.file.note == "Columns colour, Ware, house ignored."


def test_notes_may_be_left_out() -> None:
    data = HEADER.replace(b",notes", b"") + ROW[:-1] + b"\n"
    assert rows(data) == rows(HEADER + ROW + b"\n")


def test_the_line_of_a_reject_is_the_first_of_its_record() -> None:
    data = HEADER + ROW + b'"two\nlines"\n' + b"\n" + b",,,,,,,\n" + ROW + b'"bad\n'
    assert [each.line_number for each in read(data).rejects] == [5, 6]


@pytest.mark.parametrize("values", [b"a,b\n", ROW + b",more\n"])
def test_a_row_with_too_few_or_too_many_values_says_how_many(values: bytes) -> None:
    found = reject(HEADER + values)
    assert found.reasons == [f"the row has {len(values.split(b','))} values, and the header has 8 columns"]


def test_a_row_that_is_no_utf8_is_a_reject_with_its_bytes_and_all_its_reasons() -> None:
    found = reject(HEADER + ROW.replace(b"12.50", b"x") + b"caf\xe9\n")
    assert found.raw.endswith(",caf\\xe9")
    assert len(found.reasons) == 2
    assert "\\xe9" in found.reasons[0]


def test_a_nul_is_a_reason_and_is_kept_readable() -> None:
    found = reject(HEADER + ROW + b"a\0b\n")
    assert found.raw.endswith("a\\x00b")
    assert "NUL" in found.reasons[0]


def test_empty_lines_are_no_rows_but_a_line_of_nothing_but_delimiters_is() -> None:
    assert rows(HEADER + b"\n  \r\n\n") == []
    found = reject(HEADER.replace(b",", b"\t") + b"\t\t\t\t\t\t\t\n")
    assert len(found.reasons) == 7


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
        (b"\x1f\x8brest", "twice"),
        (b'[{"order_id": "1"}]\n', "JSON array"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"%PDF-1.7\nx", "no file of orders"),
        (b"Dear shop,\nplease send two mugs\n", "no file of orders"),
        (HEADER.replace(b"\n", b",caf\xe9\n"), "not UTF-8"),
        (HEADER.replace(b"\n", b"\r") + ROW, "carriage return"),
        (b'order_id,"sku\n', "never closed"),
        (HEADER[:-1] + b"," + b"x" * 70_000, "64 KiB"),
    ],
)
def test_a_file_that_can_not_be_taken_is_refused_with_its_reason(data: bytes, words: str) -> None:
    assert words in refusal(data)


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([HEADER, ROW, b'"', b"\n", b",", b";", b"{}"]))))
def test_no_bytes_crash_the_reader(parts: list[bytes]) -> None:
    for beginning in (b"", HEADER, b"{"):
        try:
            found = read([beginning, *parts] if beginning else parts)
        except RefusedError as error:
            assert str(error)
            continue
        for each in found.rejects:
            assert each.reasons
            assert each.line_number >= 1
            assert "\0" not in each.raw


class TestJsonLines:
    """One object a line, with the fields that a CSV has columns for."""

    def test_the_same_fields_make_the_same_row(self) -> None:
        assert rows(json.dumps(GOOD).encode() + b"\n") == [STORED]

    def test_a_number_may_stand_as_a_number_or_as_text_and_keeps_its_digits(self) -> None:
        line = json.dumps(GOOD).replace('"2"', "2").replace('"12.50"', "12.50")
        assert rows(line.encode()) == [STORED]
        assert reject(line.replace("12.50", "12.500000000000000001").encode()).reasons[0].startswith("unit_price ")
        assert reject(line.replace("12.50", "1e2").encode()).reasons[0].startswith("unit_price ")

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("1001", "text in quotes"),
            ("true", "true or false"),
            ("[]", "a list"),
            ("{}", "an object"),
            ("null", "missing"),
        ],
    )
    def test_another_kind_of_value_is_named(self, value: str, words: str) -> None:
        (reason,) = reject(json.dumps(GOOD).replace('"A-1"', value).encode()).reasons
        assert reason.startswith("order_id ")
        assert words in reason

    @pytest.mark.parametrize(
        "line", [b"{", b"{}}", b"[1]", b"1", b'{"order_id": "\n', b"{" * 60_000, b'{"a": ' + b"[" * 60_000, b"nul\xffl"]
    )
    def test_what_is_no_object_is_a_reject_of_its_line_only(self, line: bytes) -> None:
        good = json.dumps(GOOD).encode()
        found = read(good + b"\n" + line.replace(b"\n", b"") + b"\n\n" + good + b"\n")
        assert [each.line_number for each in found.rejects] == [2]
        assert len(found.rows) == 2

    def test_a_field_that_stands_twice_is_refused_whichever_is_meant(self) -> None:
        (reason,) = reject(json.dumps(GOOD).replace("{", '{"sku": "MUG", ').encode()).reasons
        assert reason == "sku stands more than once"

    def test_names_are_compared_as_a_headers_are(self) -> None:
        assert rows(json.dumps({f" {name.upper()} ": value for name, value in GOOD.items()}).encode()) == [STORED]

    def test_only_the_first_eight_layouts_run_through(self) -> None:
        lines = [json.dumps(GOOD | {f"extra{number}": 1}) for number in range(20)]
        found = read("".join(f"{line}\n" for line in lines * 2).encode())
        assert (len(found.rows), len(found.file._form.sieves)) == (40, 8)

    def test_an_empty_object_lacks_every_required_field(self) -> None:
        assert len(reject(b"{}").reasons) == 7

    def test_other_fields_are_ignored_and_noted_once_each(self) -> None:
        lines = [json.dumps(GOOD | {name: {"a": [1]}}) for name in ("colour", "size", "colour")]
        found = read("\n".join(lines).encode())
        assert len(found.rows) == 3
        assert found.file.note == "Columns colour, size ignored."

    @pytest.mark.parametrize("spelled", ["\\u0000", "\\ud800", "\\udc80"])
    def test_what_can_not_be_stored_is_a_reason(self, spelled: str) -> None:
        (reason,) = reject(json.dumps(GOOD | {"notes": "x"}).replace('"x"', f'"{spelled}"').encode()).reasons
        assert "can't be stored" in reason

    def test_a_line_over_64_kib_is_one_reject(self) -> None:
        long = json.dumps(GOOD | {"notes": "x" * 70_000}).encode()
        found = read(long + b"\n" + json.dumps(GOOD).encode())
        assert [(each.line_number, len(each.raw)) for each in found.rejects] == [(1, MAX_RAW_BYTES)]
        assert found.rejects[0].reasons == ["the line is longer than 64 KiB"]
        assert len(found.rows) == 1


class TestTooManyRejects:
    """A file that is mostly wrong is refused, and its sender is told when."""

    BAD = b"bad\n"

    def test_twenty_rejects_are_always_allowed(self) -> None:
        assert len(read(HEADER + self.BAD * 20, max_rejected_percent=1).rejects) == 20
        with pytest.raises(RefusedError, match="21 of the first 21,"):
            read(HEADER + self.BAD * 21, max_rejected_percent=1)

    def test_the_share_may_be_reached_but_not_passed(self) -> None:
        good = ROW + b"\n"
        assert len(read(HEADER + self.BAD * 30 + good * 70, max_rejected_percent=30).rejects) == 30
        with pytest.raises(RefusedError, match="31 of the first 101, and at most 30 % may be"):
            read(HEADER + self.BAD * 31 + good * 70, max_rejected_percent=30)

    def test_it_is_judged_at_every_ten_thousandth_record_whatever_runs_past_it(self) -> None:
        good = ROW + b"\n"
        # 1,100 of 10,000 are too many, though of all 50,000 they would not be.
        data = HEADER + self.BAD * 1_100 + good * 48_900
        with pytest.raises(RefusedError, match="1,100 of the first 10,000,"):
            read(data, max_rejected_percent=10)
        with pytest.raises(RefusedError, match="1,100 of the first 10,000,"):
            read((data[at : at + 1_000_000] for at in range(0, len(data), 1_000_000)), max_rejected_percent=10)
        later = HEADER + good * 10_000 + self.BAD * 1_100 + good * 38_900
        assert len(read(later, max_rejected_percent=10).rejects) == 1_100

    def test_the_first_thousand_rejects_of_the_file_are_at_hand(self) -> None:
        found = read(HEADER + b"".join(b"bad %d\n" % number for number in range(3_000)))
        assert [each.raw for each in found.file.first_rejects] == [f"bad {number}" for number in range(KEPT_REJECTS)]
        assert found.file.rejected == 3_000


def test_a_line_without_end_is_one_reject_in_bounded_memory() -> None:
    for beginning in (HEADER, json.dumps(GOOD).encode() + b"\n"):
        file = OrderFile(
            itertools.chain([beginning], itertools.repeat(b"x" * 65_536, 200), [b"\n"]),
            file_id=1,
            max_rejected_percent=100,
        )
        tracemalloc.start()
        rejects = [each for chunk in file.chunks() for each in chunk.rejects]
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [each.line_number for each in rejects] == [2]
        assert most < 1_000_000


def test_blanks_around_a_name_in_the_header_and_its_capitals_mean_nothing() -> None:
    assert rows(HEADER.replace(b"sku", b" SKU\t") + ROW + b"\n") == rows(HEADER + ROW + b"\n")


def test_lines_are_counted_from_the_first_even_where_it_is_empty() -> None:
    found = read(b"\n  \n" + HEADER + ROW + b"\nbad\n")
    assert [each.line_number for each in found.rejects] == [5]


def test_a_row_whose_first_value_is_blank_and_that_has_too_few_is_no_empty_line() -> None:
    assert len(read(HEADER + b" ,a\n").rejects) == 1


def test_rejects_are_handed_on_before_there_are_very_many() -> None:
    file = OrderFile([HEADER + b"bad\n" * 2_000], file_id=1, max_rejected_percent=100)
    assert max(len(chunk.rejects) for chunk in file.chunks()) <= 500
