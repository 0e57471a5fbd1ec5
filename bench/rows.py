"""Makes files of any dataset and any length from its declaration; the same arguments make the same file.

`python -m bench.rows orders --rows 1000000` writes one to standard output.
"""

from __future__ import annotations

import argparse
import csv
import io
import random
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain

from config.datasets import FOLDER
from tabular.declaration import Dataset, Field, load_datasets

_NAMES = ("ada", "ben", "carla", "deniz", "elif", "femi", "grace", "hugo", "ines", "jonas", "kira", "liam", "mei")
_SURNAMES = ("berg", "costa", "dubois", "evans", "fischer", "garcia", "haddad", "ito", "jensen", "kowalski", "larsen")
_WORDS = ("red", "blue", "large", "small", "mug", "lamp", "scarf", "bottle", "garden", "gift wrap", "ring twice")
_CURRENCIES = ("EUR", "EUR", "EUR", "GBP", "USD", "CHF", "SEK", "PLN")
_COUNTRIES = ("DE", "FR", "GB", "US", "PL", "SE", "NL", "IT")
_OFFSETS = ("Z", "+01:00", "+02:00", "-05:00")
_LINES_OF_ONE = 3  # rows that have the same key except for its last column
_KNOWN_KEYS = 1_000  # foreign keys refer to so many keys of the other dataset
_EMPTY = 0.3  # the share of optional values that are left out
_START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)

Maker = Callable[[random.Random, int], str]


def values(dataset: Dataset, rows: int, *, seed: int = 1, first: int = 1) -> Iterator[list[str]]:
    """The values of valid rows, in the order of the columns; keys count up from `first`."""
    choose = random.Random(seed)  # noqa: S311 - the same rows each time, no secrets
    makers = [_maker(dataset, field) for field in dataset.fields]
    for number in range(first, first + rows):
        yield [make(choose, number) for make in makers]


def lines(dataset: Dataset, rows: int, *, seed: int = 1, first: int = 1) -> Iterator[str]:
    """The lines of a clean CSV file, header first, each with its line end."""
    for row in chain([dataset.columns], values(dataset, rows, seed=seed, first=first)):
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter_of(dataset), lineterminator="\n").writerow(row)
        yield text.getvalue()


def delimiter_of(dataset: Dataset) -> str:
    """The semicolon where numbers have a decimal comma, as spreadsheets write such files."""
    return ";" if any(field.options.get("decimalChar") == "," for field in dataset.fields) else ","


def _maker(dataset: Dataset, field: Field) -> Maker:
    if field.name in dataset.primary_key:
        return _key(dataset, field)
    if any(each.fields == (field.name,) for each in dataset.foreign_keys):
        known = _unique(field)
        return lambda choose, _: known(choose, choose.randrange(1, _KNOWN_KEYS))
    make = _value(field)
    if field.required:
        return make
    return lambda choose, number: "" if choose.random() < _EMPTY else make(choose, number)


def _key(dataset: Dataset, field: Field) -> Maker:
    """Unique values; of a key of several columns, only the last one differs from row to row."""
    unique = _unique(field)
    if len(dataset.primary_key) == 1:
        return unique
    if field.name == dataset.primary_key[-1]:
        return lambda choose, number: unique(choose, number % _LINES_OF_ONE + 1)
    return lambda choose, number: unique(choose, number // _LINES_OF_ONE)


def _unique(field: Field) -> Maker:
    if field.type == "integer":
        return lambda _, number: str(number)
    if field.format == "email":
        return lambda _, number: f"{_NAMES[number % len(_NAMES)]}.{number}@example.com"
    if field.type in ("date", "datetime"):
        return lambda _, number: _moment(field, _START + timedelta(minutes=number), "Z")
    prefix = field.name[:2].upper()
    return lambda _, number: f"{prefix}-{number:08}"


def _value(field: Field) -> Maker:  # noqa: PLR0911 - one return for each type
    limits, choices = field.constraints, field.constraints.get("enum")
    if choices:
        return lambda choose, _: str(choose.choice(choices))
    if field.semantic_type == "currency":
        return lambda choose, _: choose.choice(_CURRENCIES)
    if field.semantic_type == "country":
        return lambda choose, _: choose.choice(_COUNTRIES)
    if field.semantic_type == "code":
        return lambda choose, _: f"{choose.choice(_WORDS[:8]).upper()}-{choose.randrange(1, 500)}"
    if field.format == "email":
        return lambda choose, _: f"{choose.choice(_NAMES)}.{choose.choice(_SURNAMES)}@example.com"
    if field.type in ("integer", "number"):
        return _number(field)
    if field.type == "boolean":
        words = [*field.options.get("trueValues", ["true"])[:1], *field.options.get("falseValues", ["false"])[:1]]
        return lambda choose, _: choose.choice(words)
    if field.type in ("date", "datetime"):
        return lambda choose, number: _moment(
            field, _START + timedelta(seconds=97 * number % 20_000_000), choose.choice(_OFFSETS)
        )
    if field.type == "object":
        return lambda choose, _: f'{{"colour": "{choose.choice(_WORDS[:2])}", "size": {choose.randrange(9)}}}'
    if field.type in ("string", "any") and "pattern" not in limits:
        low, high = limits.get("minLength", 1), limits.get("maxLength", 100)
        return lambda choose, _: (
            " ".join(choose.choices(_WORDS, k=choose.randrange(1, 4)))[:high].strip().ljust(low, "x")
        )
    return lambda _, __: field.column.example


def _number(field: Field) -> Maker:
    limits = field.constraints
    low = int(limits.get("minimum", limits.get("exclusiveMinimum", 0)))
    high = min(int(limits.get("maximum", limits.get("exclusiveMaximum", 10_000))), 10_000)
    if field.type == "integer":
        return lambda choose, _: str(choose.randint(low + 1, max(min(high, low + 50), low + 1)))
    decimals = 2 if isinstance(field.decimals, str) else field.decimals or 0
    point, group = field.options.get("decimalChar", "."), field.options.get("groupChar", "")

    def make(choose: random.Random, _: int) -> str:
        scaled = Decimal(choose.randint(low * 10**decimals, (high - 1) * 10**decimals)).scaleb(-decimals)
        text = f"{scaled:,.{decimals}f}"
        return text.replace(",", "\0").replace(".", point).replace("\0", group)

    return make


def _moment(field: Field, at: datetime, offset: str) -> str:
    if field.type == "date":
        day: date = at.date()
        return day.isoformat() if field.format == "default" else day.strftime(field.format)
    if field.format != "default":
        return at.strftime(field.format)
    return at.replace(tzinfo=None).isoformat() + ("" if field.timezone == "none" else offset)


def main() -> None:
    """Write a file to standard output."""
    datasets = load_datasets(FOLDER)
    parser = argparse.ArgumentParser(prog="python -m bench.rows", description=__doc__)
    parser.add_argument("dataset", choices=datasets)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="the number in the first key")
    given = parser.parse_args()
    sys.stdout.writelines(lines(datasets[given.dataset], given.rows, seed=given.seed, first=given.first))


if __name__ == "__main__":
    main()
