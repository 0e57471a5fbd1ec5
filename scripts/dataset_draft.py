"""Infers the declaration of a dataset from a CSV file: the draft that `make dataset` writes."""

import csv
import io
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tabular.declaration import ENCODINGS, PROFILE, RESERVED_COLUMNS, Field, folded
from tabular.types import BadValueError
from tabular.types.column_type import BLANKS

DELIMITERS = ",;\t|"
SAMPLE_ROWS = 100_000
_DIALECT_ROWS = 200
_MAX_KEY_COLUMNS = 4
_MAX_NAME_CHARACTERS = 40
_LENGTHS = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
_MISSING = ("NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "-", "--", "?", r"#N/A")
_MISSING_SHARE = 0.9  # with a larger share of such words, the other values say too little about the type
_PERSONAL = re.compile(
    r"mail|phone|mobile|first_?name|last_?name|surname|birth|street|address|iban|passport", re.IGNORECASE
)
_ORIGINALS_DAYS = 365
_KEY_NAME = re.compile(
    r"(?:^|_)(?:id|key|code|no|nr|number|line|row|pos|position|item|sku|uuid|isbn|ean)$", re.IGNORECASE
)
_DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
_TIMES = ("%H:%M:%S", "%H:%M")
_OPTIONS = ("decimalChar", "groupChar", "trueValues", "falseValues")
_BOOLEANS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("ja", "nein"), ("oui", "non"), ("si", "no"))


class DraftError(ValueError):
    """No declaration can be inferred; the message says why, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A declaration as JSON, what was guessed, and the file's header and rows as they were read."""

    schema: dict[str, Any]
    guesses: list[str]
    delimiter: str
    encoding: str
    header: list[str]
    rows: list[list[str]]


@dataclass
class _Column:
    """A column of the file, and what is known about it."""

    name: str
    header: str
    values: list[str]
    declared: dict[str, Any] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)


def draft(content: bytes, *, title: str) -> Draft:
    """Infer the declaration of a CSV file. Raises DraftError."""
    text, encoding = _decoded(content)
    delimiter, header, rows = _table(text)
    columns = _columns(header, rows)
    for column in columns:
        column.declared, column.guesses = _type(column)
    key = _key(columns, rows)
    for column in columns:
        _require(column, in_key=column.name in key)
    guesses = [
        f"The delimiter is {delimiter!r}, the encoding {encoding}; {len(rows):,} rows were read.",
        f"The primary key is {', '.join(key)}: no two rows have the same one."
        if _distinct(columns, key) == len(rows)
        else f"The primary key is {', '.join(key)}, but rows repeat it: of such rows, the last one counts.",
        *(f"{column.name}: {guess}." for column in columns for guess in column.guesses),
    ]
    extension: dict[str, Any] = {"page": {"columns": [column.name for column in columns[:7]]}}
    if any(column.declared.get("x-field", {}).get("personal") for column in columns):
        extension["retentionDays"] = {"originals": _ORIGINALS_DAYS}
        guesses.append(f"Files have personal data, so S3 deletes them after {_ORIGINALS_DAYS} days.")
    if encoding != ENCODINGS[0]:
        extension["encoding"] = encoding
    chart = next((each.name for each in columns if each.declared["type"] in ("date", "datetime")), None)
    if chart:
        extension["page"]["chart"] = chart
    schema = {
        "$schema": PROFILE,
        "title": title,
        "description": f"Drafted from a file with {len(rows):,} rows.",
        "fieldsMatch": "partial",
        "primaryKey": key[0] if len(key) == 1 else list(key),
        "fields": [{"name": column.name} | column.declared for column in columns],
        "x-dataset": extension,
    }
    return Draft(schema=schema, guesses=guesses, delimiter=delimiter, encoding=encoding, header=header, rows=rows)


def _decoded(content: bytes) -> tuple[str, str]:
    for encoding in ENCODINGS:
        try:
            return content.decode(f"{encoding}-sig" if encoding == "utf-8" else encoding), encoding
        except UnicodeDecodeError:
            continue
    raise DraftError(f"the file is neither {' nor '.join(ENCODINGS)} text: save it as CSV UTF-8")


