"""Text: free text, formats (e-mail, URI, UUID), declared patterns and choices, and codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..codes.iso3166 import COUNTRIES
from ..codes.iso4217 import CURRENCIES
from .column_type import BLANKS, QUOTED, BadValueError, ColumnType, DeclaredField, Span, UnsupportedError
from .column_type import one_of, quote, sql_text, words_pattern
from .patterns import BEYOND_ASCII, characters
from .text_pattern import is_safe, match_pattern

MAX_CHARACTERS = 10_000  # where no maxLength is declared
MAX_EMAIL_CHARACTERS = 254
MAX_URI_CHARACTERS = 2_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# What spreadsheets and programs write for "no value", or make of an identifier that looks like a number.
_NO_VALUES = frozenset({"null", "none", "nan", "nil", "n/a", "#n/a", "na", "<na>", "undefined", "#value!", "#ref!", "#name?"})
_DAMAGED = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?[eE][+-]?[0-9]+|[0-9]+\.0+")
_CODE = re.compile(r"[A-Za-z0-9._-]+")
_CODE_RULE = 'letters (A to Z), digits, ".", "_" or "-"'


def make(field: DeclaredField) -> ColumnType:
    """Only free text keeps the blanks around it. The type `any` is free text."""
    if field.semantic_type == "currency":
        return _choices(field, sorted(CURRENCIES), "a current ISO 4217 currency code in capitals, such as EUR", "EUR")
    if field.semantic_type == "country":
        return _choices(field, sorted(COUNTRIES), "an ISO 3166-1 country code of two capitals, such as DE", "DE")
    if "enum" in field.constraints:
        choices = field.constraints["enum"]
        if not all(isinstance(each, str) and each and each == each.strip(BLANKS) for each in choices):
            raise UnsupportedError("enum must be a list of texts without blanks around them", choices)
        return _choices(field, choices, one_of(choices), choices[0])
    if field.semantic_type == "code":
        return _matching(field, _code(field))
    if "pattern" in field.constraints:
        return _matching(field, _declared(field))
    if field.format in _FORMATS:
        return _matching(field, _FORMATS[field.format])
    if field.format != "default":
        raise UnsupportedError(f"format of a string must be default or one of {', '.join(_FORMATS)}", field.format)
    return _free_text(field)


def _choices(field: DeclaredField, choices: list[str], rule: str, example: str) -> ColumnType:
    allowed = frozenset(choices)

    def check(value: str) -> str:
        value = value.strip(BLANKS)
        if value not in allowed:
            raise BadValueError(f"{quote(value)} must be {rule}")
        return value

    # The lists of codes change, so the table doesn't repeat them.
    repeated = field.semantic_type is None
    return ColumnType(
        sql_type="text",
        rule=rule,
        example=example,
        check=check,
        pattern=lambda span: words_pattern(choices, span),
        sql_checks=(f"{{}} IN ({', '.join(map(sql_text, sorted(allowed)))})",) if repeated else (),
        max_length=max(map(len, choices)),
    )


@dataclass(frozen=True)
class _Form:
    """A form of text: `accepts` is exact. Texts that the pattern `narrow` matches have the form, and are ASCII.

    `bounded` says that `narrow` matches no text that is longer than `max_length`.
    """

    rule: str
    example: str
    accepts: Callable[[str], object]
    narrow: Callable[[Span], str]
    max_length: int
    sql_type: str = "text"
    bounded: bool = False


def _matching(field: DeclaredField, form: _Form) -> ColumnType:
    low, high = _lengths(field, form.max_length)
    length = _length_rule(field, low, high)

    def check(value: str) -> str:
        value = value.strip(BLANKS)
        if not low <= len(value) <= high:
            raise BadValueError(f"{quote(value)} has {len(value):,} characters; {length}")
        if not form.accepts(value):
            raise BadValueError(f"{quote(value)} {_damage(value) if field.semantic_type == 'code' else ''}must be {form.rule}")
        return value

    def pattern(span: Span) -> str:
        visible = characters(span.excluded)
        if (low, high) == (0, form.max_length) and form.bounded:
            return form.narrow(span)
        return rf"(?=[{visible}]{{{max(low, 1)},{high}}}+(?![{visible}]))(?:{form.narrow(span)})"

    return ColumnType(
        sql_type=form.sql_type,
        rule=form.rule,
        example=form.example,
        check=check,
        pattern=pattern,
        sql_checks=() if form.sql_type == "uuid" else _length_checks(field),
        max_length=high,
    )


def _free_text(field: DeclaredField) -> ColumnType:
    low, high = _lengths(field, MAX_CHARACTERS)
    length = _length_rule(field, low, high)

    def check(value: str) -> str:
        if not low <= len(value) <= high:
            raise BadValueError(f"has {len(value):,} characters; {length}")
        if _UNSTORABLE.search(value):
            raise BadValueError("contains a character that can't be stored: NUL or an unpaired surrogate")
        return value

    return ColumnType(
        sql_type="text",
        rule=f"text of at most {high:,} characters" if low < 2 else f"text of {low:,} to {high:,} characters",
        example="text",
        check=check,
        pattern=lambda span: _text_pattern(low, high, span),
        sql_checks=_length_checks(field),
        trims=False,
        max_length=high,
    )


def _lengths(field: DeclaredField, most: int) -> tuple[int, int]:
    low, high = field.constraints.get("minLength", 0), field.constraints.get("maxLength", most)
    if not low <= high <= MAX_CHARACTERS:
        raise UnsupportedError(f"the lengths must be 0 to {MAX_CHARACTERS:,} characters, the minimum first", (low, high))
    return low, high


def _length_rule(field: DeclaredField, low: int, high: int) -> str:
    return f"the limit is {high:,}" if "minLength" not in field.constraints else f"{low:,} to {high:,} are allowed"


def _length_checks(field: DeclaredField) -> tuple[str, ...]:
    signs = {"minLength": ">=", "maxLength": "<="}
    return tuple(
        f"char_length({{}}) {sign} {field.constraints[name]}" for name, sign in signs.items() if name in field.constraints
    )


def _text_pattern(low: int, high: int, span: Span) -> str:
    """Bytes are counted instead of characters, so some long texts beyond ASCII don't match although they are valid."""
    inside = characters(span.excluded) + BEYOND_ASCII
    if low > 1:
        return f"[{inside}]{{{low * 4},{high}}}+"
    short = f"[{inside}]{{1,{high}}}+"
    if span is not QUOTED or high < _MIN_QUOTED:
        return short
    # Quotes in the text are doubled. Each quote and each piece between two counts, so that the length is bounded.
    # A text with line breaks is left to the rules: only they see whether a quote was never closed.
    pieces = 40 if high >= 1_000 else 20
    return rf'(?:{short}(?!"")|(?:[{inside}]{{1,{high // pieces}}}+|""){{1,{pieces}}}+(?!""))'


