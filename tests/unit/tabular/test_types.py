"""For each type: the values that it accepts, what is stored for them, and the reasons against other values."""

from __future__ import annotations

import json
import re
from itertools import product
from typing import Any

import pytest

from ingestion.row_rules import check_value
from tabular.declaration import Field, parse
from tabular.types.column_type import JSON_STRING, QUOTED, Span, plain
from tabular.types.patterns import whole_numbers

COMMA, SEMICOLON = plain(","), plain(";")


def declared(kind: str, **properties: Any) -> Field:
    """A field with these properties, which include those of `x-field` and `constraints`."""
    field: dict[str, Any] = {"name": "value", "type": kind, "constraints": {}, "x-field": {}}
    for name, value in properties.items():
        if name in ("semanticType", "decimals", "timezone", "rule", "aliases"):
            field["x-field"][name] = value
        elif name in ("format", "decimalChar", "groupChar", "bareNumber", "trueValues", "falseValues", "missingValues"):
            field[name] = value
        else:
            field["constraints"][name] = value
    schema = {
        "fieldsMatch": "partial",
        "primaryKey": "id",
        "fields": [{"name": "id", "type": "string", "constraints": {"maxLength": 9}}, field],
    }
    return parse(json.dumps(schema), name="drawn", path="schema.json").by_name["value"]


def takes(field: Field, value: str, span: Span = SEMICOLON) -> bool:
    """Whether the fast path takes the value, followed by the end of the span."""
    pattern = f"(?:{field.column.pattern(span)}){re.escape(span.end)}"
    return re.fullmatch(pattern.encode("latin-1"), f"{value}{span.end}".encode()) is not None


TEXT, CODE = declared("string"), declared("string", semanticType="code")
INTEGER, NUMBER = declared("integer"), declared("number")
QUANTITY = declared("integer", minimum=1, maximum=1_000_000)
PRICE = declared("number", decimals=2, minimum=0, maximum=100)
GERMAN = declared("number", decimals=2, decimalChar=",", groupChar=".")
DATE, GERMAN_DATE = declared("date"), declared("date", format="%d.%m.%Y")
INSTANT, LOCAL = declared("datetime"), declared("datetime", timezone="none")
LOOSE = declared("datetime", timezone="UTC")
OBJECT, ARRAY = declared("object"), declared("array")

