"""Converts the text of a file to UTF-8, and removes the end mark of DOS."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from .refusal import RefusedError

UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_END_MARK = b"\x1a"  # Ctrl-Z, which DOS wrote after the last line
_MAX_HELD = 1_024
_JSON = re.compile(rb"\s*(?:\x1e|\{|\[\s*(?:[{\[\]]|\Z))")


def encoding(beginning: bytes, declared: str) -> str:
    """The encoding of a text that begins like this: what its byte order mark says, otherwise the declared one.

    JSON is always Unicode.
    """
    if beginning.startswith(_UTF16_MARKS):
        return "utf-16"
    return "utf-8" if beginning.startswith(UTF8_MARK) or _JSON.match(beginning) else declared


def as_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text in UTF-8. A byte that the encoding lacks, or half of a surrogate pair, becomes invalid UTF-8."""
    errors = "surrogatepass" if encoding == "utf-16" else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", errors)
    try:
        yield decoder.decode(b"", final=True).encode("utf-8", errors)
    except UnicodeDecodeError:
        raise RefusedError("The file ends within a character: it is incomplete. Send it again.") from None


def refuse_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The text, in an encoding of single bytes. Raises RefusedError if the first bytes beyond ASCII are UTF-8.

    In a piece with such bytes, they all would be read as other characters without an error.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    undecided = True
    for piece in pieces:
        if undecided:
            try:
                undecided = decoder.decode(piece).isascii()
            except UnicodeDecodeError:
                undecided = False
            else:
                if not undecided:
                    raise RefusedError(
                        f"The file is UTF-8 text, but the dataset declares the encoding {encoding}: send the file in "
                        "that encoding, or with a byte order mark, or let the declaration be changed."
                    )
        yield piece


def without_end_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The text without the end mark behind it, and without line ends that follow the mark."""
    held = b""
    for piece in pieces:
        text = piece.rstrip(b"\x1a\r\n")
        if text or len(held) > _MAX_HELD:
            yield held + text
            held = b""
        held += piece[len(text) :]
    yield held.partition(_END_MARK)[0]
