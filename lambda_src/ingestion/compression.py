"""Decompresses gzip and Zstandard. Refuses files that are damaged, too large, or declared as gzip but are not."""

from __future__ import annotations

import importlib
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from .refusal import RefusedError

MAGIC = b"\x1f\x8b"
ZSTANDARD_MAGIC = b"\x28\xb5\x2f\xfd"
PIECE_BYTES = 64 * 1024
INPUT_BYTES = 8 * 1024  # zlib copies the input that follows a member, so large parts make many tiny members slow
GZIP = zlib.MAX_WBITS + 16  # tells zlib to expect a gzip header and checksum
# Bytes that may follow a member, because the file was padded to blocks or copied as text. gunzip ignores any other
# bytes too, with a warning. Nobody would see it here, and they could be a damaged member.
_PADDING = b"\0\t\n\r \x1a"
# A decoder holds a window in memory; RFC 8878 recommends that it supports 8 MiB, and more than this is refused.
_ZSTANDARD_WINDOW_LOG = 23


def decompressed(pieces: Iterable[bytes], *, declared: str | None, max_bytes: int) -> Iterator[bytes]:
    """The file's content. Compression is recognized by the first bytes, and all members are decompressed.

    `declared` says what declares the file to be gzip; None if nothing does. A declared file that is not gzip is
    refused. Zstandard needs Python 3.14. Raises RefusedError, also if the content is damaged or has more than
    `max_bytes`.
    """
    source = iter(pieces)
    first = next(source, b"")
    while 0 < len(first) < len(ZSTANDARD_MAGIC) and (more := next(source, b"")):
        first += more
    source = chain([first], source)
    if first.startswith(MAGIC):
        return _limited(_inflated(source), max_bytes)
    if declared and first:
        raise RefusedError(f"{declared} says that the file is compressed with gzip, but it is not.")
    if first.startswith(ZSTANDARD_MAGIC) and sys.version_info >= (3, 14):
        return _limited(_unpacked(source), max_bytes)
    return source


def _limited(parts: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    held = bytearray()
    for part in parts:
        size += len(part)
        if size > max_bytes:
            raise RefusedError(f"The decompressed file has more than {max_bytes:,} bytes: split it into smaller files.")
        # A member may hold a single byte. If each were a piece of its own, its line would be searched again for each.
        held += part
        if len(held) >= PIECE_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # The gzip module reads ahead by an amount that depends on the Python version (8 KiB in 3.11, 128 KiB since 3.12).
    member = None
    for received in _cut(pieces):
        rest = received
        while rest:
            if member is None:
                rest = rest.lstrip(_PADDING)
                member = zlib.decompressobj(GZIP) if rest else None
                continue
            try:
                yield member.decompress(rest, PIECE_BYTES)
            except zlib.error as error:
                raise RefusedError(f"The gzip file is damaged ({error}): send it again.") from error
            rest, member = (member.unused_data, None) if member.eof else (member.unconsumed_tail, member)
    if member is not None:
        raise RefusedError("The gzip file is incomplete: send it again.")


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    zstd = importlib.import_module("compression.zstd")
    options = {zstd.DecompressionParameter.window_log_max: _ZSTANDARD_WINDOW_LOG}
    frame = None
    for received in pieces:
        rest = received
        while rest or (frame is not None and not frame.needs_input):
            frame = frame or zstd.ZstdDecompressor(options=options)
            try:
                yield frame.decompress(rest, PIECE_BYTES)
            except zstd.ZstdError as error:
                raise RefusedError(f"The Zstandard file is damaged ({error}): send it again.") from error
            rest, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:
        raise RefusedError("The Zstandard file is incomplete: send it again.")


def _cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return (piece[at : at + INPUT_BYTES] for piece in pieces for at in range(0, len(piece), INPUT_BYTES))