# A field, a value, and what is stored.
ACCEPTED = [
    (TEXT, "", None),
    (TEXT, "\\N", None),
    (TEXT, " as is\t", " as is\t"),
    (TEXT, "  ", "  "),
    (TEXT, "x" * 10_000, "x" * 10_000),
    (declared("any"), "x", "x"),
    (declared("string", minLength=2, maxLength=3), "éé", "éé"),
    (declared("string", minLength=2, maxLength=3), "日本語", "日本語"),
    (declared("string", missingValues=["", "NA", "—"]), "—", None),
    (declared("integer", missingValues=["", "-"]), " - ", None),
    *((CODE, value, value) for value in ("A.b_C-9", "0", "00123", "1001", "x" * 64, "1.2.3", "1E", "none1", "NAB")),
    *((CODE, value, value) for value in ("INV-1", "INF1", "-5", ".A", "-A", "_1", "NATO", "n.a.1", "1e", "N.A.X")),
    *((TEXT, value, value) for value in ("#1", "#N/A is an error", "#NVM", "inf")),
    (declared("string", missingValues=["", "#N/A"]), "#N/A", None),
    (CODE, " A-1\t", "A-1"),
    (declared("string", semanticType="code", maxLength=70), "x" * 70, "x" * 70),
    (declared("string", semanticType="code", pattern="[A-Z]{2}/[0-9]+"), "AB/1", "AB/1"),
    (declared("string", semanticType="currency"), " EUR ", "EUR"),
    (declared("string", semanticType="country"), "NA", "NA"),
    (declared("string", enum=["red", "it's"]), "it's", "it's"),
    (declared("string", pattern="[^;]+", maxLength=20), "Straße 1", "Straße 1"),
    (declared("string", pattern=r"^\d+(,\d{3})*$", maxLength=20), "1,234", "1,234"),
    (declared("string", format="email"), " ada@example.com ", "ada@example.com"),
    (declared("string", format="email"), "ä.b+c'd@exämple-x.co.uk", "ä.b+c'd@exämple-x.co.uk"),
    (declared("string", format="email"), "a" * 242 + "@example.com", "a" * 242 + "@example.com"),
    (declared("string", format="uuid"), "123E4567-e89b-12d3-a456-426614174000", "123E4567-e89b-12d3-a456-426614174000"),
    (declared("string", format="uri"), "https://example.com/a?b=c;d,e#f", "https://example.com/a?b=c;d,e#f"),
    *(
        (INTEGER, value, stored)
        for value, stored in (("007", "7"), ("+5", "5"), ("-0", "0"), ("2.0", "2"), ("2.000", "2"))
    ),
    (INTEGER, " 12\t", "12"),
    (INTEGER, "9223372036854775807", "9223372036854775807"),
    (INTEGER, "-9223372036854775808", "-9223372036854775808"),
    (INTEGER, "0" * 5_000 + "1", "1"),
    (QUANTITY, "1", "1"),
    (QUANTITY, "1000000", "1000000"),
    (declared("integer", exclusiveMinimum=0, exclusiveMaximum=10), "9", "9"),
    (declared("integer", enum=[1, 12]), "12", "12"),
    (declared("integer", groupChar=","), "1,234,567", "1234567"),
    (declared("integer", groupChar="."), "2.000", "2000"),
    (declared("integer", groupChar="\u00a0"), "1\u00a0234", "1234"),
    (declared("integer", bareNumber=False), "12 kg", "12"),
    *((NUMBER, value, value) for value in ("0", "-1.5", "12.50", "1" * 60, "0.000000000000000000001")),
    *(
        (NUMBER, value, stored)
        for value, stored in ((".5", "0.5"), ("5.", "5"), ("+1", "1"), ("1.5e3", "1500"), ("1E-2", "0.01"))
    ),
    (PRICE, "19.9900", "19.99"),
    (PRICE, "19.9", "19.9"),
    (PRICE, "100.000", "100.00"),
    (declared("number", decimals=0), "12.00", "12"),
    (declared("number", decimals=0), ".0", "0"),
    (GERMAN, "1.234,50", "1234.50"),
    (GERMAN, "1234,5", "1234.5"),
    (GERMAN, "1.234", "1234"),
    (declared("number", groupChar=","), "1,234", "1234"),
    (declared("number", bareNumber=False), "EUR -12.50 %", "-12.50"),
    (declared("number", enum=[0.5, 2]), "2.0", "2.0"),
    (declared("number", exclusiveMinimum=0), "0.01", "0.01"),
    *((declared("boolean"), value, "true") for value in ("true", "True", "TRUE", "1", " 1 ")),
    (declared("boolean", trueValues=["ja"], falseValues=["nein"]), "nein", "false"),
    (DATE, "2024-02-29", "2024-02-29"),
    (DATE, "0001-01-01", "0001-01-01"),
    (DATE, "9999-12-31", "9999-12-31"),
    (GERMAN_DATE, "1.2.2024", "2024-02-01"),
    (GERMAN_DATE, "31.12.2024", "2024-12-31"),
    (declared("date", format="%m/%d/%Y"), "01/02/2024", "2024-01-02"),
    (declared("date", format="%d/%m/%Y"), "01/02/2024", "2024-02-01"),
    (declared("date", enum=["2024-01-01"], format="%d.%m.%Y"), "1.1.2024", "2024-01-01"),
    (declared("date", exclusiveMinimum="2024-01-01"), "2024-01-02", "2024-01-02"),
    *(
        (INSTANT, f"2026-11-20{rest}", "2026-11-20T10:00:00+00:00")
        for rest in (
            *("T10:00:00Z", "t10:00:00z", " 10:00:00+00", " 10:00:00 UTC", "T10:00Z", " 10:00 UTC", "T11:00:00+0100"),
            *(" 11:00:00 +0100", "T11:00:00+01:00[Europe/Berlin]", "T10:00:00Z[UTC]", "T10:00:00.Z"[:-2] + "Z"),
            *("T05:30:00-04:30", "T10:00:00.000000000Z", "T10:00:00-00:00"),
        )
    ),
    (INSTANT, "2026-11-20T10:00:00.123456789Z", "2026-11-20T10:00:00.123456+00:00"),
    (INSTANT, "2026-12-31T23:59:59.9999999Z", "2026-12-31T23:59:59.999999+00:00"),
    (INSTANT, "2026-11-20T10:00:00+23:59", "2026-11-19T10:01:00+00:00"),
    (LOOSE, "2026-11-20 10:00", "2026-11-20T10:00:00+00:00"),
    (LOOSE, "2026-11-20 10:00+02", "2026-11-20T08:00:00+00:00"),
    (LOCAL, "2026-11-20 10:00:00.5", "2026-11-20T10:00:00.500000"),
    (declared("datetime", timezone="none", format="%d.%m.%Y %H:%M"), "1.2.2024 9:05", "2024-02-01T09:05:00"),
    (declared("datetime", format="%Y%m%dT%H%M%S%z"), "20240201T090500+0100", "2024-02-01T08:05:00+00:00"),
    (declared("time"), "14:05", "14:05:00"),
    (declared("time"), "23:59:59.1234567", "23:59:59.123456"),
    (declared("time", minimum="08:00"), "08:00:00", "08:00:00"),
    (declared("year"), "0000", "0"),
    (declared("year", minimum=1900), "1900", "1900"),
    (declared("yearmonth"), " 2026-03 ", "2026-03"),
    (declared("duration"), "P1Y2M3DT4H5M6.5S", "P1Y2M3DT4H5M6.5S"),
    (declared("duration"), "PT0S", "PT0S"),
    (OBJECT, '{"a": [1, {"b": null}]}', '{"a": [1, {"b": null}]}'),
    (OBJECT, '{"a": 0.123456789012345678901234567890}', '{"a": 0.123456789012345678901234567890}'),
    (ARRAY, " [1e300, -0.5]", " [1e300, -0.5]"),
]
CODE_RULE = '1 to 64 letters (A to Z), digits, ".", "_" or "-"'
CHANGED = (
    "is a number that a spreadsheet or a program has changed, so the original is lost (format the column as text): it "
    f"must be {CODE_RULE}"
)
NO_VALUE = f"is how programs write that there is no value: it must be {CODE_RULE}"
MARK = f"is a spreadsheet's mark for text (export the values, not the formulas): it must be {CODE_RULE}"
WANTED = "must be a date and time with its offset from UTC, such as 2026-03-31T14:05:00+02:00"

