"""Text: free text, formats (e-mail, URI, UUID), declared patterns and choices, and codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..codes.iso3166 import COUNTRIES
from ..codes.iso4217 import CURRENCIES
from .column_type import (
    BLANKS,
    JSON_STRING,
    NOTHING,
    QUOTED,
    BadValueError,
    ColumnType,
    PropertyError,
    Span,
    choices,
    one_of,
    quote,
    sql_choices,
    sql_text,
    words_pattern,
)
from .patterns import BEYOND_ASCII, characters
from .text_pattern import fault, match_pattern

if TYPE_CHECKING:
    from ..declaration import Field

MAX_CHARACTERS = 10_000  # where no maxLength is declared
MAX_EMAIL_CHARACTERS = 254
MAX_URI_CHARACTERS = 2_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# What spreadsheets write for a formula that failed, in English and in German.
_ERRORS = (
    *("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"),
    *("#NV", "#BEZUG!", "#WERT!", "#ZAHL!"),
)
# What spreadsheets and programs write for "no value", or make of an identifier that looks like a number.
_NO_VALUES = {
    *("null", "none", "nan", "-nan", "nat", "nil", "n/a", "na", "n.a.", "n.a", "<na>", "undefined"),
    *("inf", "-inf", "infinity", "-infinity", *(each.lower() for each in _ERRORS)),
}
_NO_ERROR = f"(?!#(?:{'|'.join(re.escape(each[1:]) for each in _ERRORS)}))"
_NO_LETTER = re.compile("[-._]+")
_DAMAGED = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)[eE][+-]?[0-9]+|[+-]?(?:[0-9]+\.0*|\.0+)")
_CODE = re.compile(r"[A-Za-z0-9._-]+")
_CODE_RULE = 'letters (A to Z), digits, ".", "_" or "-"'
MAX_CODE_CHARACTERS = 64  # where no maxLength is declared


def make(field: Field) -> ColumnType:
    """Only free text keeps the blanks around it. The type `any` is free text."""
    if field.semantic_type in _LISTS:
        codes, rule, example = _LISTS[field.semantic_type]
        _refuse_others(field, "x-field/semanticType", "enum", "pattern", "minLength", "maxLength")
        # The lists of codes change, so the table doesn't repeat them.
        return _choices(sorted(codes), rule, example, ())
    if "enum" in field.constraints:
        _refuse_others(field, "constraints/enum", "pattern", "minLength", "maxLength")
        allowed = choices(field, _choice)
        return _choices(allowed, one_of(allowed), allowed[0], sql_choices(allowed, sql_text))
    if field.semantic_type == "code":
        _refuse_others(field, "x-field/semanticType")
        return _matching(field, _code(field))
    if "pattern" in field.constraints:
        _refuse_others(field, "constraints/pattern")
        return _matching(field, _declared(field, MAX_CHARACTERS))
    if field.format in _FORMATS:
        return _matching(field, _FORMATS[field.format])
    if field.format != "default":
        raise PropertyError("format", f"must be default, {', '.join(_FORMATS)}", field.format)
    return _free_text(field)


def _refuse_others(field: Field, path: str, *constraints: str) -> None:
    """Refuse what would be ignored beside the property that says which values are allowed."""
    for name in constraints:
        if name in field.constraints:
            raise PropertyError(f"constraints/{name}", f"can't stand beside {path}", field.constraints[name])
    if field.format != "default":
        raise PropertyError("format", f"can't stand beside {path}", field.format)


def _choice(value: object) -> str:
    if not isinstance(value, str) or not value or value != value.strip(BLANKS) or _UNSTORABLE.search(value):
        raise ValueError
    return value


def _choices(allowed: list[str], rule: str, example: str, sql_checks: tuple[str, ...]) -> ColumnType:
    known = frozenset(allowed)

    def check(value: str) -> str:
        given = value.strip(BLANKS)
        if given not in known:
            raise BadValueError(f"{quote(value)} must be {rule}")
        return given

    return ColumnType(
        sql_type="text",
        rule=rule,
        example=example,
        check=check,
        pattern=lambda span: words_pattern(allowed, span),
        sql_checks=sql_checks,
        max_length=max(map(len, allowed)),
    )


_LISTS = {
    "currency": (CURRENCIES, "a current ISO 4217 currency code in capitals, such as EUR", "EUR"),
    "country": (COUNTRIES, "an ISO 3166-1 country code of two capitals, such as DE", "DE"),
}


class _Form(NamedTuple):
    """A form of text. `accepts` is exact; the pattern `narrow` matches only texts in ASCII that have the form.

    `bounded` says that `narrow` matches no text that is longer than `max_length`. `hint` says what has probably
    happened to a value that isn't accepted.
    """

    rule: str
    example: str
    accepts: Callable[[str], object]
    narrow: Callable[[Span], str]
    max_length: int
    sql_type: str = "text"
    bounded: bool = False
    hint: Callable[[str], str] = lambda _: ""


def _matching(field: Field, form: _Form) -> ColumnType:
    low, high = _lengths(field, form.max_length)
    length = _length_rule(field, low, high)

    def check(value: str) -> str:
        value = value.strip(BLANKS)
        if not low <= len(value) <= high:
            raise BadValueError(f"{quote(value)} has {len(value):,} characters; {length}")
        if not form.accepts(value):
            raise BadValueError(f"{quote(value)} {form.hint(value)}must be {form.rule}")
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


def _free_text(field: Field) -> ColumnType:
    low, high = _lengths(field, MAX_CHARACTERS)
    length = _length_rule(field, low, high)

    def check(value: str) -> str:
        if not low <= len(value) <= high:
            raise BadValueError(f"has {len(value):,} characters; {length}")
        if value in _ERRORS:
            raise BadValueError(f"is an error of the spreadsheet, {value}")
        if _UNSTORABLE.search(value):
            raise BadValueError("contains a character that can't be stored: NUL or an unpaired surrogate")
        return value

    return ColumnType(
        sql_type="text",
        rule=f"text of at most {high:,} characters" if low < 2 else f"text of {low:,} to {high:,} characters",
        example="text",
        check=check,
        # Blanks alone are no value where one is required.
        pattern=lambda span: f"{'(?! )' if field.required else ''}{_NO_ERROR}{_text_pattern(field, low, high, span)}",
        sql_checks=_length_checks(field),
        trims=False,
        max_length=high,
    )


def _lengths(field: Field, most: int) -> tuple[int, int]:
    low, high = field.constraints.get("minLength", 0), field.constraints.get("maxLength", most)
    for name, length in (("maxLength", high), ("minLength", low)):
        if not (low if name == "maxLength" else 0) <= length <= MAX_CHARACTERS:
            raise PropertyError(f"constraints/{name}", f"must be {low:,} to {MAX_CHARACTERS:,} characters", length)
    return low, high


def _length_rule(field: Field, low: int, high: int) -> str:
    return f"the limit is {high:,}" if "minLength" not in field.constraints else f"{low:,} to {high:,} are allowed"


def _length_checks(field: Field) -> tuple[str, ...]:
    signs = {"minLength": ">=", "maxLength": "<="}
    return tuple(
        f"char_length({{}}) {sign} {field.constraints[name]}"
        for name, sign in signs.items()
        if name in field.constraints
    )


def _text_pattern(field: Field, low: int, high: int, span: Span) -> str:
    """Bytes are counted instead of characters, so some long texts beyond ASCII don't match although they are valid."""
    inside = characters(span.excluded) + BEYOND_ASCII
    if high == 0:
        return NOTHING
    if low > 1:
        return f"[{characters(span.excluded)}]{{{low},{high}}}+(?![{inside}])"
    short = f"[{inside}]{{1,{high}}}+"
    if span is JSON_STRING and not any(set(word) & _ESCAPED or not word.isascii() for word in field.missing_values):
        slash = "" if any("/" in word for word in field.missing_values) else "/"
        escape = rf'\\(?:["\\nr{slash}]|u(?:{_BEYOND_ASCII}|{_TWO_HALVES}))'
        return rf'(?:{short}(?=")|{_NOT_ESCAPED}(?:[{inside}]|{escape}){{1,{high}}}+)'
    if span is not QUOTED or high < _MIN_QUOTED:
        return short
    # Quotes in the text are doubled. Quotes and the pieces between them are counted, so that the length is bounded.
    # A text with line breaks is left to the rules: only they see whether a quote was never closed.
    pieces = 40 if high >= 1_000 else 20
    return rf'(?:{short}(?!"")|(?:[{inside}]{{1,{high // pieces}}}+|""){{1,{pieces}}}+(?!""))'


