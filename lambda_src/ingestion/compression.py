"""Undoes gzip, and refuses what only pretends to be it, is broken, or grows beyond measure."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedReader, RawIOBase
from itertools import chain

from .refusal import RefusedError

MAGIC = b"\x1f\x8b"
PIECE_BYTES = 64 * 1024


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
    with gzip.GzipFile(fileobj=BufferedReader(_Stream(pieces), PIECE_BYTES)) as file:
        while piece := _read(file):
            size += len(piece)
            if size > max_bytes:
                raise RefusedError(
                    f"Decompressed, the file has more than {max_bytes:,} bytes, the most it may have: send it in parts."
                )
            yield piece


def _read(file: gzip.GzipFile) -> bytes:
    try:
        # Not read1: a member may hold a single byte, and each piece costs a look at the line that it belongs to.
        return file.read(PIECE_BYTES)
    except EOFError as error:
        raise RefusedError("The gzip file ends too early: send it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RefusedError(f"The gzip file is damaged ({error}): send it again.") from error


class _Stream(RawIOBase):
    """Pieces as a file to read from, as the gzip module wants it."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # any buffer, says typeshed
        self._rest = self._rest or next(self._pieces, b"")
        piece, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)