# A field, a value, and the reason without the quoted value.
REFUSED = [
    (declared("string", required=True), " \t", "is missing"),
    (declared("string", required=True, missingValues=["", "-"]), "- ", "is missing"),
    (TEXT, "x" * 10_001, "has 10,001 characters; the limit is 10,000"),
    (declared("string", minLength=2, maxLength=3), "x", "has 1 characters; 2 to 3 are allowed"),
    (TEXT, "a\0", "contains a character that can't be stored: NUL or an unpaired surrogate"),
    (TEXT, "\ud800", "contains a character that can't be stored: NUL or an unpaired surrogate"),
    *((CODE, value, CHANGED) for value in ("1.00001E+12", "1E5", "-1e5", "1,5E10", "1001.0", "12.000")),
    *((CODE, value, CHANGED) for value in ("1001.", ".0", "1.e5", "-.0")),
    *((CODE, value, NO_VALUE) for value in ("NULL", "null", "nan", "NaN", "None", "#N/A", "n/a", "<NA>", "undefined")),
    *(
        (CODE, value, NO_VALUE)
        for value in ("NaT", "-nan", "inf", "-inf", "Infinity", "-", "--", ".", "_", "n.a.", "#DIV/0!", "#NUM!", "#NV")
    ),
    *(
        (TEXT, value, f"is an error of the spreadsheet, {value}")
        for value in ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#WERT!")
    ),
    *((CODE, value, MARK) for value in ("'00123", '="00123"', "=A1")),
    *((CODE, value, f"must be {CODE_RULE}") for value in ("A 1", "Ä-1", "#1001", "a/b")),
    (CODE, "x" * 65, "has 65 characters; the limit is 64"),
    *(
        (
            declared("string", semanticType="code", pattern=".+", maxLength=64),
            value,
            "is how programs write that there is no value: it must be text that matches .+",
        )
        for value in ("n/a", "-")
    ),
    (
        declared("string", semanticType="currency"),
        "eur",
        "must be a current ISO 4217 currency code in capitals, such as EUR",
    ),
    (
        declared("string", semanticType="country"),
        "UK",
        "must be an ISO 3166-1 country code of two capitals, such as DE",
    ),
    (declared("string", enum=["red", "blue"]), "RED", "must be one of red, blue"),
    (declared("string", pattern="[A-Z]+", maxLength=9), "a", "must be text that matches [A-Z]+"),
    (declared("string", pattern="[A-Z]+", maxLength=9, rule="capital letters"), "a", "must be capital letters"),
    (declared("string", pattern="[^;]+", maxLength=9), "a\0", "must be text that matches [^;]+"),
    *(
        (declared("string", format="email"), value, "must be an e-mail address, such as ada@example.com")
        for value in ("ada", "a@b", "a@1.2", "a..b@c.de", "a b@c.de", "a@-b.de")
    ),
    (declared("string", format="email"), "a" * 243 + "@example.com", "has 255 characters; the limit is 254"),
    (
        declared("string", format="uuid"),
        "123e4567e89b12d3a456426614174000",
        "must be a UUID, such as 123e4567-e89b-12d3-a456-426614174000",
    ),
    *(
        (declared("string", format="uri"), value, "must be a web address, such as https://example.com/a")
        for value in ("example.com", "http://a b", "http://ä.de")
    ),
    *(
        (INTEGER, value, "must be a whole number of at most 18 digits")
        for value in ("", "1,234", "1.5", "1e3", "1_000", "٣", "9223372036854775808", "9" * 5_000, "--1", "NaN")
        if value
    ),
    *((QUANTITY, value, "must be a whole number from 1 to 1,000,000") for value in ("0", "1000001", "-1", "x")),
    (declared("integer", exclusiveMinimum=0, exclusiveMaximum=10), "10", "must be a whole number above 0 below 10"),
    (declared("integer", enum=[12, 1]), "2", "must be one of 1, 12"),
    (declared("integer", groupChar="."), "2.0", "must be a whole number of at most 18 digits"),
    (declared("integer", groupChar=","), "1,23", "must be a whole number of at most 18 digits"),
    *(
        (NUMBER, value, "must be a number, such as 12.50")
        for value in ("1,234", "1,5", "NaN", "Infinity", ".", "1.2.3", "1_0", "٣", "e5", "9" * 101, "5-", "(5)", "$5")
    ),
    *((NUMBER, value, "is too large or too small") for value in ("1e300", "1e-301", "1e9999", "-1e999")),
    *(
        (PRICE, value, "must be a number from 0 to 100 with at most 2 decimals, such as 12.50")
        for value in ("-0.01", "100.01", "19.991", "1e2", "1" * 40)[:4]
    ),
    (declared("number", decimals=2), "1" * 19, "is too large or too small"),
    (declared("number", decimals=2), "1" * 40 + ".005", "is too large or too small"),
    (declared("number", decimals=0), "1.5", "must be a number without decimals, such as 12"),
    (GERMAN, "12.50", "must be a number with at most 2 decimals, such as 12,50"),
    *(
        (GERMAN, value, "must be a number with at most 2 decimals, such as 12,50")
        for value in ("0.500", "000.001.500", "00.123,5", "-0.500")
    ),
    (declared("integer", groupChar=","), "0,500", "must be a whole number of at most 18 digits"),
    (GERMAN, "1.23,50", "must be a number with at most 2 decimals, such as 12,50"),
    (declared("number", enum=[0.5, 2]), "1", "must be one of 0.5, 2"),
    (declared("boolean"), "yes", "must be one of true, True, TRUE, 1, false, False, FALSE, 0"),
    (declared("boolean", trueValues=["ja"], falseValues=["nein"]), "1", "must be one of ja, nein"),
    *(
        (DATE, value, "must be a date, such as 2026-03-31")
        for value in (
            "01/02/2024",
            "31.03.2026",
            "2026-3-1",
            "20260331",
            "2026-W14-2",
            "today",
            "2026-03-31T00:00:00Z",
            "46112",
        )
    ),
    *(
        (DATE, value, "must be a date that exists")
        for value in ("2023-02-29", "2026-13-01", "2026-00-01", "0000-01-01", "2026-04-31")
    ),
    (GERMAN_DATE, "2026-03-31", "must be a date, such as 31.03.2026"),
    (
        declared("date", minimum="2024-01-01", format="%d.%m.%Y"),
        "31.12.2023",
        "must be a date from 01.01.2024, such as 31.03.2026",
    ),
    (declared("date", enum=["2024-01-01"]), "2024-01-02", "must be 2024-01-01"),
    *(
        (INSTANT, value, WANTED)
        for value in (
            "2026-11-20T10:00:00",
            "2026-11-20",
            "1774965900000",
            "1774965900",
            "2026-11-20T10:00:00 CET",
            "2026-11-20T10:00:00[Europe/Berlin]",
            "now",
            "infinity",
            "2026-W14-2T10:00:00Z",
            "2026-11-20T10:00:00,5Z",
            "01/02/2024 10:00",
        )
    ),
    *(
        (INSTANT, f"2026-11-20T{value}", "must be a date and time that exists")
        for value in ("24:00:00Z", "23:60:00Z", "23:59:60Z", "10:00:00+24:00", "10:00:00+01:99")
    ),
    *(
        (INSTANT, value, "must be a date and time that exists")
        for value in (
            "2026-02-30T10:00:00Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2026-13-01T00:00Z",
        )
    ),
    (LOCAL, "2026-11-20T10:00:00Z", "must be a date and time without an offset, such as 2026-03-31T14:05:00"),
    (
        declared("datetime", minimum="2024-01-01T00:00:00Z"),
        "2024-01-01T00:30:00+01:00",
        "must be a date and time from 2024-01-01T00:00:00+00:00",
    ),
    *(
        (declared("time"), value, "must be a time of day, such as 14:05:00")
        for value in ("24:00", "23:60", "9:00", "14:05Z", "2 pm", "14")
    ),
    (declared("time", maximum="12:00"), "12:00:01", "must be a time of day to 12:00:00, such as 14:05:00"),
    *(
        (declared("year"), value, "must be a year of four digits, such as 2026")
        for value in ("26", "02026", "-2026", "2026.0", "10000")
    ),
    (declared("year", exclusiveMaximum="2000"), "2000", "must be a year of four digits below 2000, such as 1999"),
    *(
        (declared("yearmonth"), value, "must be a month, such as 2026-03")
        for value in ("2026-13", "2026-00", "03/2026", "2026-3")
    ),
    *(
        (declared("duration"), value, "must be a duration of ISO 8601, such as P1DT12H")
        for value in ("P", "PT", "P1DT", "P1W", "-P1D", "P1.5D", "1 day", "P10000D")
    ),
    *(
        (OBJECT, value, 'must be one JSON object, such as {"colour": "red"}')
        for value in ("[1]", "1", "{", "{'a': 1}", '{"a": NaN}', '{"a": 1}{}', "[" * 60_000)
    ),
    (ARRAY, "[" * 51 + "]" * 51, "must have at most 50 levels"),
    (OBJECT, '{"a": "\\u0000"}', "contains a character that can't be stored: NUL or an unpaired surrogate"),
    (OBJECT, '{"\\ud800": 1}', "contains a character that can't be stored: NUL or an unpaired surrogate"),
]


