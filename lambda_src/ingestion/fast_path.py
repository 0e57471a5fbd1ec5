"""The fast path for ordinary valid rows: regular expressions match them in the received bytes and copy them unchanged.

The patterns are stricter than the rules in `order_row`: every row that matches is valid under the rules and is stored
unchanged, which the tests verify. Rows that don't match are checked by the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from .content import MAX_RECORD_BYTES, Content
from .currencies import CURRENCIES
from .order_row import COLUMNS

# Quantifiers are possessive (`++`) where backtracking can't help: that halves the time.
_NAME = r"[A-Za-z0-9._-]{1,64}+"
_ADDRESS = r"A-Za-z0-9.@!#$%&'*+/=?^_`{|}~-"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}+(?<!-)"
_EMAIL = rf"(?=[{_ADDRESS}]{{6,254}}+(?![{_ADDRESS}])){_ATOM}(?:\.{_ATOM})*+@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}+"
_DATE = (
    r"(?!0000|0001-01-01|9999-12-31)[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
# A character outside ASCII in valid UTF-8.
_LETTER = (
    r"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    r"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_JSON_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+"
QUOTE = '"'


class CopiedLines(NamedTuple):
    """For CSV files whose columns are all in COLUMNS: only the ends of the lines are replaced."""

    run: re.Pattern[bytes]
    line_end: bytes

    def take(self, content: Content) -> tuple[bytes, int]:
        """Take the valid rows at the position, as lines for PostgreSQL's COPY, and their number; b"" and 0 for none.

        One match takes all the rows in the buffer.
        """
        run = self.run.match(content.buffer, content.position)
        if not run or not run[0]:
            return b"", 0
        lines = run[0]
        count = lines.count(b"\n")
        content.advance(len(lines), lines=count)
        return lines.replace(b"\r\n", b"\n").replace(b"\n", self.line_end), count


class PickedValues(NamedTuple):
    """For other files: `pick` selects and orders a row's values, which are the groups of its pattern."""

    row: re.Pattern[bytes]
    pick: Callable[[tuple[bytes, ...]], tuple[bytes, ...]]
    delimiter: bytes
    line_end: bytes

    def take(self, content: Content) -> tuple[bytes, int]:
        """As CopiedLines.take, with a match for each row, up to the first that doesn't match or is too long."""
        lines = []
        end = content.position
        for match in self.row.finditer(content.buffer, content.position):
            if match.lastindex is None or match.end() - end > MAX_RECORD_BYTES:
                break
            lines.append(self.delimiter.join(self.pick(match.groups(b""))))
            end = match.end()
        if not lines:
            return b"", 0
        content.advance(end - content.position, lines=len(lines))
        return self.line_end.join([*lines, b""]), len(lines)


FastPath = CopiedLines | PickedValues


def for_csv(columns: Sequence[str], delimiter: str, line_end: bytes) -> FastPath:
    """For the lines of a CSV file with these columns; `line_end` replaces the end of each line.

    The lines for COPY have the columns in this order or, if there are others among them, in the order of COLUMNS.
    """
    if set(columns) <= set(COLUMNS):
        return CopiedLines(_csv_run(columns, delimiter), line_end)
    return PickedValues(_csv_row(columns, delimiter), _in_order(columns), delimiter.encode(), line_end)


def for_json(members: Sequence[tuple[bytes, str]], line_end: bytes) -> FastPath:
    """For JSON lines of one layout: for each member, the bytes before its value, such as b', "sku": ', and its name.

    The lines for COPY have the columns in the order of COLUMNS.
    """
    return PickedValues(_json_row(members), _in_order([name for _, name in members]), b",", line_end)


def _in_order(names: Sequence[str]) -> Callable[[tuple[bytes, ...]], tuple[bytes, ...]]:
    present = [name for name in names if name in COLUMNS]
    # The last group always matches an empty value, which is used for a column that is left out.
    return itemgetter(*(present.index(name) if name in present else -1 for name in COLUMNS))


def _csv_run(columns: Sequence[str], delimiter: str) -> re.Pattern[bytes]:
    plain, quoted = _values(delimiter), _values(QUOTE)
    fields = re.escape(delimiter).join(f'(?:{plain[name]}|"{quoted[name]}")' for name in columns)
    return _pattern(rf"(?:{fields}\r?\n)*+")


def _csv_row(columns: Sequence[str], delimiter: str) -> re.Pattern[bytes]:
    plain, quoted = _values(delimiter), _values(QUOTE)
    ignored = f'(?:{_text(delimiter)}|"{_text(QUOTE)}")'
    fields = re.escape(delimiter).join(
        f'({plain[name]}|"{quoted[name]}")' if name in COLUMNS else ignored for name in columns
    )
    return _pattern(rf"{fields}\r?\n()|")


def _json_row(members: Sequence[tuple[bytes, str]]) -> re.Pattern[bytes]:
    values = _values(QUOTE)
    text = {name: f'("{value}")' for name, value in values.items()}
    text["notes"] += "|null"
    for number in ("quantity", "unit_price"):
        text[number] = f'({values[number]}|"{values[number]}")'
    ignored = f'"{_text(QUOTE)}"|{_JSON_NUMBER}|true|false|null'
    fields = "".join(re.escape(before.decode("ascii")) + f"(?:{text.get(name, ignored)})" for before, name in members)
    return _pattern(rf"{fields}\}}\r?\n()|")


def _pattern(text: str) -> re.Pattern[bytes]:
    # re caches some hundred patterns, which is enough for the usual files.
    return re.compile(text.encode("latin-1"))


def _text(delimiter: str) -> str:
    """At most 2,000 characters without counting them: 500, and 25 times 20 and 40."""
    plain = "".join(re.escape(chr(code)) for code in range(0x20, 0x7F) if chr(code) not in f'"\\{delimiter}')
    return rf"[{plain}]{{0,500}}+(?:(?:{_LETTER}){{1,20}}+[{plain}]{{0,40}}+){{0,25}}+"


def _values(delimiter: str) -> Mapping[str, str]:
    """The pattern of each column's value; `delimiter` ends the value."""
    return {
        "order_id": _NAME,
        "customer_email": _EMAIL,
        "sku": _NAME,
        "quantity": r"[1-9][0-9]{0,5}+",
        "unit_price": r"(?:0|[1-9][0-9]{0,9}+)(?:\.[0-9]{1,2}+)?+",
        "currency": _one_of(CURRENCIES),
        "ordered_at": f"{_DATE}T{_TIME}",
        "notes": _text(delimiter),
    }


def _one_of(words: Iterable[str]) -> str:
    """One of the words, grouped by their first letter, so that only a few are tried."""
    groups = groupby(sorted(words), key=lambda word: word[0])
    return "(?:" + "|".join(f"{first}(?:{'|'.join(word[1:] for word in group)})" for first, group in groups) + ")"
