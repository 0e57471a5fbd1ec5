"""What every type of column provides: exact rules with reasons, patterns for the fast path, and PostgreSQL's type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..declaration import Field

SHOWN_CHARACTERS = 60
BLANKS = " \t"
_SHOWN_CHOICES = 12
_LIMIT_WORDS = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to", "exclusiveMaximum": "below"}
LIMITS = tuple(_LIMIT_WORDS)
# Limits and choices have this form, whatever the format of the files.
_ISO = {"date": "2026-03-31", "datetime": "2026-03-31T14:05:00Z", "time": "14:05:00"}

Column = Sequence[bytes]


class BadValueError(ValueError):
    """A value breaks the rules. The message follows the column's name in a reason."""


class PropertyError(ValueError):
    """A property of a field can't be supported: `path` leads to it from the field, and `value` is its value."""

    def __init__(self, path: str, message: str, value: object) -> None:
        super().__init__(message)
        self.path = path
        self.value = value


class Span:
    """How a value is written in a file: the character `end` follows it, and it can't contain those in `excluded`."""

    def __init__(self, end: str, *, excluded: str) -> None:
        self.end = end
        self.excluded = excluded

    def has(self, characters: str) -> bool:
        """Whether a value with these characters can be written here as it is."""
        return not set(characters) & set(self.excluded)


QUOTED = Span('"', excluded='"\\')  # in quotes in a CSV file
JSON_STRING = Span('"', excluded='"\\')


def plain(delimiter: str) -> Span:
    """The span of a value without quotes in a CSV file."""
    return Span(delimiter, excluded=f'"\\{delimiter}')


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """The rules for the values of one column.

    `check` is the exact rule: it gets a value that is not missing, and returns the text that PostgreSQL stores, or
    raises BadValueError. `pattern` is narrower: a regular expression in Latin-1 for values that `check` accepts.
    PostgreSQL reads them with the same meaning, after `rewrite` if there is one. `json_pattern` is the same for a JSON
    value that is not text, such as a number. `rule` completes "must be"; `sql_checks` are conditions with {} for the
    column.

    `trims` says that blanks around a value don't count. `date_order` is the order of day, month and year that
    PostgreSQL needs to read the values that `pattern` matches. `max_length` is the longest text, in
    characters. `number` says that the column holds numbers.
    """

    sql_type: str
    rule: str
    example: str
    check: Callable[[str], str]
    pattern: Callable[[Span], str]
    json_pattern: str | None = None
    sql_checks: tuple[str, ...] = ()
    rewrite: Callable[[Column], list[bytes]] | None = None
    trims: bool = True
    date_order: str | None = None
    max_length: int | None = None
    number: bool = False


def quote(value: str) -> str:
    """The value as quoted in a reason: shortened, and invisible or invalid characters escaped."""
    short = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "…"
    visible = short if short.isprintable() else "".join(map(_visible, short))
    return f'"{visible}"'


@lru_cache(1_000)
def _visible(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode("ascii")


def choices(field: Field, read: Callable[[Any], Any]) -> list[Any]:
    """The declared choices, each read by `read`, without repeats; empty if there are none. Raises PropertyError."""
    found: dict[Any, None] = {}
    for name in LIMITS:
        if name in field.constraints and "enum" in field.constraints:
            raise PropertyError(f"constraints/{name}", "can't stand beside constraints/enum", field.constraints[name])
    for number, value in enumerate(field.constraints.get("enum", ())):
        try:
            found[read(value)] = None
        except (ValueError, ArithmeticError, TypeError):
            path = f"constraints/enum/{number}"
            raise PropertyError(path, _wanted(field), value) from None
    return list(found)


def _wanted(field: Field) -> str:
    form = _ISO.get(field.type)
    return f"must be a value of the type {field.type}" + (f", in the form of ISO 8601: {form}" if form else "")


def one_of(values: Iterable[object]) -> str:
    """The values in words: "one of a, b, c"."""
    listed = [str(each) for each in values]
    if len(listed) == 1:
        return listed[0]
    return f"one of {', '.join(listed[:_SHOWN_CHOICES])}{', …' if len(listed) > _SHOWN_CHOICES else ''}"


def limits(field: Field, read: Callable[[Any], Any]) -> dict[str, Any]:
    """The declared limits by the name of the constraint, each read by `read`. Raises PropertyError."""
    found: dict[str, Any] = {}
    for name in LIMITS:
        if name in field.constraints:
            value = field.constraints[name]
            try:
                found[name] = read(value)
            except (ValueError, ArithmeticError, TypeError):
                raise PropertyError(f"constraints/{name}", _wanted(field), value) from None
    lows = [found[name] for name in ("minimum", "exclusiveMinimum") if name in found]
    highs = [found[name] for name in ("maximum", "exclusiveMaximum") if name in found]
    closed = "exclusiveMinimum" not in found and "exclusiveMaximum" not in found
    if lows and highs and not (max(lows) < min(highs) or (closed and lows == highs)):
        raise PropertyError("constraints", "the limits allow no value", dict(field.constraints))
    return found


def within(found: Any, bounds: Mapping[str, Any]) -> bool:
    """Whether a value respects every limit."""
    return not (
        ("minimum" in bounds and found < bounds["minimum"])
        or ("exclusiveMinimum" in bounds and found <= bounds["exclusiveMinimum"])
        or ("maximum" in bounds and found > bounds["maximum"])
        or ("exclusiveMaximum" in bounds and found >= bounds["exclusiveMaximum"])
    )


def in_words(bounds: Mapping[str, object], show: Callable[[Any], str] = str) -> str:
    """The limits in words: " from 1 to 10"; empty if there are none."""
    return "".join(f" {word} {show(bounds[name])}" for name, word in _LIMIT_WORDS.items() if name in bounds)


def sql_limits(bounds: Mapping[str, object], literal: Callable[[Any], str] = str) -> tuple[str, ...]:
    """The limits as SQL conditions."""
    signs = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    return tuple(f"{{}} {signs[name]} {literal(value)}" for name, value in bounds.items())


def sql_choices(found: Iterable[object], literal: Callable[[Any], str] = str) -> tuple[str, ...]:
    """The choices as an SQL condition, if there are any."""
    listed = ", ".join(literal(each) for each in sorted(found))  # type: ignore[type-var]
    return (f"{{}} IN ({listed})",) if listed else ()


def sql_text(value: object) -> str:
    """An SQL literal. Braces are doubled, because str.format replaces the {} in a condition."""
    return "'" + str(value).replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


def words_pattern(words: Iterable[str], span: Span) -> str:
    """A pattern of these words, grouped by their first letter, so that only a few are tried."""
    groups: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        if word and word.isascii() and word.isprintable() and span.has(word):
            groups.setdefault(word[0], []).append(re.escape(word[1:]))
    if not groups:
        return NOTHING
    return "(?:" + "|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items()) + ")"


NOTHING = "(?!)"  # a pattern that matches nothing


def either(*patterns: str) -> str:
    """A pattern that matches whatever one of these patterns matches."""
    found = [each for each in patterns if each != NOTHING]
    return f"(?:{'|'.join(found)})" if found else NOTHING