def _name(value: object) -> str:
    if isinstance(value, Field):
        return value.type
    return ascii(value)[:40]


@pytest.mark.parametrize(("field", "value", "stored"), ACCEPTED, ids=_name)
def test_an_accepted_value_is_stored_with_its_meaning(field: Field, value: str, stored: str | None) -> None:
    assert check_value(field, value) == (stored, None)


@pytest.mark.parametrize(("field", "value", "reason"), REFUSED, ids=_name)
def test_a_value_that_breaks_a_rule_is_refused_with_the_reason(field: Field, value: str, reason: str) -> None:
    stored, found = check_value(field, value)
    assert stored is None
    assert re.sub(r'^".*?"(?= (?:must|is|has|contains) )', "", found or "", flags=re.DOTALL).lstrip() == reason
    assert len(found or "") < 300


@pytest.mark.parametrize("value", ["1e301", "1" * 101, "0." + "0" * 20_000 + "1", "1e-400"])
def test_a_number_in_json_that_postgresql_would_refuse_is_named(value: str) -> None:
    _, reason = check_value(OBJECT, f'{{"a": [{value}]}}')
    assert "is too large or too small for a number in JSON" in (reason or "")
    assert not re.fullmatch(OBJECT.column.json_pattern or "", f'{{"a": [{value}]}}')