_MIN_QUOTED = 100
# Escapes in JSON texts that can't be part of a word for "no value". The names of half a character come in twos.
_ESCAPED = set('"\\\n\r')
_BEYOND_ASCII = "(?!00[0-7]|[dD][89a-fA-F])[0-9a-fA-F]{4}"
_TWO_HALVES = r"[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_NOT_ESCAPED = r'(?!#|\\\\N *+")'


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


def _code(field: Field) -> _Form:
    high = field.constraints.get("maxLength", MAX_CODE_CHARACTERS)
    declared = _declared(field, high) if "pattern" in field.constraints else None

    def accepts(value: str) -> bool:
        good = declared.accepts(value) if declared else _CODE.fullmatch(value)
        return bool(good) and not _damage(value)

    def narrow(span: Span) -> str:
        inside = declared.narrow(span) if declared else f"[A-Za-z0-9._-]{{1,{high}}}+"
        return f"{_undamaged(span)}{inside}"

    rule = declared.rule if declared else f"1 to {high} {_CODE_RULE}"
    example = declared.example if declared else "A-1001"
    return _Form(rule, example, accepts, narrow, high, bounded=declared is None, hint=_damage)


def _undamaged(span: Span) -> str:
    """A lookahead that fails if a program could have damaged the code.

    What a program could have damaged starts with a digit or a mark, or with the first letters of a word for "no value".
    Most codes start otherwise, and one look at the first character passes them.
    """
    words = "|".join(map(re.escape, sorted(_NO_VALUES)))
    visible = characters(span.excluded)
    points = "[.,]" if span.has(",") else r"\."
    return (
        "(?:(?=[A-HJ-MO-TV-Za-hj-mo-tv-z]|[Ii](?![Nn][Ff]))"
        rf"|(?![=']|[+-]?[0-9]*+(?:{points}|(?<=[0-9])[eE])|(?:(?i:{words})|[-._]++) *+(?![{visible}])))"
    )


def _damage(value: str) -> str:
    """What a program has probably done to an identifier; empty if it looks right."""
    if value.casefold() in _NO_VALUES or _NO_LETTER.fullmatch(value):
        return "is how programs write that there is no value: it "
    if _DAMAGED.fullmatch(value):
        return (
            "is a number that a spreadsheet or a program has changed, so the original is lost (format the column as "
            "text): it "
        )
    if value.startswith(("=", "'")):
        return "is a spreadsheet's mark for text (export the values, not the formulas): it "
    return ""


def _declared(field: Field, most: int) -> _Form:
    pattern = field.constraints["pattern"]
    if found := fault(pattern, field.constraints.get("maxLength", most)):
        raise PropertyError("constraints/pattern", found, pattern)
    form = re.compile(pattern, re.ASCII)
    return _Form(
        field.rule or f"text that matches {pattern}",
        str(field.example or ""),
        lambda value: form.fullmatch(value) and not _UNSTORABLE.search(value),
        lambda span: match_pattern(pattern, span),
        most,
    )
