"""Converts JSON that does not have one object per line into JSON Lines.

Such files are an array of objects, objects one directly after the other (Amazon Data Firehose), objects of several
lines, and JSON text sequences (RFC 7464).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from tabular.types import quote

from .content import MAX_RECORD_BYTES, Content
from .refusal import RefusedError

PIECE_BYTES = 64 * 1024

_STRING = r'"(?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f])*+"'
_OBJECT = rf"\{{(?:[^\"{{}}]++|{_STRING})*+\}}"
for _ in range(3):  # levels of objects in objects; an object with more takes longer
    _OBJECT = rf"\{{(?:[^\"{{}}]++|{_STRING}|{_OBJECT})*+\}}"
_WHOLE_OBJECT = re.compile(_OBJECT.encode("latin-1"))
# Without escapes, an even number of quotes means that the last brace is outside of them. This pattern is ten times as
# fast.
_SIMPLE_OBJECT = re.compile(rb"\{[^{}\\\n]*+\}")
_BETWEEN = re.compile(rb"[\s,\x1e\[\]]++")
# A string ends with its line at the latest: JSON writes a line end in a string as \n.
_TEXT = rb'"(?:[^"\\\n]++|\\[^\n])*+"?'
_TOKEN = re.compile(rb"[{}]|" + _TEXT)
_STRAY = re.compile(_TEXT + rb'|[^\s{}\[\],"\x1e]++')
_LINE_END = re.compile(rb"(?<!\s)[^\S\n]*+\n\s*+")
_LINE_END_AT_MARK = re.compile(rb"(?<=[{}\[\],:])" + _LINE_END.pattern + rb"|" + _LINE_END.pattern + rb"(?=[{}\[\],:])")
_ARRAY = re.compile(rb"\[\s*(?:[{\[\]]|\Z)")
_LIST = re.compile(rb'"([^"\\\n]{1,100})"\s*:\s*\[\s*\{')


def are_objects(beginning: bytes) -> bool:
    """Whether a file that begins like this is JSON, and its first object is not alone on its line."""
    beginning = beginning.lstrip()
    if beginning.startswith(b"\x1e") or _ARRAY.match(beginning):
        return True
    if not beginning.startswith(b"{"):
        return False
    line, line_end, _ = beginning.partition(b"\n")
    try:
        # Latin-1, so that a place in the text is one in the bytes.
        # int() refuses numbers of thousands of digits.
        _, end = json.JSONDecoder(parse_int=str).raw_decode(beginning.decode("latin-1"))
    except json.JSONDecodeError as error:
        # The line has no mistake, and the object continues on the next line.
        return bool(line_end) and error.pos > len(line)
    except RecursionError:
        return False
    return end > len(line) or line[end:].lstrip(b" \t\r,").startswith(b"{")


def json_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Each object on a line of its own. Anything else between objects, except commas, becomes a line of its own too.

    Empty lines are added, so that a line has the number of the line on which its object begins. If several objects
    begin on one line, each counts as a line. Raises RefusedError if an object or an array has no end.
    """
    content = Content(pieces)
    lines = bytearray()
    written = 1  # the number of the line that is written next
    brackets = 0  # that are open
    while content.fill(MAX_RECORD_BYTES):
        buffer, position, line = content.buffer, content.position, content.line_number
        if line > written:
            lines += b"\n" * (line - written)
            written = line
        byte = buffer[position : position + 1]
        if byte == b"{":
            text, in_one_line = _object(buffer, position, line)
            lines += in_one_line + b"\n"
            written += 1
        elif between := _BETWEEN.match(buffer, position):
            text = between[0]
            brackets += text.count(b"[") - text.count(b"]")
        else:
            text = _stray(buffer[position : position + MAX_RECORD_BYTES])
            lines += text + b"\n"
            written += 1
        content.advance(len(text), lines=text.count(b"\n"))
        if len(lines) >= PIECE_BYTES:
            yield bytes(lines)
            lines.clear()
    yield bytes(lines)
    if brackets:
        raise RefusedError("The JSON array has no end, or more than one: the file is incomplete. Send it again.")


def _stray(content: bytes) -> bytes:
    """What stands between objects and is neither blank nor structure."""
    match = _STRAY.match(content)
    return match[0] if match else content[:1]


def _object(buffer: bytes, start: int, line: int) -> tuple[bytes, bytes]:
    """The text of the object that starts here, and the same in one line."""
    most = start + MAX_RECORD_BYTES
    simple = _SIMPLE_OBJECT.match(buffer, start, most)
    if simple and not simple[0].count(b'"') % 2:
        return simple[0], simple[0]
    if match := _WHOLE_OBJECT.match(buffer, start, most):
        text = match[0]
        # A line end at no mark may stand inside a number, whose parts must not become one.
        return text, _LINE_END.sub(b" ", _LINE_END_AT_MARK.sub(b"", text)) if b"\n" in text else text
    depth = 0
    for token in _TOKEN.finditer(buffer, start, most):
        depth += {b"{": 1, b"}": -1}.get(token[0], 0)
        if not depth:
            text = buffer[start : token.end()]
            # A line end in a string stays an error.
            return text, text.replace(b"\n", b"\r")
    if len(buffer) < most:
        raise RefusedError(
            f"The file ends inside the JSON object that begins on line {line:,}. It is incomplete, or a text in it "
            "contains a line end or has no closing quote."
        )
    found = _LIST.search(buffer, start, most)
    inside = f": {rows_inside(found[1].decode('utf-8', 'replace'))}" if found else "."
    raise RefusedError(f"The JSON object that begins on line {line:,} is longer than 64 KiB, or has no end{inside}")


def rows_inside(name: str) -> str:
    """The reason against an object that contains the rows as a list."""
    return f"the rows are inside the list {quote(name)}: send its objects themselves, one per line or as an array."
