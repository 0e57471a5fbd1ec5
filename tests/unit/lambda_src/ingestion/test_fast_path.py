"""The fast path takes no row that the rules reject, and changes no value."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ingestion import fast_path, reader
from ingestion.content import Content, Record
from tabular.codes.iso4217 import CURRENCIES
from tabular.declaration import parse
from tabular.types.column_type import plain
from tests.support.reading import HEADER, ORDERS, ROW, Read, read, read_slowly
from tests.unit.lambda_src.ingestion.test_row_rules import COLUMNS, GOOD, check, row, rows

# Values at and just beyond the limits of every rule.
LIMITS = [
    *((name, "a" * length) for name in ("order_id", "sku") for length in (1, 64, 65)),
    *(("customer_email", f"{'a' * length}@example.com") for length in (242, 243)),
    *(("customer_email", f"a@{label}.com") for label in ("b" * 63, "b" * 64, "-b", "b-", "b-b", "")),
    *(("customer_email", address) for address in ("a@b.c", "a@b.1", ".a@b.com", "a.@b.com", "a@b.co.uk", "a@b@c.com")),
    *(("quantity", value) for value in ("0", "1", "01", "999999", "1000000", "1000001", "9999999")),
    *(
        ("unit_price", value)
        for value in ("0", "00", "0.00", "0.001", "9999999999.99", "10000000000", "1.", ".1", "-1")
    ),
    *(
        ("ordered_at", f"{day}T00:00:00{offset}")
        for day in ("0000-06-01", "0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31")
        for offset in ("Z", "+14:59", "-14:59")
    ),
    *(
        ("ordered_at", f"2023-{month:02}-{day}T12:00:00Z")
        for month in range(14)
        for day in ("00", "01", "28", "29", "30", "31", "32")
    ),
    *(
        ("ordered_at", f"2023-06-01T{time}")
        for time in ("23:59:59Z", "24:00:00Z", "23:60:00Z", "23:59:60Z", "12:00:00", "12:00:00+14:60", "12:00:00-24:00")
    ),
    *(
        ("ordered_at", f"2023-06-01T12:00:00{rest}")
        for rest in ("+15:59", "+16:00", "-19:59", ".123456Z", ".1234567Z", ".Z")
    ),
    *(
        ("notes", before + ("é" * 20 + "x" * 40) * 25 + after)
        for before in ("", "x" * 499, "x" * 500, "x" * 501)
        for after in ("", "é", "x")
    ),
]
QUOTING = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
# Invalid UTF-8: overlong, an unpaired surrogate, beyond Unicode, incomplete.
BROKEN = [
    b"\x80",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xc3",
]

# Only one column is random at a time. If all were, hardly any row would match the fast path.
one_odd_value = st.one_of([st.builds(lambda drawn, name=name: GOOD | {name: drawn[name]}, rows) for name in COLUMNS])
delimiters = st.sampled_from([",", ";", "\t"])
extras = st.sampled_from([(), ("colour",), ("Ware, house", "x")])


def as_csv(values: list[list[str]], delimiter: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(values)  # type: ignore[arg-type] # a number
    return text.getvalue().encode("utf-8", "surrogateescape")


def moment(text: str) -> datetime:
    """The instant of a stored value. Python reads neither " UTC" nor a blank before the offset."""
    return datetime.fromisoformat(re.sub(r" (?=[+-]\d\d)", "", text.replace(" UTC", "Z").replace("UTC", "Z")))


def meaning(found: Read) -> list[Any]:
    return [
        (values | {"quantity": int(values["quantity"]), "unit_price": Decimal(values["unit_price"])})
        | {"ordered_at": moment(values["ordered_at"])}
        for values in found.rows
    ]


def same_both_ways(data: bytes) -> Read:
    fast, slow = read(data), read_slowly(data)
    assert meaning(fast) == meaning(slow)
    assert fast.rejects == slow.rejects
    assert fast.file.format.note == slow.file.format.note
    return fast


@given(values=one_odd_value, delimiter=delimiters, quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
@example(values=GOOD | {"ordered_at": "0001-01-01T00:00:00+02:00"}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"ordered_at": "9999-12-31T23:59:59-02:00"}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"ordered_at": "2023-02-29T00:00:00Z"}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"customer_email": "a" * 242 + "@example.com"}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"customer_email": "a" * 243 + "@example.com"}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"customer_email": "a@" + "b" * 64 + ".com"}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"customer_email": "a@-b.com"}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"notes": "é" * 2001}, delimiter=",", quoting=csv.QUOTE_ALL)
@example(values=GOOD | {"notes": "\\."}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
@example(values=GOOD | {"notes": "a\n" + ",".join(row())}, delimiter=",", quoting=csv.QUOTE_MINIMAL)
def test_a_csv_row_on_the_fast_path_is_valid_under_the_rules_and_unchanged(
    values: dict[str, str], delimiter: str, quoting: int
) -> None:
    # Without quotes, a carriage return before the line feed is a part of the line end.
    assume(quoting == csv.QUOTE_ALL or not values[COLUMNS[-1]].endswith("\r"))
    content = Content([as_csv([[values[name] for name in COLUMNS]], delimiter, quoting=quoting)])
    content.receive()
    lines, count = fast_path.for_csv(ORDERS, ORDERS.fields, delimiter, f"{delimiter}17\n".encode(), order="YMD").take(
        content
    )
    if count:
        assert count == 1
        stored, wrong = check([values[name] for name in COLUMNS])
        assert wrong == []
        (copied,) = csv.reader(io.StringIO(lines.decode()), delimiter=delimiter, strict=True)
        assert copied == [*(values[name] for name in COLUMNS), "17"]
        unchanged = dict(zip(COLUMNS, stored, strict=True)) | {"ordered_at": None}
        assert unchanged == values | {"ordered_at": None, "notes": values["notes"] or None}


@given(
    table=st.lists(one_odd_value, min_size=1, max_size=6),
    order=st.permutations(COLUMNS),
    extra=extras,
    delimiter=delimiters,
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_csv_reads_the_same_with_and_without_the_fast_path(
    *, table: list[dict[str, str]], order: list[str], extra: tuple[str, ...], delimiter: str, end: str, quoting: int
) -> None:
    names = [*order[:4], *extra, *order[4:]]
    filler = dict.fromkeys(extra, "any; thing, é")
    lines = [names, *([(values | filler)[name] for name in names] for values in table)]
    same_both_ways(as_csv(lines, delimiter, end, quoting))


@given(
    st.lists(
        st.sampled_from(
            [
                *(",".join(row(notes=notes)).encode() + b"\n" for notes in ("", "gift", "é", '"a, b"', '"a\nb"')),
                ",".join(row(quantity="0")).encode() + b"\n",
                ",".join(row()).encode(),
                b'"',
                b"\n",
                b"\r\n",
                b"\r",
                b",",
                b"\xe9",
                b"\0",
                b"\\.\n",
                b"x",
            ]
        ),
        max_size=12,
    ).map(b"".join),
    st.integers(1, 200),
)
def test_any_bytes_read_the_same_with_and_without_the_fast_path_however_they_are_split(data: bytes, size: int) -> None:
    whole = same_both_ways(HEADER + data)
    pieces = (HEADER + data)[:0], *((HEADER + data)[at : at + size] for at in range(0, len(HEADER + data), size))
    cut = read([piece for piece in pieces if piece])
    assert (cut.rows, cut.rejects) == (whole.rows, whole.rejects)


json_values = one_odd_value.flatmap(
    lambda values: st.fixed_dictionaries(
        {
            name: st.sampled_from([value] + ([None] if name == "notes" else []) + numbers(name, value))
            for name, value in values.items()
        },
        optional={"colour": st.sampled_from(["red", 1, -2.5e3, None, True, ["a"], {"a": 1}, 'q"q'])},
    )
)


def numbers(name: str, value: str) -> list[Any]:
    try:
        return [json.loads(value)] if name in ("quantity", "unit_price") else []
    except ValueError:
        return []


def test_the_row_before_is_known_if_its_last_value_has_several_lines() -> None:
    """A row that continues it is rejected for this reason."""
    whole = dict(zip(COLUMNS, ROW.decode().split(","), strict=True)) | {"notes": "one\ntwo"}
    lines = [json.dumps(whole)] * 3 + [json.dumps(whole | {"sku": ""})]
    found = same_both_ways("\n".join(lines).encode())
    assert "the row is a continuation of the one before it" in found.rejects[0].reasons[0]


@given(
    table=st.lists(json_values, min_size=1, max_size=6),
    order=st.permutations(COLUMNS),
    ascii_only=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": ")]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_json_lines_read_the_same_with_and_without_the_fast_path(
    table: list[dict[str, Any]], order: list[str], ascii_only: bool, separators: tuple[str, str], end: str
) -> None:
    # Each row twice: the second time, its layout has a fast path.
    lines = [
        json.dumps({name: values[name] for name in (*order, "colour") if name in values},
                   ensure_ascii=ascii_only, separators=separators)
        for values in table for _ in range(2)
    ]  # fmt: skip
    same_both_ways("".join(line + end for line in lines).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "value",
    ['"A\\u0000"', '"\\ud800"', "1e2", "[1]", "{}", "true", "NaN", "-0", "01", "1.", '" 1"', "null", '"1" "2"', "1,,"],
)
@pytest.mark.parametrize("name", COLUMNS)
def test_unusual_json_values_read_the_same_with_and_without_the_fast_path(name: str, value: str) -> None:
    good = json.dumps(GOOD)
    odd = good.replace(json.dumps(GOOD[name]), value, 1)
    same_both_ways(f"{good}\n{odd}\n{good}\n{odd}\n".encode())


def test_every_row_of_an_ordinary_file_takes_the_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[bytes] = []

    class Observed(reader.DatasetReader):
        def _check_record(self, record: Record) -> bytes | reader.RejectedRow:
            slow.append(record.raw)
            return super()._check_record(record)

    monkeypatch.setattr("tests.support.reading.DatasetReader", Observed)
    notes = ["", "gift wrap, é", "zażółć", "日本語の注文", "x" * 400]
    table = [row(notes=each, ordered_at="2026-01-31T00:00:00.25Z") for each in notes]
    for delimiter in (",", ";", "\t"):
        for extra in ([], ["colour"]):
            found = read(as_csv([[*extra, *COLUMNS], *([*extra, *each] for each in table)], delimiter))
            assert [each["notes"] for each in found.rows] == notes
    assert slow == []
    lines = [json.dumps(dict(zip(COLUMNS, each, strict=True)), ensure_ascii=False) for each in table]
    assert len(read("".join(f"{line}\n" for line in lines).encode()).rows) == len(lines)
    assert slow == [f"{lines[0]}\n".encode()]


def test_every_currency_matches_and_no_other_code_does() -> None:
    letters = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    codes = [a + b + c for a in letters for b in letters for c in letters]
    pattern = re.compile(ORDERS.by_name["currency"].column.pattern(plain(",")))
    assert {code for code in codes if pattern.fullmatch(code)} == CURRENCIES


@pytest.mark.parametrize(
    ("currency", "amount", "taken"),
    [
        *(("EUR", "1.25", 1), ("EUR", "1.250", 0), ("JPY", "100", 1), ("JPY", "1.5", 0), ("KWD", "1.234", 1)),
        *(("KWD", "1.2345", 0), ("CLF", "1.2345", 1), ("XYZ", "1", 0)),
    ],
)
def test_the_fast_path_takes_amounts_with_the_decimals_of_their_currency(
    currency: str, amount: str, taken: int
) -> None:
    for fields in (ORDERS.fields, ORDERS.fields[::-1]):
        values = GOOD | {"currency": currency, "unit_price": amount}
        content = Content([as_csv([[values[field.name] for field in fields]])])
        content.receive()
        assert fast_path.for_csv(ORDERS, fields, ",", b",17\n", order="YMD").take(content)[1] == taken


def test_without_a_currency_the_fast_path_takes_the_usual_decimals_only() -> None:
    fields = [
        {"name": "id", "type": "string", "x-field": {"semanticType": "code"}},
        {"name": "price", "type": "number", "x-field": {"decimals": "currency"}},
        {"name": "currency", "type": "string", "x-field": {"semanticType": "currency"}},
    ]
    schema = {"fieldsMatch": "partial", "primaryKey": "id", "fields": fields}
    dataset = parse(json.dumps(schema), name="things", path="")
    for data in (b"id,price\nA,1.25\nB,1.234\nC,1\n", b"id,price,currency\nA,1.25,\nB,1.234,\nC,1,\n"):
        fast, slow = read(data, dataset=dataset), read_slowly(data, dataset=dataset)
        assert [each["id"] for each in fast.rows] == ["A", "C"]
        assert (fast.rows, fast.rejects) == (slow.rows, slow.rejects)


def test_a_delimiter_that_could_be_a_part_of_a_value_has_no_fast_path() -> None:
    content = Content([as_csv([row()], delimiter="/")])
    content.receive()
    assert fast_path.for_csv(ORDERS, ORDERS.fields, "/", b"/17\n", order="YMD").take(content) == (b"", 0)


@pytest.mark.parametrize("form", ["plain", "quoted", "another column", "no notes", "JSON"])
@pytest.mark.parametrize(("name", "value"), LIMITS)
def test_at_every_limit_the_fast_path_accepts_only_what_the_rules_accept(name: str, value: str, form: str) -> None:
    good, odd = GOOD, GOOD | {name: value}
    if form == "JSON":
        lines = [json.dumps(each, ensure_ascii=False) for each in (good, odd)]
        same_both_ways("\n".join([lines[0], lines[1], ""]).encode())
        return
    names = [each for each in COLUMNS if form != "no notes" or each != "notes"]
    filler = {"colour": "red"} if form in ("another column", "no notes") else {}
    table = [[*filler, *names], *([*filler.values(), *(each[name] for name in names)] for each in (good, odd))]
    same_both_ways(as_csv(table, quoting=csv.QUOTE_ALL if form == "quoted" else csv.QUOTE_MINIMAL))


@pytest.mark.parametrize("broken", BROKEN)
def test_invalid_utf8_does_not_take_the_fast_path(broken: bytes) -> None:
    good = json.dumps(GOOD | {"notes": "x"}).encode()
    for data in (good + b"\n" + good.replace(b'"x"', b'"' + broken + b'"'), HEADER + ",".join(row()).encode() + broken):
        assert len(same_both_ways(data + b"\n").rejects) == 1


MISSING = {
    "fieldsMatch": "partial",
    "primaryKey": "id",
    "missingValues": ["", "-", "NA", "—", "1"],
    "fields": [
        {"name": "id", "type": "string", "x-field": {"semanticType": "code"}},
        {"name": "name", "type": "string", "constraints": {"required": True}},
        {"name": "notes", "type": "string"},
        {"name": "amount", "type": "number", "decimalChar": ","},
        {"name": "count", "type": "integer"},
    ],
}


@pytest.mark.parametrize("form", ["plain", "quoted", "JSON"])
@pytest.mark.parametrize("value", ["-", "NA", "—", "1", "", " ", "  ", "- ", " -", "—  ", "-x", "NAB", "12", "1,0"])
@pytest.mark.parametrize("name", ["name", "notes", "amount", "count"])
def test_words_for_a_missing_value_mean_the_same_on_the_fast_path(name: str, value: str, form: str) -> None:
    dataset = parse(json.dumps(MISSING), name="things", path="")
    good = {"id": "K-1", "name": "Ada", "notes": "x", "amount": "2,5", "count": "2"}
    rows = [good, good | {"id": "K-2", name: value}, good | {"id": "K-3"}]
    data = as_csv([list(good), *(list(each.values()) for each in rows)], quoting=QUOTING[form == "quoted"])
    if form == "JSON":
        lines = [json.dumps(each, ensure_ascii=False) for each in rows]
        raw = [
            line.replace(f'"count": "{each["count"]}"', f'"count": {each["count"]}')
            for line, each in zip(lines, rows, strict=True)
        ]
        data = "".join(f"{line}\n" for line in (*lines, *(raw if value.isdigit() else ()))).encode()
    fast, slow = read(data, dataset=dataset), read_slowly(data, dataset=dataset)
    assert (fast.rows, fast.rejects) == (slow.rows, slow.rejects)


@pytest.mark.parametrize("left_out", [(), ("notes",)])
def test_a_column_that_is_left_out_stays_empty(left_out: tuple[str, ...]) -> None:
    values = {name: value for name, value in GOOD.items() if name not in left_out}
    for data in (
        f"{json.dumps(values)}\n" * 3,
        "\n".join([",".join(["colour", *values]), ",".join(["red", *values.values()]), ""]),
    ):
        assert all(each["notes"] == "" for each in same_both_ways(data.encode()).rows)


def test_a_record_over_64_kib_is_rejected_even_if_most_of_it_is_ignored() -> None:
    extra = [f"extra{number}" for number in range(40)]
    for text, rejects in (("x" * 500, 0), (("é" * 20 + "x" * 40) * 25, 1)):
        short, long = (dict.fromkeys(extra, value) for value in ("x", text))
        table = [[*COLUMNS, *extra], *([*row(), *each.values()] for each in (short, long))]
        assert len(same_both_ways(as_csv(table)).rejects) == rejects
        lines = [json.dumps(GOOD | each, ensure_ascii=False) for each in (short, long)]
        numbers = [json.dumps(GOOD)[:-1] + f', "n": {"1" * size}}}' for size in (1, 50 * len(text))]
        found = same_both_ways("\n".join([*lines, *numbers, ""]).encode())
        assert len(found.rejects) == rejects * 2


@pytest.mark.parametrize("count", [101, 3_000])
def test_a_file_with_very_many_columns_has_no_fast_path(count: int) -> None:
    names = [f"n{number}" for number in range(count)]
    data = as_csv([[*COLUMNS, *names], *([*row(), *"x" * count],) * 2])
    assert len(read(data).rows) == 2
    line = json.dumps(GOOD | dict.fromkeys(names, 1)) + "\n"
    found = read(line.encode() * 2)
    assert len(found.rows) == 2
    assert [*read(data).file.format.fast_paths, *found.file.format.fast_paths] == []


@pytest.mark.parametrize("rest", [".1234567Z", "+16:00", "-19:59"])
def test_a_time_that_postgresql_would_round_or_refuse_does_not_take_the_fast_path(rest: str) -> None:
    moment = f"2023-06-01T12:00:00{rest}"
    (found,) = same_both_ways(HEADER + ",".join(row(ordered_at=moment)).encode() + b"\n").rows
    assert found["ordered_at"] != moment
    assert found["ordered_at"].endswith("+00:00")


def test_an_ignored_column_with_quotes_is_read_alike_where_quotes_are_ordinary_characters() -> None:
    fields = [{"name": "id", "constraints": {"maxLength": 20}}, {"name": "name", "constraints": {"required": True}}]
    declaration = {"fieldsMatch": "partial", "primaryKey": "id", "fields": fields}
    dialect = {"x-dataset": {"dialect": {"quoteChar": None}}}
    dataset = parse(json.dumps(declaration | dialect), name="things", path="")
    data = b'id,junk,name\nA1,"x,y",bob\nA2,"x",bob\nA3,x,bob\n'
    fast, slow = read(data, dataset=dataset), read_slowly(data, dataset=dataset)
    assert (fast.rows, fast.rejects) == (slow.rows, slow.rejects)
    assert [values["id"] for values in fast.rows] == ["A2", "A3"]


def test_numbers_beyond_the_digits_of_the_pattern_are_left_to_the_rules() -> None:
    fields = [
        {"name": "id", "constraints": {"maxLength": 20}},
        {"name": "n", "type": "integer", "constraints": {"maximum": -(10**18)}},
    ]
    declaration = {"fieldsMatch": "partial", "primaryKey": "id", "fields": fields}
    found = read(
        b"id,n\nA1,-\nA2,-1000000000000000000\n", dataset=parse(json.dumps(declaration), name="things", path="")
    )
    assert [values["id"] for values in found.rows] == ["A2"]
