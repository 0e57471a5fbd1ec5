"""Decompresses gzip, and refuses files that are not gzip as declared, are damaged, or grow beyond the limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from .refusal import RefusedError

MAGIC = b"\x1f\x8b"
PIECE_BYTES = 64 * 1024
INPUT_BYTES = 8 * 1024  # zlib copies the input that follows a member, so large parts make many tiny members slow
GZIP = zlib.MAX_WBITS + 16  # tells zlib to expect a gzip header and checksum


def decompressed(pieces: Iterable[bytes], *, declared: str | None, max_bytes: int) -> Iterator[bytes]:
    """The file's content. Gzip is recognized by its first two bytes, and all its members are decompressed.

    `declared` says what declares the file to be gzip, or is None. A declared file without those two bytes is refused.
    Raises RefusedError, also if the content is damaged or has more than `max_bytes`.
    """
    source = iter(pieces)
    first = next(source, b"")
    while 0 < len(first) < len(MAGIC) and (more := next(source, b"")):
        first += more
    source = chain([first], source)
    if not first.startswith(MAGIC):
        if declared and first:
            raise RefusedError(f"{declared} says that the file is compressed with gzip, but it is not.")
        return source
    return _members(source, max_bytes)


def _members(pieces: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    held = bytearray()
    for part in _inflated(pieces):
        size += len(part)
        if size > max_bytes:
            raise RefusedError(f"The decompressed file has more than {max_bytes:,} bytes: split it into smaller files.")
        # A member may hold a single byte, and reading each piece by itself would search its line again each time.
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
                rest = rest.lstrip(b"\0")  # padding, which may follow each member
                member = zlib.decompressobj(GZIP) if rest else None
                continue
            try:
                yield member.decompress(rest, PIECE_BYTES)
            except zlib.error as error:
                raise RefusedError(f"The gzip file is damaged ({error}): send it again.") from error
            rest, member = (member.unused_data, None) if member.eof else (member.unconsumed_tail, member)
    if member is not None:
        raise RefusedError("The gzip file is incomplete: send it again.")


def _cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return (piece[at : at + INPUT_BYTES] for piece in pieces for at in range(0, len(piece), INPUT_BYTES))
