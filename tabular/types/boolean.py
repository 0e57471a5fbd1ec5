"""Booleans, and the declared words for true and false."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .column_type import BLANKS, BadValueError, Column, ColumnType, PropertyError, one_of, quote, words_pattern

if TYPE_CHECKING:
    from ..declaration import Field

# Table Schema, "boolean".
TRUE_VALUES = ("true", "True", "TRUE", "1")
FALSE_VALUES = ("false", "False", "FALSE", "0")
# The words that PostgreSQL reads itself (Documentation, "Boolean Type"), in any case.
_STORED = {"true": {"true", "t", "yes", "y", "on", "1"}, "false": {"false", "f", "no", "n", "off", "0"}}


def make(field: Field) -> ColumnType:
    """trueValues and falseValues declare the words; those of Table Schema are the default."""
    true = _words(field, "trueValues", TRUE_VALUES)
    false = _words(field, "falseValues", FALSE_VALUES)
    if common := sorted(set(true) & set(false)):
        raise PropertyError("falseValues", "must have no word of trueValues", common)
    meaning = dict.fromkeys(true, "true") | dict.fromkeys(false, "false")
    rule = one_of(meaning)

    def check(value: str) -> str:
        try:
            return meaning[value.strip(BLANKS)]
        except KeyError:
            raise BadValueError(f"{quote(value)} must be {rule}") from None

    to_bytes = {word.encode(): stored.encode() for word, stored in meaning.items()} | {b"": b""}

    def rewrite(column: Column) -> list[bytes]:
        return [to_bytes[value] for value in column]

    as_is = all(word.lower() in _STORED[stored] for word, stored in meaning.items())
    return ColumnType(
        sql_type="boolean",
        rule=rule,
        example=true[0],
        check=check,
        pattern=lambda span: words_pattern(meaning, span),
        json_pattern="true|false",
        rewrite=None if as_is else rewrite,
    )


def _words(field: Field, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    found = field.options.get(name, default)
    if not isinstance(found, list | tuple) or not found or not all(map(_is_word, found)):
        raise PropertyError(name, "must be a list of texts without blanks around them", found)
    return tuple(found)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and value != "" and value == value.strip(BLANKS) and value.isprintable()