@pytest.mark.parametrize("value", [" a", "a ", " a "])
def test_the_fast_path_leaves_blanks_around_a_value_with_a_pattern_to_the_rules(value: str) -> None:
    field = declared("string", pattern="[^;]+", maxLength=9)
    assert check_value(field, value) == ("a", None)
    assert not takes(field, value, COMMA)


# Ordinary values of each type, which must not need the slow rules.
ORDINARY = [
    (TEXT, "gift wrap, é 日本語", SEMICOLON),
    (declared("any"), "x", COMMA),
    (declared("string", minLength=2, maxLength=9), "Ada", COMMA),
    (declared("string", required=True), "Ada", COMMA),
    (CODE, "A-1001", COMMA),
    (CODE, "1001", COMMA),
    (CODE, "NULL-1", COMMA),
    (declared("string", semanticType="code", pattern="[A-Z]{2}/[0-9]+"), "AB/1", COMMA),
    (declared("string", semanticType="currency"), "EUR", COMMA),
    (declared("string", semanticType="country"), "DE", COMMA),
    (declared("string", enum=["red", "redder", "it's"]), "redder", COMMA),
    (declared("string", pattern="(A|AB)[0-9]?", maxLength=9), "AB", COMMA),
    (declared("string", format="email"), "ada.lovelace@example.com", COMMA),
    (declared("string", format="uuid"), "123e4567-e89b-12d3-a456-426614174000", COMMA),
    (declared("string", format="uri"), "https://example.com/a?b=c", COMMA),
    (INTEGER, "12", COMMA),
    (INTEGER, "-12", COMMA),
    (QUANTITY, "1000000", COMMA),
    (declared("integer", enum=[1, 12, 120]), "120", COMMA),
    (NUMBER, "-12.50", COMMA),
    (PRICE, "99.99", COMMA),
    (PRICE, "100", COMMA),
    (declared("number", minimum=-5, maximum=-1), "-2.5", COMMA),
    (declared("number", enum=[0.5, 2]), "0.5", COMMA),
    (GERMAN, "1.234,50", SEMICOLON),
    (GERMAN, "12,50", SEMICOLON),
    (GERMAN, "12", COMMA),
    (declared("boolean"), "true", COMMA),
    (declared("boolean", trueValues=["ja"], falseValues=["nein"]), "nein", COMMA),
    (DATE, "2026-03-31", COMMA),
    (DATE, "2024-02-29", COMMA),
    (GERMAN_DATE, "31.03.2026", COMMA),
    (declared("date", format="%m/%d/%Y"), "03/31/2026", COMMA),
    (declared("date", minimum="1900-01-01", maximum="2030-12-31"), "1900-01-01", COMMA),
    (INSTANT, "2026-03-31T14:05:00+02:00", COMMA),
    (INSTANT, "2026-03-31 14:05:00.123456+00", COMMA),
    (INSTANT, "2026-03-31 14:05:00 UTC", COMMA),
    (LOCAL, "2026-03-31 14:05:00", COMMA),
    (declared("datetime", timezone="none", format="%d.%m.%Y %H:%M"), "31.03.2026 14:05", COMMA),
    (declared("datetime", minimum="2020-01-01T00:00:00Z"), "2026-03-31T14:05:00Z", COMMA),
    (declared("time"), "14:05:00", COMMA),
    (declared("year", minimum=1900, maximum=2100), "2026", COMMA),
    (declared("yearmonth"), "2026-03", COMMA),
    (declared("duration"), "P1DT12H", COMMA),
    (OBJECT, '{""colour"": ""red"", ""sizes"": [1, 2.5, null]}', QUOTED),
    (ARRAY, '[""red"", true]', QUOTED),
    (TEXT, 'say ""hi"", é', QUOTED),
    (GERMAN, "1.234,50", QUOTED),
    (CODE, "A-1001", JSON_STRING),
]


