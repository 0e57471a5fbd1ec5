"""Draws declarations of datasets, and values of their fields: good ones, those at the limits, and wrong ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from ingestion.row_rules import check_value
from tabular.declaration import Dataset, Field, parse
from tabular.types.column_type import QUOTED, plain

Described = dict[str, Any]
Values = Callable[[], str]
# A described field, values around its rules, and values of which the rules accept at least one.
Kind = tuple[Described, Values, Sequence[str]]

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
    *("#N/A", "#REF!", "#DIV/0!", "#1", "#N/A ", "#NAME"),
)  # fmt: skip
_CODES = (
    *("A-1", "A.b_C-9", "0", "00123", "1001", "x" * 19, "x" * 20, "x" * 21, "x" * 64, "x" * 65, "A 1", "Ä"),
    *("a/b", "#1", "1.00001E+12", "1E5", "-1E5", "1e5", "12E3", "1001.0", "-1001.0", "1.0", "1.5", "1.2.3"),
    *("NULL", "null", "Nul", "nan", "NaN", "None", "none1", "N/A", "#N/A", "NA", "NAB", "na", "undefined"),
    *("NaT", "-nan", "inf", "-inf", "Infinity", "INV-1", "-", "--", ".", "n.a.", "1001.", ".0", "1.e5", "#REF!", "#NV"),
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


_DAY_LIMITS = ("0001-01-01", "1900-01-01", "2020-02-29", "2024-03-01", "2026-03-31", "2030-12-31", "9999-12-31")


@dataclass(frozen=True)
class Drawn:
    """A dataset; and for each field a value that its rules accept, and a function that draws values at their limits."""

    dataset: Dataset
    ordinary: dict[str, str]
    values: dict[str, Values]


def dataset(random: Random) -> Drawn:
    """A dataset with a key and two to five other fields. Ordinary values of most of them take the fast path."""
    while True:
        drawn = _dataset(random)
        fields = drawn.dataset.fields
        if all(_is_fast(each, drawn.ordinary[each.name]) for each in fields) or random.random() < 0.1:
            return drawn


def _is_fast(field: Field, value: str) -> bool:
    pattern = rf"{field.column.pattern(plain(','))}|{field.column.pattern(QUOTED)}"
    return re.fullmatch(pattern.encode("latin-1"), value.replace('"', '""').encode()) is not None


def _dataset(random: Random) -> Drawn:
    fields: list[Described] = [{"name": "id", "type": "string", "x-field": {"semanticType": "code"}}]
    values: dict[str, Values] = {}
    candidates: dict[str, Sequence[str]] = {"id": ["K-1"]}
    for number in range(random.randint(2, 5)):
        name = f"f{number}"
        described, around, candidates[name] = random.choice(_KINDS)(random)
        if random.random() < 0.5:
            described.setdefault("constraints", {})["required"] = True
        decimals = described.get("x-field", {}).get("decimals")
        if decimals == "currency" and "currency" not in candidates:
            fields.append({"name": "currency", "type": "string", "x-field": {"semanticType": "currency"}})
            values["currency"] = _one_of(random, ["EUR", "JPY", "KWD", "CLF", "XXX", "", "eur", "BGN"])
            candidates["currency"] = ["EUR"]
        fields.append({"name": name, **described})
        values[name] = _rarely(random, _one_of(random, ["", " ", "-", "NA", "—", " NA", "- ", "\\N"]), around)
    schema = {
        "fieldsMatch": "partial",
        "primaryKey": "id",
        "fields": random.sample(fields, len(fields)),
        "missingValues": random.choice([[""], [""], ["", "-"], ["", "NA", "—", "1"]]),
        "x-dataset": {"dialect": {"quoteChar": random.choice(['"', '"', '"', '"', None])}},
    }
    found = parse(json.dumps(schema), name="drawn", path="drawn")
    ordinary = {}
    for name, some in candidates.items():
        good = [each for each in some if check_value(found.by_name[name], each)[0]] or [""]
        fast = [each for each in good if _is_fast(found.by_name[name], each)]
        ordinary[name] = random.choice(fast or good)
    return Drawn(found, ordinary, values)


def in_json(field: Field, value: str, *, ascii_only: bool = False) -> str:
    """The value as a program would write it in JSON."""
    if field.type in ("object", "array", "integer", "number", "year", "boolean"):
        try:
            found = json.loads(value)
        except ValueError:
            return json.dumps(value, ensure_ascii=ascii_only)
        if field.type in ("object", "array") or type(found) in (int, float, bool):
            return value.strip()
    return "null" if value == "" else json.dumps(value, ensure_ascii=ascii_only)


def _one_of(random: Random, options: Sequence[str]) -> Values:
    return lambda: random.choice(options)


def _rarely(random: Random, rare: Values, usual: Values) -> Values:
    return lambda: rare() if random.random() < 0.2 else usual()


def _parts(random: Random, join: Callable[..., str], *parts: Sequence[str]) -> Values:
    """Texts that consist of parts. The first choice for a part is the usual one; at most two parts have another."""

    def draw() -> str:
        odd = random.sample(range(len(parts)), random.choice((0, 1, 1, 2)))
        return join(*(random.choice(part) if number in odd else part[0] for number, part in enumerate(parts)))

    return draw


def _limits(random: Random, bounds: Sequence[Any]) -> dict[str, Any]:
    """One limit, none, or two with values between them."""
    low, high = sorted(random.sample(bounds, 2))
    lower = random.choice([None, "minimum", "exclusiveMinimum"])
    upper = random.choice([None, "maximum", "exclusiveMaximum"])
    if lower and not isinstance(low, str) and high - low < 4:
        high = low + 10
    return {name: value for name, value in ((lower, low), (upper, high)) if name}


def _text(random: Random) -> Kind:
    low, high = random.choice([(None, None), (None, 20), (1, 80), (2, 20), (3, 5), (19, 80), (None, 300)])
    lengths = {name: each for name, each in (("minLength", low), ("maxLength", high)) if each}
    described = {"type": random.choice(["string", "any"]), "constraints": lengths}
    return described, _one_of(random, _TEXTS), ["xxx", "x" * 20]


def _code(random: Random) -> Kind:
    constraints: Described = random.choice([{}, {"maxLength": 20}, {"pattern": "[^ ]+", "maxLength": 64}])
    described = {"type": "string", "constraints": dict(constraints), "x-field": {"semanticType": "code"}}
    return described, _one_of(random, _CODES), ["A-1"]


def _format(random: Random) -> Kind:
    name, values = random.choice([("email", _EMAILS), ("uuid", _UUIDS), ("uri", _URIS)])
    lengths = random.choice([{}, {"maxLength": 250}])
    return {"type": "string", "format": name, "constraints": dict(lengths)}, _one_of(random, values), values


def _pattern(random: Random) -> Kind:
    pattern, values = random.choice(list(_PATTERNS.items()))
    lengths = random.choice([{"maxLength": 20}, {"minLength": 2, "maxLength": 5}])
    described = {"type": "string", "constraints": {"pattern": pattern, **lengths}}
    return described, _rarely(random, _one_of(random, _TEXTS), _one_of(random, [*values, f" {values[0]} "])), values


def _enum(random: Random) -> Kind:
    words = ["red", "redder", "Blau, grün", "it's", "{}", "100%", "a b", 'x"y', "1"]
    chosen = random.sample(words, random.randint(1, len(words)))
    described = {"type": "string", "constraints": {"enum": chosen}}
    return (
        described,
        _one_of(random, [*words, *chosen, "RED", " red "]),
        [each for each in chosen if each != "1"] or ["1"],
    )


def _list(random: Random) -> Kind:
    words = ["DE", "de", "NA", "GB", "UK", "DEU", "EUR", "JPY", "eur", "BGN", " DE "]
    name = random.choice(["country", "currency"])
    return {"type": "string", "x-field": {"semanticType": name}}, _one_of(random, words), words


def _integer(random: Random) -> Kind:
    limits = _limits(random, [-(10**12), -1000, -25, -1, 0, 1, 7, 99, 150, 1000, 10**6, 2**31, 10**17])
    described: Described = {"type": "integer", "constraints": limits}
    near = [str(value + by) for value in limits.values() for by in (-2, -1, 0, 1, 2)]
    if random.random() < 0.2:
        described["constraints"] = {"enum": [12, 1, 120, -5]}
        near = ["12", "1", "120", "2", "-5", "5"]
    if random.random() < 0.5:
        described["groupChar"] = random.choice([",", ".", " ", "'", "\u00a0"])
        near += [f"{value:,}".replace(",", described["groupChar"]) for value in limits.values()]
    if random.random() < 0.3:
        described["bareNumber"] = False
    return described, _numbers(random, near), [*near, "12", "13", "0", "2"]


def _number(random: Random) -> Kind:
    limits = _limits(random, [-1000.5, -1, -0.25, 0, 0.01, 0.5, 1, 2.5, 100, 999.99, 10**6, 9999999999.99])
    decimals: Described = random.choice(
        [{}, {"decimals": 0}, {"decimals": 2}, {"decimals": 3}, {"decimals": "currency"}]
    )
    described: Described = {"type": "number", "constraints": limits, "x-field": dict(decimals)}
    shifts = ("-0.01", "0", "0.01", "1", "-1", "0.001", "1.5")
    near = [format(Decimal(str(value)) + Decimal(by), "f") for value in limits.values() for by in shifts]
    if random.random() < 0.2:
        described |= {"constraints": {"enum": [12.5, 1, 120, -0.5]}, "x-field": {}}
        near = ["1", "12.5", "12.50", "120", "-.5", "0.5"]
    marks = random.choice([(), (), (",", None), (",", "."), (".", ","), (",", " "), (",", "\u00a0")])
    described |= {name: mark for name, mark in zip(("decimalChar", "groupChar"), marks, strict=False) if mark}
    if described.get("decimalChar") == ",":
        near = [each.replace(".", ",") for each in near]
    if random.random() < 0.3:
        described["bareNumber"] = False
    return described, _numbers(random, near), [*near, "12", "13", "0", "2"]


def _numbers(random: Random, near: list[str]) -> Values:
    def join(around: tuple[str, str], sign: str, whole: str, fraction: str, exponent: str) -> str:
        return f"{around[0]}{sign}{whole}{fraction}{exponent}{around[1]}"

    made = _parts(random, join, _AROUND, ("", "-", "+"), ("12", *_NUMBERS), _DECIMALS, _EXPONENTS)  # type: ignore[arg-type]
    odd = _one_of(random, ["NaN", "Infinity", "-inf", "1e", "0x1", "1/2", "1-2", "--1", "²"])
    return _rarely(random, odd, _rarely(random, _one_of(random, near or ["12"]), made))


def _boolean(random: Random) -> Kind:
    true, false = random.choice(
        [(None, None), (["yes"], ["no"]), (["ja", "j"], ["nein", "n"]), (["ja"], ["0"]), (["Y", "1"], ["f"])]
    )
    words = {"trueValues": true, "falseValues": false} if true else {}
    return {"type": "boolean", **words}, _one_of(random, [*_WORDS, *(true or ()), *(false or ())]), true or ["true"]


def _near_days(limits: dict[str, str]) -> list[date]:
    days = [date.fromisoformat(each[:10]) for each in limits.values()]
    shifts = (-400, -40, -2, -1, 0, 1, 2, 40, 400)
    return [day + timedelta(by) for day in days if date(3, 1, 1) < day < date(9998, 1, 1) for by in shifts]


def _date(random: Random) -> Kind:
    limits = _limits(random, _DAY_LIMITS)
    forms = ["default", "default", "%d.%m.%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d %m %Y"]
    form = random.choice(forms)
    pattern = "%Y-%m-%d" if form == "default" else form
    made = _parts(
        random,
        lambda year, month, day: pattern.replace("%Y", year).replace("%m", month).replace("%d", day),
        ("2024", *_YEARS), ("02", *_MONTHS), ("29", *_DAYS),
    )  # fmt: skip
    near = [each.strftime(pattern) for each in (*_near_days(limits), date(2024, 6, 1))]
    odd = ["2026-03-31", "31.03.2026", "03/31/2026", "01/02/2024", "2026-W14-2", "20260331", "today"]
    described = {"type": "date", "format": form, "constraints": limits}
    return described, _rarely(random, _one_of(random, [*odd, *near, *near]), made), near


def _datetime(random: Random) -> Kind:
    zone = random.choice(["required", "required", "none", "UTC"])
    limits = {name: f"{day}T00:00:00" for name, day in _limits(random, _DAY_LIMITS).items()}
    forms = ["default", "%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%Y%m%d %H%M"] if zone == "none" else ["default"]
    form = random.choice(forms)
    pattern = "%Y-%m-%d{T}%H:%M:%S{f}{z}" if form == "default" else form
    known: dict[str, Sequence[str]] = {
        "%Y": ("2024", *_YEARS),
        "%m": ("02", *_MONTHS),
        "%d": ("29", *_DAYS),
        "%H": ("12", *_HOURS),
    }
    known |= {"%M": ("30", *_SIXTY), "%S": ("59", *_SIXTY), "{T}": "TT t_", "{f}": _FRACTIONS, "{z}": _OFFSETS}
    if zone == "none":
        known["{z}"] = ("", "Z", "+00")
    names = [name for name in known if name in pattern]

    def join(*parts: str) -> str:
        text = pattern
        for name, part in zip(names, parts, strict=True):
            text = text.replace(name, part)
        return text.replace(":59", "", 1) if form == "default" and random.random() < 0.1 else text

    show = "%Y-%m-%dT14:05:00" if form == "default" else form
    end = "" if zone == "none" else "Z"
    near = [f"{each.strftime(show)}{end}" for each in (*_near_days(limits), date(2024, 6, 1))]
    odd = ["1774965900000", "2026-03-31", "now", "31.03.2026 14:05", "infinity"]
    described = {"type": "datetime", "format": form, "constraints": limits, "x-field": {"timezone": zone}}
    values = _rarely(
        random, _one_of(random, [*odd, *near, *near]), _parts(random, join, *(known[name] for name in names))
    )
    return described, values, near


def _time(random: Random) -> Kind:
    limits = _limits(random, ["00:00:00", "08:00:00", "14:05:30", "23:59:59"])
    seconds = (":00", ":59", ":60", "")
    made = _parts(random, "{}:{}{}{}".format, ("14", *_HOURS), ("05", *_SIXTY), seconds, _FRACTIONS)
    candidates = ["14:05:00", "00:00:01", "09:30:00", "14:05:31"]
    return (
        {"type": "time", "constraints": limits},
        _rarely(random, _one_of(random, ["14:05Z", "2 pm"]), made),
        candidates,
    )


def _year(random: Random) -> Kind:
    limits = _limits(random, [0, 1, 1900, 1999, 2020, 2100, 9999])
    near = [f"{each + by:04}" for each in limits.values() for by in (-1, 0, 1)]
    described = {"type": "year", "constraints": {name: f"{each:04}" for name, each in limits.items()}}
    return described, _one_of(random, [*_YEARS, "-1", "02026", "2026.0", *near]), [*near, "2000"]


def _month(random: Random) -> Kind:
    limits = _limits(random, ["2019-12", "2020-01", "2026-03", "2030-06"])
    # Between 2019-12 and 2020-01 there is no month.
    limits = {} if set(limits.values()) == {"2019-12", "2020-01"} else limits
    candidates = ["2020-06", "2019-01", "2028-01", "2031-01", "2020-01"]
    return {"type": "yearmonth", "constraints": limits}, _one_of(random, _MONTH_TEXTS), candidates


def _duration(random: Random) -> Kind:
    return {"type": "duration"}, _one_of(random, _DURATIONS), ["P1DT12H"]


def _json(random: Random) -> Kind:
    return {"type": random.choice(["object", "array"])}, _one_of(random, _JSON), ['{"a": 1}', "[1, 2.5, -3]"]


_KINDS = [
    *(_text, _text, _code, _format, _pattern, _pattern, _enum, _list, _integer, _integer, _number, _number, _number),
    *(_boolean, _date, _date, _datetime, _datetime, _time, _year, _month, _duration, _json),
]
