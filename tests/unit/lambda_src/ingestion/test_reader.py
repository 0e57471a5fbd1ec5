"""Reads whole files: headers, refusals, and rejected rows with what is stored of them."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.reader import ALWAYS_ALLOWED_REJECTS, KEPT_REJECTS, MAX_RAW_BYTES, DatasetReader, RejectedRow, as_text
from ingestion.refusal import RefusedError
from tabular.declaration import parse
from tests.support.reading import HEADER, ORDERS, ROW, read
from tests.unit.lambda_src.ingestion.test_row_rules import GOOD

STORED = GOOD | {"ordered_at": "2026-03-31T12:05:00+00:00"}


def rows(data: bytes) -> list[dict[str, str]]:
    found = read(data)
    assert found.rejects == []
    return found.rows


def reject(data: bytes) -> RejectedRow:
    found = read(data)
    assert found.rows == []
    (only,) = found.rejects
    return only


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedError) as caught:
        read(data)
    return str(caught.value)


def test_a_valid_row_becomes_a_line_for_copy() -> None:
    (found,) = rows(HEADER + ROW + b"gift\n")
    assert found == GOOD | {"quantity": "2", "notes": "gift", "sku": "MUG"}


def test_characters_that_copy_would_misread_are_quoted() -> None:
    (found,) = rows(HEADER + ROW + b'"a\tb\\N\r\n""c""\n\\.\n"\n')
    assert found["notes"] == 'a\tb\\N\r\n"c"\n\\.\n'


def test_a_line_with_backslash_dot_does_not_end_the_data() -> None:
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


def test_mixed_line_ends_are_accepted() -> None:
    assert len(rows(HEADER[:-1] + b"\r\n" + ROW + b"\n" + ROW + b"\r\n" + ROW)) == 3


def test_columns_may_be_in_any_order_and_unknown_ones_are_ignored_with_a_note() -> None:
    names = HEADER.decode().strip().split(",")
    values = ROW.decode().split(",")
    both = [*zip(names, values, strict=True), ("colour", "red"), ("Ware, house", "3")]
    both = both[5:] + both[:5]
    data = "\n".join(",".join(f'"{each}"' for each in part) for part in zip(*both, strict=True))
    found = read(data.encode())
    assert found.rows[0] == rows(HEADER + ROW)[0]
    assert found.file.format.note == "Columns colour, Ware, house were ignored."


def test_notes_may_be_left_out() -> None:
    data = HEADER.replace(b",notes", b"") + ROW[:-1] + b"\n"
    assert rows(data) == rows(HEADER + ROW + b"\n")


def test_the_line_number_of_a_rejected_row_is_that_of_its_first_line() -> None:
    data = HEADER + ROW + b'"two\nlines"\n' + b"\n" + b",,,x,,,,\n" + ROW + b'"bad\n'
    assert [each.line_number for each in read(data).rejects] == [5, 6]


@pytest.mark.parametrize("values", [b"a,b\n", ROW + b",more\n"])
def test_a_row_with_too_few_or_too_many_values_says_how_many(values: bytes) -> None:
    found = reject(HEADER + values)
    assert found.reasons == [f"the row has {len(values.split(b','))} values, but the header has 8 columns"]


def test_a_row_that_is_not_utf8_is_rejected_with_its_bytes_and_every_reason() -> None:
    found = reject(HEADER + ROW.replace(b"12.50", b"x") + b"caf\xe9\n")
    assert found.raw.endswith(",caf\\xe9")
    assert len(found.reasons) == 2
    assert "\\xe9" in found.reasons[0]


def test_a_nul_is_a_reason_and_is_stored_readable() -> None:
    found = reject(HEADER + ROW + b"a\0b\n")
    assert found.raw.endswith("a\\x00b")
    assert "NUL" in found.reasons[0]


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|"])
def test_empty_lines_and_lines_of_delimiters_count_as_nothing(delimiter: bytes) -> None:
    header = HEADER.replace(b",", delimiter)
    assert rows(header + b"\n  \r\n\n" + delimiter * 7 + b"\n" + delimiter * 3 + b" \n") == []
    assert len(reject(header + delimiter * 3 + b"x" + delimiter * 4 + b"\n").reasons) == 7


@given(st.binary(max_size=9000))
def test_a_stored_row_has_at_most_4_kib_and_is_text_that_postgresql_accepts(raw: bytes) -> None:
    text = as_text(raw)
    assert len(text.encode()) <= MAX_RAW_BYTES
    assert "\0" not in text


def test_a_stored_row_is_cut_between_characters() -> None:
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
        (HEADER.decode().encode("utf-16-le"), "UTF-16"),
        (HEADER.decode().encode("utf-16-be"), "UTF-16"),
        (HEADER.decode().encode("utf-32"), "UTF-32"),
        (b"\x1f\x8brest", "twice"),
        (b"PK\x03\x04rest", "workbook is damaged"),
        (b"%PDF-1.7\nx", "a PDF document"),
        (b"Dear shop,\nplease send two mugs\n", "format is not recognized"),
        (HEADER.replace(b"\n", b",caf\xe9\n"), "not UTF-8"),
        (HEADER.replace(b"\n", b"\r") + ROW, "carriage return"),
        (b'order_id,"sku\n', "never closed"),
        (HEADER[:-1] + b"," + b"x" * 70_000, "64 KiB"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_refused_with_the_reason(data: bytes, words: str) -> None:
    assert words in refusal(data)


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([HEADER, ROW, b'"', b"\n", b",", b";", b"{}"]))))
def test_no_bytes_cause_any_other_error(parts: list[bytes]) -> None:
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
    """One object per line, with the names of the CSV columns."""

    def test_the_same_values_make_the_same_row(self) -> None:
        assert rows(json.dumps(GOOD).encode() + b"\n") == [STORED]

    def test_a_number_may_be_a_number_or_text_and_keeps_its_digits(self) -> None:
        line = json.dumps(GOOD).replace('"2"', "2").replace('"12.50"', "12.50")
        assert rows(line.encode()) == [STORED]
        assert reject(line.replace("12.50", "12.500000000000000001").encode()).reasons[0].startswith("unit_price ")
        assert reject(line.replace("12.50", "1e2").encode()).reasons[0].startswith("unit_price ")

    def test_a_number_has_no_groups_and_its_decimals_follow_a_dot(self) -> None:
        fields = [
            {"name": "count", "type": "integer", "groupChar": "."},
            {"name": "price", "type": "number", "groupChar": ".", "decimalChar": ","},
        ]
        schema = {"fieldsMatch": "partial", "primaryKey": "count", "fields": fields}
        dataset = parse(json.dumps(schema), name="counts", path="schema.json")
        lines = [
            *(b'{"count": 12.345, "price": 1}', b'{"count": 12.000, "price": 12.345}'),
            *(b'{"count": "12.345", "price": "12.345"}', b'{"count": 12345, "price": 0.5}'),
        ]
        found = read(b"\n".join(lines), dataset=dataset)
        stored = [("12", "12.345"), ("12345", "12345"), ("12345", "0.5")]
        assert [(row["count"], row["price"]) for row in found.rows] == stored
        assert [each.line_number for each in found.rejects] == [1]

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("1.5", "text in quotes"),
            ("1001.0", "text in quotes"),
            ("true", "true or false"),
            ("[]", "a list"),
            ("{}", "an object"),
            ("null", "missing"),
        ],
    )
    def test_a_value_of_the_wrong_type_is_rejected_and_its_type_named(self, value: str, words: str) -> None:
        (reason,) = reject(json.dumps(GOOD).replace('"A-1"', value).encode()).reasons
        assert reason.startswith("order_id ")
        assert words in reason

    @pytest.mark.parametrize(
        "line", [b"{", b"{}}", b"[1]", b"1", b'{"order_id": "\n', b"{" * 60_000, b'{"a": ' + b"[" * 60_000, b"nul\xffl"]
    )
    def test_a_line_that_is_not_an_object_is_the_only_one_rejected(self, line: bytes) -> None:
        good = json.dumps(GOOD).encode()
        found = read(good + b"\n" + line.replace(b"\n", b"") + b"\n\n" + good + b"\n")
        assert [each.line_number for each in found.rejects] == [2]
        assert len(found.rows) == 2

    @pytest.mark.parametrize("code", ["0", "1001", "98765432109876543210"])
    def test_a_whole_number_may_be_a_code(self, code: str) -> None:
        (found,) = rows(json.dumps(GOOD).replace('"A-1"', code).encode())
        assert found["order_id"] == code

    def test_a_name_that_occurs_twice_is_rejected(self) -> None:
        (reason,) = reject(json.dumps(GOOD).replace("{", '{"sku": "MUG", ').encode()).reasons
        assert reason == "sku occurs more than once"

    def test_names_are_compared_like_those_of_a_csv_header(self) -> None:
        assert rows(json.dumps({f" {name.upper()} ": value for name, value in GOOD.items()}).encode()) == [STORED]

    def test_only_the_first_eight_layouts_get_a_fast_path(self) -> None:
        lines = [json.dumps(GOOD | {f"extra{number}": 1}) for number in range(20)]
        found = read("".join(f"{line}\n" for line in lines * 2).encode())
        assert (len(found.rows), len(found.file.format.fast_paths)) == (40, 8)

    def test_an_empty_object_lacks_every_required_value(self) -> None:
        assert len(reject(b"{}").reasons) == 7

    def test_unknown_names_are_ignored_with_one_note_each(self) -> None:
        lines = [json.dumps(GOOD | {name: {"a": [1]}}) for name in ("colour", "size", "colour")]
        found = read("\n".join(lines).encode())
        assert len(found.rows) == 3
        assert found.file.format.note == "Columns colour, size were ignored."

    @pytest.mark.parametrize("spelled", ["\\u0000", "\\ud800", "\\udc80"])
    def test_a_character_that_cannot_be_stored_is_a_reason(self, spelled: str) -> None:
        (reason,) = reject(json.dumps(GOOD | {"notes": "x"}).replace('"x"', f'"{spelled}"').encode()).reasons
        assert "can't be stored" in reason

    def test_a_line_over_64_kib_is_one_rejected_row(self) -> None:
        long = json.dumps(GOOD | {"notes": "x" * 70_000}).encode()
        found = read(long + b"\n" + json.dumps(GOOD).encode())
        assert [(each.line_number, len(each.raw)) for each in found.rejects] == [(1, MAX_RAW_BYTES)]
        assert found.rejects[0].reasons == ["the line is longer than 64 KiB"]
        assert len(found.rows) == 1


class TestTooManyRejects:
    """A file with too many rejected rows is refused, and the reason says how many there were."""

    BAD = b"bad\n"

    def test_twenty_rejects_are_always_allowed(self) -> None:
        assert len(read(HEADER + self.BAD * 20, max_rejected_percent=1).rejects) == 20
        with pytest.raises(RefusedError, match="21 of the first 21;"):
            read(HEADER + self.BAD * 21, max_rejected_percent=1)

    def test_the_limit_may_be_reached_but_not_exceeded(self) -> None:
        good = ROW + b"\n"
        assert len(read(HEADER + self.BAD * 30 + good * 70, max_rejected_percent=30).rejects) == 30
        with pytest.raises(RefusedError, match="31 of the first 101; the limit is 30 %"):
            read(HEADER + self.BAD * 31 + good * 70, max_rejected_percent=30)

    def test_the_share_is_checked_every_ten_thousand_records_even_on_the_fast_path(self) -> None:
        good = ROW + b"\n"
        # 550 of 10,000 are too many, though of all 50,000 they would not be.
        data = HEADER + self.BAD * 550 + good * 49_450
        with pytest.raises(RefusedError, match="550 of the first 10,000;"):
            read(data, max_rejected_percent=5)
        with pytest.raises(RefusedError, match="550 of the first 10,000;"):
            read((data[at : at + 1_000_000] for at in range(0, len(data), 1_000_000)), max_rejected_percent=5)
        later = HEADER + good * 10_000 + self.BAD * 1_100 + good * 38_900
        assert len(read(later, max_rejected_percent=10).rejects) == 1_100

    @pytest.mark.parametrize(("percent", "least"), [(1, KEPT_REJECTS), (20, 2_000), (60, 6_000)])
    def test_no_row_is_read_after_too_many_were_rejected_for_the_next_check(self, percent: int, least: int) -> None:
        good = ROW + b"\n"
        for end in (self.BAD * 20_000, good * 100_000):
            data = HEADER + self.BAD * (least + 1) + end
            with pytest.raises(
                RefusedError, match=f"{least + 1:,} of the first {least + 1:,}; the limit is {percent} %"
            ):
                read(data, max_rejected_percent=percent)

    def test_a_later_row_counts_with_all_rows_before_it(self) -> None:
        good = ROW + b"\n"
        data = HEADER + good * 10_000 + self.BAD * 4_000 + good * 6_000
        assert len(read(data, max_rejected_percent=20).rejects) == 4_000

    @given(
        st.lists(st.tuples(st.booleans(), st.integers(10, 40)), min_size=2, max_size=8), st.sampled_from([30, 60, 80])
    )
    def test_only_files_that_a_check_refuses_are_refused_early(
        self, runs: list[tuple[bool, int]], percent: int
    ) -> None:
        rows = [bad for bad, count in runs for _ in range(count)]
        checks = [(end, sum(rows[:end])) for end in (*range(50, len(rows), 50), len(rows))]
        refused = any(bad > ALWAYS_ALLOWED_REJECTS and bad * 100 > end * percent for end, bad in checks)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("ingestion.reader.CHECK_INTERVAL_RECORDS", 50)
            patch.setattr("ingestion.reader.KEPT_REJECTS", ALWAYS_ALLOWED_REJECTS)
            with pytest.raises(RefusedError) if refused else nullcontext():
                read(HEADER + b"".join(self.BAD if bad else ROW + b"\n" for bad in rows), max_rejected_percent=percent)

    def test_the_first_thousand_rejected_rows_are_kept(self) -> None:
        found = read(HEADER + b"".join(b"bad %d\n" % number for number in range(3_000)))
        assert [each.raw for each in found.file.first_rejects] == [f"bad {number}" for number in range(KEPT_REJECTS)]
        assert found.file.rejected == 3_000


def test_an_endless_line_is_one_rejected_row_in_bounded_memory() -> None:
    for beginning in (HEADER, json.dumps(GOOD).encode() + b"\n"):
        pieces = itertools.chain([beginning], itertools.repeat(b"x" * 65_536, 200), [b"\n"])
        file = DatasetReader(replace(ORDERS, max_rejected_percent=100), pieces, file_id=1)
        tracemalloc.start()
        rejects = [each for chunk in file.chunks() for each in chunk.rejects]
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert [each.line_number for each in rejects] == [2]
        assert most < 1_000_000


def test_blanks_and_capitals_in_header_names_are_ignored() -> None:
    assert rows(HEADER.replace(b"sku", b" SKU\t") + ROW + b"\n") == rows(HEADER + ROW + b"\n")


def test_lines_are_counted_from_the_first_even_if_it_is_empty() -> None:
    found = read(b"\n  \n" + HEADER + ROW + b"\nbad\n")
    assert [each.line_number for each in found.rejects] == [5]


def test_a_row_with_a_blank_first_value_and_too_few_values_is_not_an_empty_line() -> None:
    assert len(read(HEADER + b" ,a\n").rejects) == 1


def test_a_chunk_has_a_limited_number_of_rejected_rows() -> None:
    file = DatasetReader(replace(ORDERS, max_rejected_percent=100), [HEADER + b"bad\n" * 2_000], file_id=1)
    assert max(len(chunk.rejects) for chunk in file.chunks()) <= 500