def _table(text: str) -> tuple[str, list[str], list[list[str]]]:
    """The delimiter, the header and the rows. With this delimiter, the most rows have the same number of values."""

    def score(delimiter: str) -> tuple[int, int]:
        found = Counter(len(row) for row in itertools.islice(_rows(text, delimiter), _DIALECT_ROWS))
        width, rows = max(found.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        return (rows if width > 1 else 0, width)

    delimiter = max(DELIMITERS, key=score)
    rows = list(itertools.islice(_rows(text, delimiter), SAMPLE_ROWS + 1))
    if len(rows) < 2:
        raise DraftError("the file must be CSV with a header and at least one row")
    header, *body = rows
    body = [row for row in body if len(row) == len(header)]
    if not body:
        raise DraftError("no row has as many values as the header")
    return delimiter, header, body


def _rows(text: str, delimiter: str) -> Iterable[list[str]]:
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(value.strip() for value in row):
                yield row
    except csv.Error:
        return


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[_Column]:
    columns: list[_Column] = []
    meant = Counter(folded(name) for name in header)
    taken: set[str] = set()
    for number, name in enumerate(header):
        if not name.strip() or (meant[folded(name)] > 1 and folded(name) in {folded(each.header) for each in columns}):
            continue  # a column without a name of its own can't be found in the next file
        if meant[folded(name)] > 1:
            raise DraftError(f"the header has {name!r} more than once: rename one of them")
        column = _Column(_identifier(name, number, taken), name.strip(), [row[number] for row in rows])
        taken.add(column.name)
        columns.append(column)
    if not columns:
        raise DraftError("the first line must name the columns")
    return columns


def _identifier(name: str, number: int, taken: set[str]) -> str:
    ascii_ = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", ascii_)
    found = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:_MAX_NAME_CHARACTERS] or f"column_{number + 1}"
    if not found[0].isalpha() or found in RESERVED_COLUMNS:
        found = f"c_{found}"
    return found if found not in taken else f"{found}_{number + 1}"


def _type(column: _Column) -> tuple[dict[str, Any], list[str]]:
    """The narrowest type that every value has, and what was guessed about it."""
    given = [value for value in column.values if value.strip(BLANKS)]
    words = sorted(set(given) & set(_MISSING))
    values = [value for value in given if value not in words]
    # Such words mean that there is no value only if all other values have a type other than text.
    for candidate in _candidates(values) if len(values) > (1 - _MISSING_SHARE) * len(given) else []:
        if _fits(candidate, values):
            if words and candidate["type"] != "string":
                candidate["missingValues"] = ["", *words]
                return candidate, [_words(candidate), f"{', '.join(words)} means that there is no value"]
            if not words:
                return candidate, [_words(candidate)]
    longest = max(map(len, given), default=0)
    limit = next((each for each in _LENGTHS if each >= 2 * longest), _LENGTHS[-1])
    return {"type": "string", "constraints": {"maxLength": limit}}, [f"text of at most {limit:,} characters"]


def _candidates(values: Sequence[str]) -> Iterable[dict[str, Any]]:
    if not values:
        return
    lower = {value.strip().lower() for value in values}
    for true, false in _BOOLEANS:
        if lower <= {true, false}:
            found = sorted({value.strip() for value in values})
            spellings = [[each for each in found if each.lower() == word] or [word] for word in (true, false)]
            yield {"type": "boolean", "trueValues": spellings[0], "falseValues": spellings[1]}
    if not any(re.match(r"[+-]?0[0-9]", value.strip()) for value in values):  # a number would lose its leading zeros
        yield {"type": "integer"}
        yield {"type": "number"}
        yield {"type": "number", "decimalChar": ",", "groupChar": "."}
        yield {"type": "integer", "groupChar": ","}
        yield {"type": "number", "groupChar": ","}
    yield {"type": "date"}
    # A day above 12 must show whether 1/2 is in January or in February. If none does, the column stays text.
    for form in _DATES:
        other = form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
        if form.startswith("%Y") or not _fits({"type": "date", "format": other}, values):
            yield {"type": "date", "format": form}
    yield {"type": "datetime"}
    yield {"type": "datetime", "x-field": {"timezone": "none"}}
    for form in (f"{day} {time}" for day in _DATES for time in _TIMES):
        yield {"type": "datetime", "format": form, "x-field": {"timezone": "none"}}
    yield {"type": "time"}
    yield {"type": "string", "format": "email"}
    yield {"type": "string", "format": "uuid"}