@pytest.mark.parametrize(("field", "value", "span"), ORDINARY, ids=_name)
def test_an_ordinary_value_takes_the_fast_path(field: Field, value: str, span: Span) -> None:
    assert takes(field, value, span)
    given = value.replace('""', '"') if span is QUOTED else value
    assert check_value(field, given)[1] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (INTEGER, "12"),
        (declared("integer", enum=[1, 12]), "12"),
        (NUMBER, "-12.50"),
        (GERMAN, "12.50"),
        (declared("year"), "2026"),
        (declared("boolean"), "true"),
        (OBJECT, '{"a": [1, "x"], "b": null}'),
        (ARRAY, '[1, "x"]'),
    ],
    ids=_name,
)
def test_an_ordinary_json_value_that_is_no_text_takes_the_fast_path(field: Field, value: str) -> None:
    assert re.fullmatch((field.column.json_pattern or "").encode(), value.encode())


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [each for each in REFUSED if each[2] != "is missing" and each[1] != "\ud800"],
    ids=_name,
)
def test_the_fast_path_takes_no_refused_value(field: Field, value: str, reason: str) -> None:
    # Words for a missing value are left to the pattern of the row, and bytes that are not UTF-8 to the reader.
    in_bytes = value.encode().decode("latin-1")
    for span in (COMMA, SEMICOLON, QUOTED):
        text = in_bytes.replace('"', '""') if span is QUOTED else in_bytes
        assert not re.fullmatch(f"(?:{field.column.pattern(span)}){re.escape(span.end)}", text + span.end)
    if "decimalChar" not in field.options:  # JSON has the dot alone
        assert not re.fullmatch(field.column.json_pattern or "(?!)", in_bytes)


