"""true and false, by the declared words."""

from __future__ import annotations

from .column_type import BLANKS, BadValueError, Column, ColumnType, DeclaredField, UnsupportedError
from .column_type import one_of, quote, words_pattern

# Table Schema, "boolean".
TRUE_VALUES = ("true", "True", "TRUE", "1")
FALSE_VALUES = ("false", "False", "FALSE", "0")
# What PostgreSQL reads itself (Documentation, "Boolean Type"), in any case.
_STORED = {"true": {"true", "t", "yes", "y", "on", "1"}, "false": {"false", "f", "no", "n", "off", "0"}}


def make(field: DeclaredField) -> ColumnType:
    """Declared by trueValues and falseValues."""
    if "enum" in field.constraints:
        raise UnsupportedError("enum is not supported for a boolean: use a string", field.constraints["enum"])
    true = _words(field, "trueValues", TRUE_VALUES)
    false = _words(field, "falseValues", FALSE_VALUES)
    if common := set(true) & set(false):
        raise UnsupportedError("trueValues and falseValues must differ", sorted(common))
    meaning = dict.fromkeys(true, "true") | dict.fromkeys(false, "false")
    rule = one_of([*true, *false])

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


def _words(field: DeclaredField, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    found = field.options.get(name, default)
    if not isinstance(found, list | tuple) or not found or not all(isinstance(each, str) and each for each in found):
        raise UnsupportedError(f"{name} must be a list of texts", found)
    return tuple(found)