_MIN_QUOTED = 100


# Only the form is checked: words with dots before the @, and a domain of at least two labels after it.
_ATOM = r'[^\s@.,:;<>()\[\]\\"\x00-\x20\x7f-\xa0\ud800-\udfff]+'
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_NOT_IN_ATOMS = ' "(),.:;<>@[\\]'
_ASCII_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}+(?<!-)"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_NOT_IN_URIS = ' "<>\\^`{|}'
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def _narrow_email(span: Span) -> str:
    atom = f"[{characters(span.excluded + _NOT_IN_ATOMS)}]"
    any_ = rf"{atom}++(?:\.{atom}++)*+@(?:{_ASCII_LABEL}\.)+[A-Za-z]{{2,63}}+"
    # Most addresses have this form, which needs no check of the length: it saves half of the time.
    usual = rf"{atom}{{1,64}}+(?:\.{atom}{{1,64}}+)?+@[A-Za-z0-9]{{1,60}}+\.[A-Za-z]{{2,60}}+(?![A-Za-z0-9.-])"
    visible = characters(span.excluded)
    return rf"(?:{usual}|(?=[{visible}]{{1,{MAX_EMAIL_CHARACTERS}}}+(?![{visible}])){any_})"


def _narrow_uri(span: Span) -> str:
    return rf"[A-Za-z][A-Za-z0-9+.-]*+:[{characters(span.excluded + _NOT_IN_URIS)}]++"


_FORMATS = {
    "email": _Form(
        "an e-mail address, such as ada@example.com",
        "ada@example.com",
        lambda value: _EMAIL.fullmatch(value) and value.isprintable(),
        _narrow_email,
        MAX_EMAIL_CHARACTERS,
        bounded=True,
    ),
    "uuid": _Form(
        "a UUID, such as 123e4567-e89b-12d3-a456-426614174000",
        "123e4567-e89b-12d3-a456-426614174000",
        re.compile(_UUID).fullmatch,
        lambda _: _UUID,
        36,
        "uuid",
        bounded=True,
    ),
    "uri": _Form(
        "a web address, such as https://example.com/a",
        "https://example.com/a",
        _URI.fullmatch,
        _narrow_uri,
        MAX_URI_CHARACTERS,
    ),
}


def _code(field: DeclaredField) -> _Form:
    pattern = field.constraints.get("pattern")
    declared = _declared(field) if pattern else None

    def accepts(value: str) -> bool:
        good = declared.accepts(value) if declared else _CODE.fullmatch(value)
        return bool(good) and not _damage(value)

    def narrow(span: Span) -> str:
        inside = declared.narrow(span) if declared else f"[A-Za-z0-9._-]{{1,{high}}}+"
        return f"{_UNDAMAGED}{inside}"

    high = field.constraints.get("maxLength", 64)
    rule = declared.rule if declared else f"1 to {high} {_CODE_RULE}"
    example = declared.example if declared else "A-1001"
    return _Form(rule, example, accepts, narrow, high, bounded=declared is None)


# What a program could have damaged starts with a digit, or with the first letter of a word for "no value". Most codes
# start otherwise, and one look at the first character passes them.
_UNDAMAGED = r"(?:(?=[^0-9NnUu])|(?![0-9]++[.eE]|(?i:null|none|nan|nil|na|undefined)(?![A-Za-z0-9._-])))"


def _damage(value: str) -> str:
    """What a program has probably done to an identifier; empty if it looks right."""
    if value.casefold() in _NO_VALUES:
        return "is how programs write that there is no value: it "
    if _DAMAGED.fullmatch(value):
        return "is a number that a spreadsheet or a program has changed, so the original is lost (format the column as text): it "
    if value.startswith(("=", "'")):
        return "is a spreadsheet's mark for text (export the values, not the formulas): it "
    return ""


def _declared(field: DeclaredField) -> _Form:
    pattern = field.constraints["pattern"]
    if not isinstance(pattern, str) or not is_safe(pattern):
        raise UnsupportedError(
            "pattern must be built of ASCII characters, classes such as [A-Z0-9], groups, alternatives and repeats "
            "that are not nested, because other patterns can take very long",
            pattern,
        )
    rule = field.rule or f"text that matches {pattern}"
    example = str(getattr(field, "example", None) or "")
    return _Form(rule, example, re.compile(pattern, re.ASCII).fullmatch, lambda span: match_pattern(pattern, span), MAX_CHARACTERS)
