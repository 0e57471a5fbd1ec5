"""Searches files in the bucket for an address, whatever their format: all bytes are read, and nothing is stored."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

MAX_UNPACKED_BYTES = 4 * 1024**3
MAX_ARCHIVE_BYTES = 1024**3  # of a ZIP archive, which is held in memory
_PIECE = 1024 * 1024
_OVERLAP = 8 * 1024  # an address has at most 254 characters, and a file may write each in several bytes
_GZIP, _ZIP, _ZSTANDARD = b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"
_PADDING = b"\0\t\n\r \x1a"  # behind a member of gzip, as when a file is loaded (lambda_src/ingestion/compression.py)
_JSON_ESCAPE = re.compile(rb"\\(?:u([0-9a-f]{4})|[nrtbf])")
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
    """Whether the file has the address, in any case and encoding of files, or in the escapes of JSON and XML.

    An address that only begins with it, after a dot, counts as well: the end of a sentence looks the same. Raises
    UnsearchableError.
    """
    texts = b"|".join(sorted({re.escape(each.lower()) for each in _encoded(address)}))
    wanted = re.compile(rb"(?<![a-z0-9._+-])(?:" + texts + rb")(?![a-z0-9-])")
    tail = b""
    for piece in _pieces(body):
        window = tail + piece
        if any(wanted.search(form) for form in _forms(window.lower())):
            return True
        tail = window[-_OVERLAP:]
    return False


def _encoded(address: str) -> Iterator[bytes]:
    """The address in each encoding that a file may have. The search leaves out NUL."""
    yield address.encode()
    yield address.encode("utf-16-le").replace(b"\0", b"")
    yield address.encode("utf-16-be").replace(b"\0", b"")
    try:
        yield address.encode("cp1252")
    except UnicodeEncodeError:
        return  # no file in this encoding has it


def _forms(window: bytes) -> Iterator[bytes]:
    """The text without what may stand between the characters of an address, or for one of them."""
    window = window.replace(b"\0", b"")  # of UTF-16
    yield window
    if b"\\" in window:
        yield _JSON_ESCAPE.sub(_unescaped, window)
    if b"<" in window or b"&" in window:
        plain = window
        if b"&" in window:
            # Bytes that are no UTF-8 stay as they are.
            plain = html.unescape(window.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        yield _TAG.sub(b" ", plain)
        yield _TAG.sub(b"", _END_OF_CELL.sub(b" ", plain))  # a workbook has tags within a text for its looks


def _unescaped(match: re.Match[bytes]) -> bytes:
    return chr(int(match[1], 16)).encode("utf-8", "surrogatepass").lower() if match[1] else b" "


def _pieces(body: Readable) -> Iterator[bytes]:
    """The file's bytes, decompressed."""
    unpacked = 0
    # A workbook may be compressed with gzip once more.
    for piece in _unpacked(_unpacked(_all_of(body))):
        unpacked += len(piece)
        if unpacked > MAX_UNPACKED_BYTES:
            raise UnsearchableError(f"it has more than {MAX_UNPACKED_BYTES // 1024**3} GiB when it is decompressed")
        yield piece


def _unpacked(raw: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes, decompressed once if they are compressed."""
    first = b""
    for piece in raw:
        first += piece
        if len(first) >= len(_ZIP):
            break
    raw = chain([first], raw)
    if first.startswith(_ZSTANDARD):
        raise UnsearchableError("it is compressed with Zstandard")
    return _gunzipped(raw) if first.startswith(_GZIP) else _unzipped(raw) if first.startswith(_ZIP) else raw


def _all_of(body: Readable) -> Iterator[bytes]:
    while piece := body.read(_PIECE):
        yield piece


def _gunzipped(raw: Iterator[bytes]) -> Iterator[bytes]:
    member = None
    for piece in raw:
        rest = piece
        while rest:
            if member is None:
                rest = rest.lstrip(_PADDING)
                member = zlib.decompressobj(zlib.MAX_WBITS | 16) if rest else None
                continue
            try:
                yield member.decompress(rest, _PIECE)
            except zlib.error:
                raise UnsearchableError("it is no valid gzip file") from None
            rest, member = (member.unused_data, None) if member.eof else (member.unconsumed_tail, member)
    if member is not None:
        raise UnsearchableError("its gzip data ends too early")


def _unzipped(raw: Iterator[bytes]) -> Iterator[bytes]:
    """Every file of the archive, such as a workbook's."""
    held = io.BytesIO()
    for piece in raw:
        held.write(piece)
        if held.tell() > MAX_ARCHIVE_BYTES:
            raise UnsearchableError(f"it is a ZIP archive of more than {MAX_ARCHIVE_BYTES // 1024**3} GiB")
    try:
        with zipfile.ZipFile(held) as archive:
            for each in archive.infolist():
                with archive.open(each) as member:
                    while piece := member.read(_PIECE):
                        yield piece
    except Exception as error:  # bytes that were made for it raise any error in the library
        raise UnsearchableError(f"it is no ZIP archive that can be read: {error}") from None
