"""Searches files in the bucket for an address, whatever their format: all bytes are read, and nothing is stored."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Protocol

MAX_UNPACKED_BYTES = 4 * 1024**3
_PIECE = 1024 * 1024
_OVERLAP = 8 * 1024  # an address has at most 254 characters, and a file may write each in several bytes
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_JSON_ESCAPE = re.compile(rb"\\(?:u00([0-7][0-9a-f])|[nrtbf])")
_END_OF_CELL = re.compile(rb"</(?:si|is|c|row)>")
_TAG = re.compile(rb"<[^<>]*>")


class UnsearchableError(Exception):
    """The file can't be searched; the message says why."""


class Readable(Protocol):
    """A stream, such as the body of an object in S3."""

    def read(self, amount: int, /) -> bytes:
        """At most so many bytes, none at the end."""
        ...


def contains(body: Readable, address: str) -> bool:
    """Whether the file has the address, in any case, as UTF-8 or UTF-16, or in the escapes of JSON and XML.

    An address that only begins with it, after a dot, counts as well: the end of a sentence looks the same. Raises
    UnsearchableError.
    """
    text = re.escape(address.encode().lower())
    wanted = re.compile(rb"(?<![a-z0-9._+-])" + text + rb"(?![a-z0-9-])")
    tail = b""
    for piece in _pieces(body):
        window = tail + piece
        if any(wanted.search(form) for form in _forms(window.lower())):
            return True
        tail = window[-_OVERLAP:]
    return False


def _forms(window: bytes) -> Iterator[bytes]:
    """The text without what may stand between the characters of an address, or for one of them."""
    window = window.replace(b"\0", b"")  # of UTF-16
    yield window
    if b"\\" in window:
        yield _JSON_ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()).lower() if match[1] else b" ", window)
    if b"<" in window or b"&" in window:
        plain = html.unescape(window.decode("latin-1")).encode("utf-8", "replace") if b"&" in window else window
        yield _TAG.sub(b" ", plain)
        yield _TAG.sub(b"", _END_OF_CELL.sub(b" ", plain))  # a workbook has tags within a text for its looks


def _pieces(body: Readable) -> Iterator[bytes]:
    """The file's bytes, decompressed."""
    first = body.read(_PIECE)
    raw = _all_of(first, body)
    unpacked = 0
    for piece in _gunzipped(raw) if first.startswith(_GZIP) else _unzipped(raw) if first.startswith(_ZIP) else raw:
        unpacked += len(piece)
        if unpacked > MAX_UNPACKED_BYTES:
            raise UnsearchableError(f"it has more than {MAX_UNPACKED_BYTES // 1024**3} GiB when it is decompressed")
        yield piece


def _all_of(first: bytes, body: Readable) -> Iterator[bytes]:
    while first:
        yield first
        first = body.read(_PIECE)


def _gunzipped(raw: Iterator[bytes]) -> Iterator[bytes]:
    complete = False
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for piece in raw:
        rest = piece
        while rest:
            try:
                yield member.decompress(rest, _PIECE)
            except zlib.error:
                raise UnsearchableError("it is no valid gzip file") from None
            complete = member.eof
            if complete:
                rest, member = member.unused_data, zlib.decompressobj(zlib.MAX_WBITS | 16)
            else:
                rest = member.unconsumed_tail
    if not complete:
        raise UnsearchableError("its gzip data ends too early")


def _unzipped(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Every file of the archive, such as a workbook's."""
    try:
        with zipfile.ZipFile(io.BytesIO(b"".join(raw))) as archive:
            for each in archive.infolist():
                with archive.open(each) as member:
                    while piece := member.read(_PIECE):
                        yield piece
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError) as error:
        raise UnsearchableError(f"it is no ZIP archive that can be read: {error}") from None
