"""Draws declarations of datasets, and values of their fields: good ones, those at the limits, and wrong ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tabular.declaration import Dataset, Field, parse
from ingestion.row_rules import check_value

Values = st.SearchStrategy[str]
Described = dict[str, Any]

_YEARS = ("0000", "0001", "0002", "0999", "1899", "1900", "2000", "2023", "2024", "2100", "9998", "9999", "10000", "24")
_MONTHS = ("00", "01", "02", "04", "06", "09", "11", "12", "13", "1", "10")
_DAYS = ("00", "01", "28", "29", "30", "31", "32", "1")
_HOURS = ("00", "09", "12", "19", "20", "23", "24", "25", "9")
_SIXTY = ("00", "09", "30", "59", "60", "99", "5")
_FRACTIONS = ("", "", "", ".", ".0", ".5", ".123456", ".1234567", ".999999999", ",5")
_OFFSETS = (
    *("Z", "Z", "z", "", "UTC", " UTC", "utc", "CET", "+00", "+02", "-05", "+0000", "+00:00", " +0100"),
    *(" -0330", "+14:59", "-14:59", "+15:00", "+15:59", "-15:59", "+16:00", "-23:59", "+24:00", "+01:99"),
    *("+0160", "+1:00", "+01:00[Europe/Berlin]", "Z[UTC]", "+01:00:30", "-00:00", "+", "+013", "  Z"),
)  # fmt: skip
_NUMBERS = (
    *("0", "-0", "+0", "00", "007", "1", "-1", "+1", "9", "10", "99", "100", "999", "1000", "1001", "999999"),
    *("1000000", "2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775808", "999999999999999999", "1" * 18, "1" * 19, "1" * 28),
    *("1" * 60, "9" * 101, "", "1,000", "1.000", "12,345,678", "1.234.567", "12,34", "1,2345", "1 000"),
    *("1'000", "1_000", "1\u00a0000", "\u0663"),
)  # fmt: skip
_DECIMALS = (
    *("", "", "", ".", ".0", ".00", ".5", ".50", ".25", ".99", ".990", ".999", ".9900", ".0001", ".00001"),
    *(".9999", ",", ",0", ",5", ",50", ",99", ",999", ".1" + "0" * 20, ".3" * 2),
    ".123456789012345678901234567890",
)  # fmt: skip
_EXPONENTS = ("", "", "", "", "e3", "E+3", "e-3", "E999", "e-999", "e")
_AROUND = (("", ""), ("", ""), ("", ""), (" ", "\t"), ("$", ""), ("", " EUR"), ("(", ")"), ("", "-"), ("EUR ", " %"))
_TEXTS = (
    *("a", "ab", "abc", "Ada Lovelace", "é", "日本語", "ß" * 9, "x" * 19, "x" * 20, "x" * 21, "x" * 79, "x" * 80),
    *("x" * 81, " a", "a ", " ", "  ", "\t", "\u00a0", "a\tb", 'say "hi"', '"', '""', "'a'", "a,b", "a;b"),
    *("a|b", "a\nb", "a\r\nb", "\\", "\\N", "\\.", "\\t", "a\\b", "=1+1", "\U0001f600", "a\x7f", "a\x01"),
    *("\ufeff", "-", "NA", "n/a", "—", "- ", 'a"b' * 9, '"' * 9, "é" * 20, "é" * 21, "a\x1a"),
)  # fmt: skip
_CODES = (
    *("A-1", "A.b_C-9", "0", "00123", "1001", "x" * 19, "x" * 20, "x" * 21, "x" * 64, "x" * 65, "A 1", "Ä"),
    *("a/b", "#1", "1.00001E+12", "1E5", "-1E5", "1e5", "12E3", "1001.0", "-1001.0", "1.0", "1.5", "1.2.3"),
    *("NULL", "null", "Nul", "nan", "NaN", "None", "none1", "N/A", "#N/A", "NA", "NAB", "na", "undefined"),
    *("'00123", '="00123"', "=1", "nil-1", "1E", "E5", "12.0a", "0.00", "1,5E3", "n", "N", "U", "5"),
)  # fmt: skip
_EMAILS = (
    *("ada@example.com", "a.b+c@x-y.example", "ä@exämple.de", "a@b.c", "a@b", "a@b.1", ".a@b.com", "a..b@c.de"),
    *("@b.de", "a@" + "b" * 63 + ".de", "a@" + "b" * 64 + ".de", "a" * 242 + "@example.com"),
    *("a" * 243 + "@example.com", "a@-b.de", "a@b-.de", "a b@c.de", "a@b@c.de", "A@B.DE", "a'b@c.de"),
    *("a@b.c-d", "a@" + "b." * 140 + "de"),
)  # fmt: skip
_UUIDS = (
    *("123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"),
    *("123e4567e89b12d3a456426614174000", "{123e4567-e89b-12d3-a456-426614174000}"),
    *("123e4567-e89b-12d3-a456-42661417400g", "123e4567-e89b-12d3-a456-42661417400"),
)  # fmt: skip
_URIS = (
    *("https://example.com/a?b=c&d=e,f;g#h", "mailto:a@b.de", "http:", "://x", "http://a b", "http://ä.de"),
    *("x:|", "a:'b'"),
)  # fmt: skip
_JSON = (
    *("{}", "[]", '{"a": 1}', '{"a":1.50,"b":[1,"x",null,true]}', '["red", "blue"]', "[1, 2.5, -3]", "[[1]]"),
    *("null", "1", '{"a": {"b": 1}}', '{"a": "é\\u00e9"}', '{"a": "\\u0000"}', '{"a": "\\ud800"}'),
    *('{"a": 1e999}', '{"a": 1E5}', "{", '{"a": 0.12345678901234567890123}'),
    *('{"a": 123456789012345678901234567890}', "{'a': 1}", '{"a": NaN}', "[1e-99999]", "[" * 60 + "]" * 60),
    *("[0." + "0" * 200 + "1]", '{"a": 1, "a": 2}', ' {"a" : 1 } ', "[1,]", '{"": ""}', "[-0, 01]"),
)  # fmt: skip
_DURATIONS = (
    *("P1D", "P1DT12H", "PT0.5S", "P1Y2M3DT4H5M6.789012S", "P", "PT", "P1W", "-P1D", "P1.5D", "PT1M", "P1M"),
    *("P9999Y", "P10000Y", "1 day", "PT1S2M", "P0D", "P1DT", "PT1.1234567S", "p1d"),
)  # fmt: skip
_WORDS = (
    *("true", "True", "TRUE", "1", "false", "0", "yes", "no", "Y", "ja", "nein", "t", "f", "on", "tr", "x"),
    "yes please",
)  # fmt: skip
_MONTH_TEXTS = (
    *("2026-03", "2026-12", "2026-13", "2026-00", "0000-01", "2026-3", "2026-03-01", "2020-01", "2019-12"),
    "2030-06",
)  # fmt: skip
_PATTERNS = {
    r"[A-Z]{2}-[0-9]{1,4}": ("AB-1", "AB-1234", "AB-12345", "A-1", "ab-1", "AB-\u0661"),
    r"^(red|green|blue)$": ("red", "green", "blue", "re", "redgreen"),
    r"[^;]+": ("abc", "a;b", "é", "a b", "a,b"),
    r"\d+\.\d+": ("1.5", "1.", "12.34", "1,5"),
    r"(A|AB|ABC)[0-9]?": ("A", "AB", "ABC", "ABC1", "ABCD"),
    r"[(]\w+[)]": ("(ab)", "?ab:", "(a b)"),
    r"a?a?a?aa": ("aa", "aaaaa", "aaaaaa", "a"),
}


@dataclass(frozen=True)
class Drawn:
    """A dataset, and for each of its fields a value that its rules accept and a strategy of values around it."""

    dataset: Dataset
    ordinary: dict[str, str]
    values: dict[str, Values]


@st.composite
def datasets(draw: st.DrawFn) -> Drawn:
    """A dataset of a key and two to five other fields."""
    drawn = [draw(field(f"f{number}")) for number in range(draw(st.integers(2, 5)))]
    fields = [{"name": "id", "type": "string", "constraints": {"required": True}, "x-field": {"semanticType": "code"}}]
    values, good = {"id": st.just("K-1")}, {"id": ["K-1"]}
    for described, around, candidates in drawn:
        if described["type"] not in ("object", "array") and draw(st.booleans()):
            described.setdefault("constraints", {})["required"] = True
        name = described["name"]
        fields.append(described)
        good[name] = list(candidates)
        values[name] = st.one_of(around, around, around, st.sampled_from(["", " ", "-", "NA", "—", " NA", "- ", "\\N"]))
        if described.get("x-field", {}).get("decimals") == "currency":
            fields.append({"name": "currency", "type": "string", "x-field": {"semanticType": "currency"}})
            values["currency"] = st.sampled_from(["EUR", "JPY", "KWD", "CLF", "XXX", "", "eur", "BGN"])
            good["currency"] = ["EUR"]
    schema = {
        "fieldsMatch": "partial",
        "primaryKey": "id",
        "fields": draw(st.permutations(fields)),
        "missingValues": draw(st.sampled_from([[""], [""], ["", "-"], ["", "NA", "—", "1"]])),
    }
    if draw(st.integers(0, 4)) == 0:
        schema["x-dataset"] = {"dialect": {"quoteChar": None}}
    dataset = parse(json.dumps(schema), name="drawn", path="drawn")
    ordinary = {
        name: next((each for each in candidates if check_value(dataset.by_name[name], each)[0]), None)
        for name, candidates in good.items()
    }
    assume(None not in ordinary.values())
    return Drawn(dataset, {name: str(value) for name, value in ordinary.items()}, values)


@st.composite
def field(draw: st.DrawFn, name: str) -> tuple[Described, Values, Sequence[str]]:
    """A declared field, values around its rules, and some of which they accept one."""
    described, values, candidates = draw(st.sampled_from(_KINDS))(draw)
    if name != "f0" and described.get("x-field", {}).get("decimals") == "currency":
        del described["x-field"]
    return {"name": name, **described}, values, candidates


def _text(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    low, high = draw(st.sampled_from([(None, None), (None, 20), (1, 80), (2, 20), (3, 5), (19, 80), (None, 300)]))
    lengths = {name: each for name, each in (("minLength", low), ("maxLength", high)) if each}
    some = st.text(st.characters(codec="utf-8"), max_size=12)
    kind = draw(st.sampled_from(["string", "any"]))
    return {"type": kind, "constraints": lengths}, st.one_of(st.sampled_from(_TEXTS), some), ["xxx", "x" * 20]


def _code(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    constraints = draw(st.sampled_from([{}, {"maxLength": 20}, {"pattern": "[^ ]+", "maxLength": 64}]))
    described = {"type": "string", "constraints": dict(constraints), "x-field": {"semanticType": "code"}}
    return described, st.sampled_from(_CODES), ["A-1"]


def _format(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    name, values = draw(st.sampled_from([("email", _EMAILS), ("uuid", _UUIDS), ("uri", _URIS)]))
    lengths = draw(st.sampled_from([{}, {"maxLength": 250}]))
    return {"type": "string", "format": name, "constraints": dict(lengths)}, st.sampled_from(values), values


def _pattern(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    pattern, values = draw(st.sampled_from(list(_PATTERNS.items())))
    lengths = draw(st.sampled_from([{"maxLength": 20}, {"minLength": 2, "maxLength": 5}]))
    return (
        {"type": "string", "constraints": {"pattern": pattern, **lengths}},
        st.sampled_from([*values, *_TEXTS]),
        values,
    )


def _enum(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    words = ["red", "redder", "Blau, grün", "it's", "{}", "100%", "a b", 'x"y', "1"]
    chosen = draw(st.lists(st.sampled_from(words), min_size=1, unique=True))
    return {"type": "string", "constraints": {"enum": chosen}}, st.sampled_from([*words, "RED", " red "]), chosen


def _country(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    name = draw(st.sampled_from(["country", "currency"]))
    words = ["DE", "de", "NA", "GB", "UK", "DEU", "EUR", "JPY", "eur", "BGN", " DE "]
    return {"type": "string", "x-field": {"semanticType": name}}, st.sampled_from(words), words


def _integer(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    limits = _limits(draw, st.sampled_from([-(10**12), -1000, -25, -1, 0, 1, 7, 99, 150, 1000, 10**6, 2**31, 10**17]))
    described: Described = {"type": "integer", "constraints": limits}
    near = [str(value + by) for value in limits.values() for by in (-1, 0, 1)]
    if draw(st.integers(0, 4)) == 0:
        described["constraints"] = {"enum": [1, 12, 120, -5]}
        near = ["1", "12", "120", "2", "-5", "5"]
    if draw(st.booleans()):
        described["groupChar"] = draw(st.sampled_from([",", ".", " ", "'", "\u00a0"]))
        near += [f"{value:,}".replace(",", described["groupChar"]) for value in limits.values()]
    if draw(st.integers(0, 3)) == 0:
        described["bareNumber"] = False
    return described, _numbers(near), [*near, "12", "13"]


def _number(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    limits = _limits(
        draw, st.sampled_from([-1000.5, -1, -0.25, 0, 0.01, 0.5, 1, 2.5, 100, 999.99, 10**6, 9999999999.99])
    )
    described: Described = {"type": "number", "constraints": limits}
    described["x-field"] = draw(
        st.sampled_from([{}, {"decimals": 0}, {"decimals": 2}, {"decimals": 3}, {"decimals": "currency"}])
    )
    near = [
        format(Decimal(str(value)) + by, "f")
        for value in limits.values()
        for by in map(Decimal, ("-0.01", "0", "0.01", "1"))
    ]
    if draw(st.integers(0, 4)) == 0:
        described["constraints"] = {"enum": [1, 12.5, 120, -0.5]}
        near = ["1", "12.5", "12.50", "120", "-.5", "0.5"]
    marks = draw(
        st.sampled_from([(None, None), (None, None), (",", None), (",", "."), (".", ","), (",", " "), (",", "\u00a0")])
    )
    described |= {name: mark for name, mark in zip(("decimalChar", "groupChar"), marks, strict=True) if mark}
    if marks[0]:
        near += [each.replace(".", ",") for each in near]
    if draw(st.integers(0, 3)) == 0:
        described["bareNumber"] = False
    return described, _numbers(near), [*near, "12", "13"]


def _numbers(near: list[str]) -> Values:
    made = st.builds(
        lambda around, sign, whole, fraction, exponent: f"{around[0]}{sign}{whole}{fraction}{exponent}{around[1]}",
        st.sampled_from(_AROUND), st.sampled_from(["", "", "-"]), st.sampled_from(_NUMBERS), st.sampled_from(_DECIMALS),
        st.sampled_from(_EXPONENTS),
    )  # fmt: skip
    odd = st.sampled_from(["NaN", "Infinity", "-inf", "1e", "0x1", "1/2", "1-2", "--1", "²"])
    return st.one_of(made, st.sampled_from([*near, "1", "12", "2.0"]), odd)


def _limits(draw: st.DrawFn, bounds: st.SearchStrategy[Any]) -> dict[str, Any]:
    """One limit, two that have values between them, or none."""
    low, high = sorted(draw(st.lists(bounds, min_size=2, max_size=2, unique=True)))
    wide = isinstance(low, str) or high - low > 3
    lower = draw(st.sampled_from([None, "minimum", "exclusiveMinimum"]))
    upper = draw(st.sampled_from([None, "maximum", "exclusiveMaximum"]))
    return {name: value for name, value in ((lower, low), (upper, high if wide or not lower else low + 10)) if name}


def _boolean(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    true, false = draw(
        st.sampled_from([(None, None), (["yes"], ["no"]), (["ja", "j"], ["nein", "n"]), (["Y", "1"], ["f"])])
    )
    words = {} if true is None else {"trueValues": true, "falseValues": false}
    return {"type": "boolean", **words}, st.sampled_from(_WORDS), true or ["true"]


def _dates(limits: dict[str, str], show: Callable[[date], str]) -> list[str]:
    days = [date.fromisoformat(each[:10]) for each in limits.values()]
    near = [
        day + timedelta(days=by) for day in days for by in (-40, -1, 0, 1, 40) if date(2, 3, 1) < day < date(9998, 1, 1)
    ]
    return [show(each) for each in near]


_DAY_LIMITS = st.sampled_from(
    ["0001-01-01", "1900-01-01", "2020-02-29", "2024-03-01", "2026-03-31", "2030-12-31", "9999-12-31"]
)


def _date(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    limits = _limits(draw, _DAY_LIMITS)
    form = draw(
        st.sampled_from(["default", "default", "%d.%m.%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d %m %Y"])
    )
    pattern = "%Y-%m-%d" if form == "default" else form
    parts = st.tuples(*map(st.sampled_from, (_YEARS, _MONTHS, _DAYS)))
    made = parts.map(lambda each: pattern.replace("%Y", each[0]).replace("%m", each[1]).replace("%d", each[2]))
    near = _dates(limits, lambda day: day.strftime(pattern))
    odd = st.sampled_from(
        ["2026-03-31", "31.03.2026", "03/31/2026", "01/02/2024", "2026-W14-2", "20260331", "today", *near]
    )
    candidates = [*near, date(2024, 6, 1).strftime(pattern)]
    return {"type": "date", "format": form, "constraints": limits}, st.one_of(made, odd), candidates


def _datetime(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    zone = draw(st.sampled_from(["required", "required", "none", "UTC"]))
    limits = {name: f"{day}T00:00:00" for name, day in _limits(draw, _DAY_LIMITS).items()}
    form = draw(st.sampled_from(["default", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S"])) if zone == "none" else "default"
    pattern = "%Y-%m-%d{T}%H:%M{:S}" if form == "default" else form.replace(":%S", "{:S}")
    made = st.builds(
        lambda year, month, day, hour, minute, second, fraction, mark, offset: (
            pattern.replace("%Y", year).replace("%m", month).replace("%d", day).replace("%H", hour)
            .replace("%M", minute).replace("{:S}", second and f":{second}{fraction}").replace("{T}", mark)
            + (offset if form == "default" and zone != "none" else "")
        ),
        *map(st.sampled_from, (_YEARS, _MONTHS, _DAYS, _HOURS, _SIXTY, ("", *_SIXTY), _FRACTIONS, "TT t_", _OFFSETS)),
    )  # fmt: skip
    usual = st.builds(
        lambda mark, fraction, offset: f"2026-03-31{mark}14:05:00{fraction}{offset}",
        *map(st.sampled_from, ("TT ", _FRACTIONS, _OFFSETS)),
    )
    odd = st.sampled_from(
        ["1774965900000", "2026-03-31", "now", "31.03.2026 14:05", "infinity", *_dates(limits, date.isoformat)]
    )
    show = "%Y-%m-%dT14:05:00" if form == "default" else form
    end = "" if zone == "none" else "Z"
    candidates = [
        f"{day}{end}" for day in (*_dates(limits, lambda day: day.strftime(show)), date(2024, 6, 1).strftime(show))
    ]
    described = {"type": "datetime", "format": form, "constraints": limits, "x-field": {"timezone": zone}}
    return described, st.one_of(made, usual, odd), candidates


def _time(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    limits = _limits(draw, st.sampled_from(["00:00:00", "08:00:00", "14:05:30", "23:59:59"]))
    made = st.builds("{}:{}{}{}".format, *map(st.sampled_from, (_HOURS, _SIXTY, ("", ":00", ":59", ":60"), _FRACTIONS)))
    candidates = ["14:05:00", "00:00:01", "09:30:00", "14:05:31"]
    return {"type": "time", "constraints": limits}, st.one_of(made, st.sampled_from(["14:05Z", "2 pm"])), candidates


def _year(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    limits = _limits(draw, st.sampled_from([0, 1, 1900, 1999, 2020, 2100, 9999]))
    limits = {name: f"{each:04}" for name, each in limits.items()}
    near = [f"{int(each) + by:04}" for each in limits.values() for by in (-1, 0, 1)]
    return (
        {"type": "year", "constraints": limits},
        st.sampled_from([*_YEARS, "-1", "02026", "2026.0", *near]),
        ["2000", *near],
    )


def _month(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    limits = _limits(draw, st.sampled_from(["2019-12", "2020-01", "2026-03", "2030-06"]))
    return (
        {"type": "yearmonth", "constraints": limits},
        st.sampled_from(_MONTH_TEXTS),
        ["2020-06", "2019-01", "2028-01", "2031-01"],
    )


def _duration(_: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    return {"type": "duration"}, st.sampled_from(_DURATIONS), ["P1DT12H"]


def _json(draw: st.DrawFn) -> tuple[Described, Values, Sequence[str]]:
    return {"type": draw(st.sampled_from(["object", "array"]))}, st.sampled_from(_JSON), ['{"a": 1}', "[1, 2.5, -3]"]


_KINDS = [
    *(_text, _code, _format, _pattern, _enum, _country, _integer, _integer, _number, _number, _number, _boolean, _date),
    *(_date, _datetime, _datetime, _time, _year, _month, _duration, _json),
]


def in_json(field: Field, value: str) -> str:
    """The value as a program would write it in JSON."""
    if field.type in ("object", "array", "integer", "number", "year", "boolean"):
        try:
            found = json.loads(value)
        except ValueError:
            return json.dumps(value, ensure_ascii=False)
        if field.type in ("object", "array") or type(found) in (int, float, bool):
            return value.strip()
    return "null" if value == "" else json.dumps(value, ensure_ascii=False)
