"""The CSV reader agrees with a slow reference, and handles each special case."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import content, csv_records
from ingestion.content import Content
from ingestion.csv_records import (
    AFTER_QUOTE,
    BLANK_BEFORE_QUOTE,
    COPY_ESCAPE,
    ENDS_IN_BACKSLASH,
    LONE_CARRIAGE_RETURN,
    NEVER_CLOSED,
    TOO_LONG,
    CsvReader,
    CsvRecord,
)
from tests.support import reference

SMALL_LIMIT = 24

# Made of the bytes that matter to the reader, so that special cases are common.
contents = st.lists(
    st.sampled_from([b"a", b"bc", b'"', b'""', b",", b";", b"\n", b"\r\n", b"\r", b"\xe9", "é".encode(), b" ", b"\0"]),
    max_size=40,
).map(b"".join)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(places)]


def records(pieces: Iterable[bytes], delimiter: str) -> Iterator[CsvRecord]:
    reader = CsvReader(Content(pieces), delimiter)
    while record := reader.next_record():
        yield record


def read(data: bytes, delimiter: str = ",") -> list[tuple[int, list[str] | None]]:
    return [(each.line_number, None if each.fault else each.values) for each in records([data], delimiter)]


@given(data=contents, delimiter=st.sampled_from([",", ";"]), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_records_are_those_of_the_reference_however_the_bytes_are_split(
    data: bytes, delimiter: str, cuts: list[int]
) -> None:
    found = records(pieces(data, cuts), delimiter)
    expected = reference.records(data, delimiter, content.MAX_RECORD_BYTES)
    assert [(each.line_number, None if each.fault else each.values) for each in found] == expected


@given(data=contents, cuts=st.lists(st.integers(0, 200), max_size=5))
def test_records_over_the_limit_are_cut_where_the_reference_cuts_them(data: bytes, cuts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module in (content, csv_records):
            patch.setattr(module, "MAX_RECORD_BYTES", SMALL_LIMIT)
        found = [(each.line_number, None if each.fault else each.values) for each in records(pieces(data, cuts), ",")]
    assert found == reference.records(data, ",", SMALL_LIMIT)


def test_a_newline_in_quotes_belongs_to_the_value_and_counts_as_a_line() -> None:
    assert read(b'a,"b\r\nc"\nd,e\n') == [(1, ["a", "b\r\nc"]), (3, ["d", "e"])]


def test_an_unclosed_quote_invalidates_only_its_own_line() -> None:
    found = list(records([b'a,"b\nc,d\ne,f\n'], ","))
    assert [(each.line_number, each.fault) for each in found] == [(1, NEVER_CLOSED), (2, None), (3, None)]
    assert found[0].raw == b'a,"b\n'


def test_an_unclosed_quote_that_spans_too_much_invalidates_only_its_own_line() -> None:
    rows = b"".join(b"row,%d\n" % number for number in range(20_000))
    found = list(records([b'a,"b\n', rows], ","))
    assert found[0].fault == TOO_LONG
    assert [each.values[1] for each in found[1:]] == [str(number) for number in range(20_000)]
    assert found[1].line_number == 2


def test_an_endless_line_is_one_invalid_record_in_bounded_memory() -> None:
    found = list(records([b"x" * 1024] * 1024 + [b"\na,b\n"], ","))
    assert [(each.line_number, each.fault) for each in found] == [(1, TOO_LONG), (2, None)]
    assert len(found[0].raw) <= content.MAX_RECORD_BYTES + 1


def test_text_after_a_closing_quote_invalidates_only_that_line() -> None:
    found = list(records([b'"a"b,c\nd,e\n'], ","))
    assert [each.fault for each in found] == [AFTER_QUOTE, None]


def test_a_carriage_return_inside_a_line_is_invalid_with_and_without_quotes() -> None:
    for line in (b"a\rb,c\n", b'a\rb,"c"\n'):
        assert [each.fault for each in records([line], ",")] == [LONE_CARRIAGE_RETURN]


def test_a_line_end_may_have_an_extra_carriage_return() -> None:
    # So do files that a program wrote in text mode on Windows.
    assert read(b'a,b\r\r\n"c","d\r\r\ne"\r\r\nf,g\n') == [(1, ["a", "b"]), (2, ["c", "d\r\r\ne"]), (4, ["f", "g"])]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'a, "b"\n', BLANK_BEFORE_QUOTE),
        (b'"a",\t"b, c"\n', BLANK_BEFORE_QUOTE),
        (b'a," ""b"""\n', None),
        (b'"a, ""b""",c\n', None),
        (b"a, b\n", None),
    ],
)
def test_a_blank_before_a_quote_is_invalid_but_not_inside_quotes(line: bytes, fault: str | None) -> None:
    assert [each.fault for each in records([line], ",")] == [fault]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"a\tb\\tc\n", COPY_ESCAPE),
        (b'12"\tC:\\\\tmp\n', COPY_ESCAPE),
        (b"a\t\\N\n", None),
        (b'12"\t\\N', None),
        (b'a\t"b\\tc"\n', None),
        (b"a\\\tb\n", COPY_ESCAPE),
        (b'12"\\\tb\n', COPY_ESCAPE),
    ],
)
def test_an_escape_of_postgresql_s_text_format_is_invalid_outside_quotes(line: bytes, fault: str | None) -> None:
    assert [each.fault for each in records([line], "\t")] == [fault]


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
def test_after_a_null_mark_other_escapes_are_invalid_with_every_delimiter(delimiter: str) -> None:
    lines = [r"a,b\tc", r'"a",b\tc', r'"\N",x', r"a,\N", r'"a",b\tc', r"a,b\tc", r"a\,b", r'"b\tc",\N', r"x,\N"]
    data = "\n".join(lines).replace(",", delimiter).encode()
    faults = [None, None, None, None, COPY_ESCAPE, COPY_ESCAPE, COPY_ESCAPE, None, None]
    assert [each.fault for each in records([data], delimiter)] == faults
    quoted = [r'"a",\N', r"a,b\tc"]
    data = "\n".join(quoted).replace(",", delimiter).encode()
    assert [each.fault for each in records([data], delimiter)] == [None, COPY_ESCAPE]


