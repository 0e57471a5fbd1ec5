"""The rules of a row agree with a slow reference, and reject what PostgreSQL or Python would misread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion import row_rules
from tabular.types import quote
from tests.support import reference
from tests.support.reading import ORDERS

GOOD = {
    "order_id": "A-1",
    "customer_email": "ada@example.com",
    "sku": "MUG-RED",
    "quantity": "2",
    "unit_price": "12.50",
    "currency": "EUR",
    "ordered_at": "2026-03-31T14:05:00+02:00",
    "notes": "",
}


COLUMNS = ORDERS.columns


def check(values: Sequence[str | None]) -> tuple[list[str | None], list[str]]:
    return row_rules.check(ORDERS, values)


def row(**changes: str) -> list[str]:
    return [(GOOD | changes)[name] for name in COLUMNS]


def reasons(**changes: str) -> list[str]:
    return check(row(**changes))[1]


def meaning(stored: list[str | None]) -> dict[str, object]:
    values = dict(zip(COLUMNS, stored, strict=True))
    return values | {
        "quantity": int(values["quantity"] or 0),
        "unit_price": Decimal(values["unit_price"] or 0),
        "ordered_at": datetime.fromisoformat(values["ordered_at"] or ""),
    }


digits = st.text("0123456789", min_size=1, max_size=8)
two_digits = st.integers(0, 61).map(lambda number: f"{number:02}")
seconds = st.one_of(
    st.just(""),
    st.builds(
        ":{}{}".format, two_digits, st.one_of(st.sampled_from(["", "", ".", ",5"]), st.builds(".{}".format, digits))
    ),
)
offsets = st.one_of(
    st.sampled_from(
        ["Z", "Z", "z", "", "+0200", "+02", "-00:00", "UTC", " UTC", " +0100", "+15:59", "+16:00", "-23:59", "CET"]
    ),
    st.builds("{}{}:{}".format, st.sampled_from("+-"), st.integers(0, 25).map("{:02}".format), two_digits),
)
# Most are right in all parts but one: if all were random, hardly any would be accepted.
moments = st.one_of(
    st.builds("2026-03-31{}14:05{}{}".format, st.sampled_from("TTt _"), seconds, offsets),
    st.builds(
        "{:04}-{:02}-{:02}T{:02}:{}:00{}".format,
        st.sampled_from([0, 1, 2, 1900, 2000, 2023, 2024, 9998, 9999]), st.integers(0, 13), st.integers(0, 32),
        st.integers(0, 25), two_digits, offsets,
    ),
)  # fmt: skip
odd = st.text(st.sampled_from("aZ09._-@+ \t\n\r\0,\\é٣１\u00a0\u200b\udce9eE"), max_size=8)
prices = st.one_of(
    st.builds(
        "{}{}.{}{}".format, st.sampled_from(["", "", "+", "-"]), digits, digits, st.sampled_from(["", "0", "000"])
    ),
    st.sampled_from(
        ["5.", ".5", ".", "", "-0", "1.234", "1.2345", "1.20", "100.00", "9999999999.99", "9999999999.991"]
    ),
    digits,
    st.decimals(allow_nan=True).map(str),
    st.floats().map(str),
)
emails = st.one_of(
    st.emails(),
    st.builds("{}@{}.{}".format, odd, odd, odd),
    st.builds("{}@{}.com".format, st.text("ab.", min_size=1, max_size=5), st.text("ab-._", max_size=6)),
)
codes = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "-", "1"]),
    digits,
    st.sampled_from(["", ".0", ".00", ".5", "e5", "E-5", ".1e5"]),
)
rows = st.fixed_dictionaries(
    {
        "order_id": st.one_of(st.just("A-1"), codes, st.from_regex(r"\A[\w.-]{0,66}\Z"), odd),
        "customer_email": st.one_of(st.just("ada@example.com"), emails),
        "sku": st.one_of(st.just("MUG"), st.sampled_from(["NULL", "nan", "None", "NAN-1", "na", "Undefined"]), odd),
        "quantity": st.one_of(
            st.just("1"), st.sampled_from(["+1", "2.0", "2.", "-0", "1.00"]), digits, odd, st.integers().map(str)
        ),
        "unit_price": st.one_of(st.just("1.5"), prices, odd),
        "currency": st.one_of(
            st.just("EUR"), st.sampled_from(["usd", "EURO", "DEM", "XYZ", " CHF ", "BGN", "JPY", "KWD", "CLF"])
        ),
        "ordered_at": st.one_of(st.just(GOOD["ordered_at"]), moments, st.datetimes().map(str)),
        "notes": st.one_of(st.just(""), odd, st.text(max_size=30)),
    }
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(rows, *(st.builds(lambda drawn, name=name: GOOD | {name: drawn[name]}, rows) for name in COLUMNS)))
def test_the_rules_agree_with_the_reference(values: dict[str, str]) -> None:
    stored, wrong = check([values[name] for name in COLUMNS])
    expected = reference.order(values)
    assert bool(wrong) == (expected is None), wrong
    if expected is not None:
        assert meaning(stored) == expected


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("unit_price", "NaN"),
        ("unit_price", "1.005"),
        ("unit_price", "."),
        ("unit_price", "1.2.3"),
        ("unit_price", "1e3"),
        ("unit_price", "infinity"),
        ("unit_price", "-1"),
        ("unit_price", "1_0"),
        ("unit_price", "1,50"),
        ("unit_price", "10000000000.00"),
        ("unit_price", "\u0661"),
        ("quantity", "0"),
        ("quantity", "1000001"),
        ("quantity", "1_000"),
        ("quantity", "1.5"),
        ("quantity", "1.05"),
        ("quantity", "1e3"),
        ("quantity", "1,000"),
        ("quantity", "\u0661"),
        ("quantity", "9" * 5000),
        ("ordered_at", "yesterday"),
        ("ordered_at", "now"),
        ("ordered_at", "infinity"),
        ("ordered_at", "2026-03-31"),
        ("ordered_at", "2026-03-31T14:05:00"),
        ("ordered_at", "2026-03-31_14:05:00Z"),
        ("ordered_at", "1774965900000"),
        ("ordered_at", "31/03/2026 14:05"),
        ("ordered_at", "2026-03-31T24:00:00Z"),
        ("ordered_at", "2026-03-31T23:59:60Z"),
        ("ordered_at", "2026-W14-2T10:00:00Z"),
        ("ordered_at", "2026-02-30T10:00:00Z"),
        ("ordered_at", "2026-03-31T14:05:00  Z"),
        ("ordered_at", "2026-03-31T14:05:00[Europe/Berlin]"),
        ("ordered_at", "2026-03-31T14:05:00 CET"),
        ("ordered_at", "2026-03-31T14:05:00+24:00"),
        ("ordered_at", "0000-01-01T00:00:00Z"),
        ("ordered_at", "0001-01-01T00:00:00+01:00"),
        ("currency", "EURO"),
        ("currency", "eur"),
        ("currency", "DEM"),
        ("order_id", "A 1"),
        ("order_id", "A" * 65),
        ("order_id", "Ä-1"),
        ("sku", "a/b"),
        ("customer_email", "ada"),
        ("customer_email", "ada@example"),
        ("customer_email", "a b@example.com"),
        ("customer_email", "a..b@example.com"),
        ("customer_email", "a@1.2.3.4"),
        ("customer_email", "a" * 250 + "@example.com"),
        ("notes", "x" * 2001),
    ],
)
def test_a_bad_value_is_rejected_with_a_reason_that_names_its_column(column: str, value: str) -> None:
    (reason,) = reasons(**{column: value})
    assert reason.startswith(f"{column} ")
    assert len(reason) < 300


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "notes"])
@pytest.mark.parametrize("value", ["", "  ", "\t"])
def test_a_missing_value_is_reported_as_missing(column: str, value: str) -> None:
    assert reasons(**{column: value}) == [f"{column} is missing"]


def test_every_reason_to_reject_a_row_is_given() -> None:
    assert len(reasons(order_id="", quantity="x", currency="eur", ordered_at="soon")) == 4


def test_blanks_around_values_are_trimmed_but_not_in_notes() -> None:
    stored, wrong = check([f" {value}\t" for value in row(notes="as is")])
    assert not wrong
    assert stored[0] == "A-1"
    assert stored[-1] == " as is\t"


def test_a_longer_fraction_of_a_second_is_cut_not_rounded() -> None:
    stored, wrong = check(row(ordered_at="2026-12-31T23:59:59.99999999Z"))
    assert not wrong
    assert stored[6] == "2026-12-31T23:59:59.999999+00:00"


def test_a_reason_shows_invisible_characters() -> None:
    assert quote("a\0b\n\udce9\u200b") == '"a\\x00b\\n\\xe9\\u200b"'


@pytest.mark.parametrize(
    ("currency", "amount", "stored"),
    [
        ("EUR", "19.9900", "19.9900"),
        ("EUR", "19.990000", "19.9900"),
        ("JPY", "100", "100"),
        ("JPY", "100.00", "100.00"),
        ("KWD", "1.234", "1.234"),
        ("BHD", "0.001", "0.001"),
        ("CLF", "1.2345", "1.2345"),
    ],
)
def test_an_amount_may_have_the_decimals_of_its_currency(currency: str, amount: str, stored: str) -> None:
    values, wrong = check(row(currency=currency, unit_price=amount))
    assert (values[4], wrong) == (stored, [])


@pytest.mark.parametrize(
    ("currency", "amount", "words"),
    [
        ("EUR", "1.234", "at most 2 decimals in EUR"),
        ("EUR", "1.00000000001", "at most 2 decimals in EUR"),
        ("JPY", "1.5", "no decimals in JPY"),
        ("KWD", "1.2345", "at most 3 decimals in KWD"),
    ],
)
def test_the_reason_against_too_many_decimals_names_the_currency(currency: str, amount: str, words: str) -> None:
    assert reasons(currency=currency, unit_price=amount) == [f'unit_price "{amount}" must have {words}']
