"""Undoes gzip, and refuses what only pretends to be it, is broken, or grows beyond measure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from .refusal import RefusedError

MAGIC = b"\x1f\x8b"
PIECE_BYTES = 64 * 1024
INPUT_BYTES = 8 * 1024  # each end of a member copies the input behind it, so large parts make many tiny members slow
GZIP = zlib.MAX_WBITS + 16  # zlib's way to ask for a gzip header and its checksum


def decompressed(pieces: Iterable[bytes], *, promised: str | None, max_bytes: int) -> Iterator[bytes]:
    """The file's content: of gzip, which is known by its first two bytes, what all of its members hold.

    `promised` says what made gzip expected, if anything: without those two bytes the file is refused. Raises
    RefusedError, also where the content is broken or has more than `max_bytes`.
    """
    source = iter(pieces)
    first = next(source, b"")
    while 0 < len(first) < len(MAGIC) and (more := next(source, b"")):
        first += more
    source = chain([first], source)
    if not first.startswith(MAGIC):
        if promised and first:
            raise RefusedError(f"{promised} says that the file is compressed with gzip, and it is not.")
        return source
    return _members(source, max_bytes)


def _members(pieces: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    size = 0
    held = bytearray()
    for part in _inflated(pieces):
        size += len(part)
        if size > max_bytes:
            raise RefusedError(
                f"Decompressed, the file has more than {max_bytes:,} bytes, the most it may have: send it in parts."
            )
        # A member may hold a single byte, and each piece costs a look at the line that it belongs to.
        held += part
        if len(held) >= PIECE_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # Not the gzip module: how far it reads ahead depends on the Python version (8 KiB in 3.11, 128 KiB since 3.12).
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
        raise RefusedError("The gzip file ends too early: send it again.")


def _cut(pieces: Iterator[bytes]) -> Iterator[bytes]:
    return (piece[at : at + INPUT_BYTES] for piece in pieces for at in range(0, len(piece), INPUT_BYTES))