def test_patterns_of_whole_numbers_match_just_these() -> None:
    limits = (-1001, -99, -10, -1, 0, 1, 2, 9, 10, 19, 99, 123, 1000)
    for low, high in product(limits, limits):
        if low <= high:
            pattern = re.compile(whole_numbers(low, high))
            found = {number for number in range(-1200, 1200) if pattern.fullmatch(str(number))}
            assert found == set(range(low, high + 1)), (low, high)
            assert not any(map(pattern.fullmatch, ("", "-0", "00", "01", "+1", "1.0")))


@pytest.mark.parametrize("decimals", [0, 1, 2, None])
def test_patterns_of_decimal_numbers_stay_within_the_limits_and_take_most_of_them(decimals: int | None) -> None:
    limits = (-100.5, -10, -0.01, 0, 0.5, 1, 9.99, 100)
    texts = [f"{number / 100:.2f}" for number in range(-12_000, 12_000, 23)] + [str(each) for each in range(-120, 120)]
    for low, high in product(limits, limits):
        for lower, upper in (("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum")):
            if low >= high:
                continue
            properties = {lower: low, upper: high} | ({} if decimals is None else {"decimals": decimals})
            field = declared("number", **properties)
            pattern = re.compile(field.column.pattern(COMMA))
            taken = [text for text in texts if pattern.fullmatch(text)]
            good = [text for text in texts if check_value(field, text)[1] is None]
            assert set(taken) <= set(good), properties
            # Only numbers within one of a limit may need the slow rules.
            missed = {text for text in set(good) - set(taken) if low + 1 <= float(text) <= high - 1}
            assert all("." in text and decimals is not None and len(text.split(".")[1]) > decimals for text in missed)