def _fits(declared: dict[str, Any], values: Sequence[str]) -> bool:
    return all(map(_checker(declared), values))


def _checker(declared: dict[str, Any]) -> Callable[[str], bool]:
    options: dict[str, Any] = {name: declared[name] for name in _OPTIONS if name in declared}
    extension = declared.get("x-field", {})
    made = Field(
        name="column",
        type=declared["type"],
        format=declared.get("format", "default"),
        options=options,
        timezone=extension.get("timezone", "required"),
    )

    def check(value: str) -> bool:
        try:
            made.column.check(value)
        except BadValueError:
            return False
        return True

    return check


def _words(declared: dict[str, Any]) -> str:
    """What was guessed, in words."""
    words = [" or ".join([*declared["trueValues"], *declared["falseValues"]])] if "trueValues" in declared else []
    more = [
        f"in the form {declared['format']}" if "format" in declared else "",
        f'with the decimal character "{declared["decimalChar"]}"' if "decimalChar" in declared else "",
        f'with groups separated by "{declared["groupChar"]}"' if "groupChar" in declared else "",
        "without an offset" if declared.get("x-field", {}).get("timezone") == "none" else "",
        *words,
    ]
    return " ".join(filter(None, [declared["type"], *more]))


def _key(columns: Sequence[_Column], rows: Sequence[Any]) -> tuple[str, ...]:
    """The fewest columns whose values no two rows share. If there are none, columns that can be in a key."""
    able = [each for each in columns if _can_be_key(each)]
    if not able:
        raise DraftError(
            "no column has a value in every row, so none can be the primary key: add a column that numbers the rows"
        )
    able.sort(key=lambda each: (not _KEY_NAME.search(each.name), each.declared["type"] in ("number", "boolean")))
    for count in range(1, _MAX_KEY_COLUMNS + 1):
        # The first ones only: the number of combinations grows fast.
        for chosen in itertools.combinations(able[: 30 // count], count):
            if len(set(zip(*(each.values for each in chosen), strict=True))) == len(rows):
                return tuple(each.name for each in columns if each in chosen)
    return tuple(each.name for each in columns if each in able[:16])


def _can_be_key(column: _Column) -> bool:
    """Whether every row has a value, and values are short: an index has room for some hundred characters."""
    missing = column.declared.get("missingValues", [""])
    short = column.declared["type"] != "string" or column.declared.get("constraints", {}).get("maxLength", 0) <= 200
    return short and all(value.strip(BLANKS) and value not in missing for value in column.values)


def _distinct(columns: Sequence[_Column], key: Sequence[str]) -> int:
    return len(set(zip(*(each.values for each in columns if each.name in key), strict=True)))


def _require(column: _Column, *, in_key: bool) -> None:
    declared = column.declared
    extension = dict(declared.pop("x-field", {}))
    if folded(column.header) != folded(column.name):
        extension["aliases"] = [column.header]
    if _PERSONAL.search(column.name):
        extension["personal"] = True
        column.guesses.append("personal data, by its name")
    constraints = dict(declared.pop("constraints", {}))
    if in_key:
        constraints["required"] = True
        if declared.get("format") == "email":
            constraints["maxLength"] = 254
    if constraints:
        declared["constraints"] = constraints
    if extension:
        declared["x-field"] = extension