@pytest.mark.parametrize("delimiter", [",", ";", "|"])
@pytest.mark.parametrize("first", ["a", '"a"', '"a\\"'])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_line_that_ends_in_an_escaped_line_end_is_invalid(delimiter: str, first: str, end: str) -> None:
    for last, fault in (
        ("b\\", ENDS_IN_BACKSLASH),
        ("\\", ENDS_IN_BACKSLASH),
        ("b\\\\\\", ENDS_IN_BACKSLASH),
        ("b\\\\", None),
        ('"b\\"', None),
        ("b\\c", None),
    ):
        data = f"{first}{delimiter}{last}{end}".encode()
        assert [each.fault for each in records([data], delimiter)] == [fault]


@pytest.mark.parametrize("line", [b'x","y\n', b'"\n', b'a,"b\n', b'"a"b,"c\n', b'x""\n'])
def test_quotes_that_are_never_closed_don_t_make_bytes_be_read_again_and_again(line: bytes) -> None:
    data = b"".join(line + b"good,row,of,bytes\n" * 5 for _ in range(4_000))
    scanned = 0

    class Counting(Content):
        def line(self, offset: int = 0) -> bytes:
            return self._counted(super().line(offset))

        def lines_through(self, mark: bytes, offset: int) -> bytes:
            return self._counted(super().lines_through(mark, offset))

        @staticmethod
        def _counted(found: bytes) -> bytes:
            nonlocal scanned
            scanned += len(found)
            return found

    reader = CsvReader(Counting(data[at : at + 65_536] for at in range(0, len(data), 65_536)), ",")
    while reader.next_record():
        pass
    assert scanned <= 3 * len(data)


def test_the_last_line_needs_no_line_end() -> None:
    assert read(b"a,b\r\nc,d") == [(1, ["a", "b"]), (2, ["c", "d"])]


@pytest.mark.parametrize("quote", [b"", b'"'])
def test_a_record_may_have_at_most_64_kib_with_its_line_end(quote: bytes) -> None:
    for length, fault in ((content.MAX_RECORD_BYTES, None), (content.MAX_RECORD_BYTES + 1, TOO_LONG)):
        line = quote + b"x" * (length - 1 - 2 * len(quote)) + quote + b"\n"
        for arriving in ([line, b"a\n"], [line + b"a\n"]):
            assert [each.fault for each in records(arriving, ",")] == [fault, None]
