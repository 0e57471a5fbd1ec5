"""A file's bytes as they are received, with the position up to which they have been read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

MAX_RECORD_BYTES = 64 * 1024


class Record(NamedTuple):
    """A record of a file in any format: the line it starts on (the first is 1), its bytes, its values and its errors.

    The values are in the order of the dataset's columns. A blank record has neither values nor errors.
    `values_in_file` are all values in the order of the file, as its format reads them.
    """

    line_number: int
    raw: bytes
    values: Sequence[str | None]
    faults: list[str]
    values_in_file: Sequence[Any] = ()


class Content:
    """Holds the bytes that were received and not read yet: `buffer` from `position` on.

    `line_number` is the number of the line at `position`.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.buffer = b""
        self.position = 0
        self._text_end = -1
        self._dropped = 0
        self.line_number = 1

    @property
    def offset(self) -> int:
        """The number of bytes before the position."""
        return self._dropped + self.position

    def receive(self) -> bool:
        """Append another piece to the buffer and drop what was read; returns False at the end of the file."""
        piece = next(filter(None, self._pieces), b"")
        if not piece:
            return False
        self.buffer = self.buffer[self.position :] + piece
        self._dropped += self.position
        self.position = 0
        self._text_end = -1
        return True

    def fill(self, size: int = MAX_RECORD_BYTES) -> bool:
        """Receive until `size` bytes, or all that are left, are in the buffer; returns whether there are any."""
        while len(self.buffer) - self.position < size and self.receive():
            pass
        return len(self.buffer) > self.position

    def beginning(self, size: int = MAX_RECORD_BYTES) -> bytes:
        """The next `size` bytes, or all that are left."""
        self.fill(size)
        return self.buffer[self.position : self.position + size]

    def replace_rest(self, change: Callable[[Iterator[bytes]], Iterator[bytes]]) -> None:
        """Replace the bytes that were not read yet by what `change` makes of them."""
        self._pieces = change(chain([self.buffer[self.position :]], self._pieces))
        self._dropped += self.position
        self.buffer, self.position, self._text_end = b"", 0, -1

    def text_end(self) -> int:
        """The end of the UTF-8 text at the position: of the last line before a bad byte, or of the buffer."""
        if self._text_end < self.position:
            self._text_end = self._find_text_end()
        return self._text_end

    def _find_text_end(self) -> int:
        if self.buffer.isascii():
            return len(self.buffer)
        try:
            self.buffer[self.position :].decode()
        except UnicodeDecodeError as error:
            return self.buffer.rfind(b"\n", self.position, self.position + error.start) + 1
        return len(self.buffer)

    def has_line(self) -> bool:
        """Whether the buffer holds the whole next line, or more bytes of it than a record may have."""
        return len(self.buffer) - self.position > MAX_RECORD_BYTES or self.buffer.find(b"\n", self.position) >= 0

    def line(self, offset: int = 0) -> bytes:
        """The line that starts `offset` bytes after the position, with its line end; b"" at the end of the file.

        A line that is longer than a record may be is cut one byte after the limit.
        """
        while True:
            start = self.position + offset
            end = self.buffer.find(b"\n", start, start + MAX_RECORD_BYTES + 1)
            if end >= 0:
                return self.buffer[start : end + 1]
            if len(self.buffer) - start > MAX_RECORD_BYTES:
                return self.buffer[start : start + MAX_RECORD_BYTES + 1]
            if not self.receive():
                return self.buffer[start:]

    def lines_through(self, mark: bytes, offset: int) -> bytes:
        """The lines from `offset` bytes after the position to the first line with the mark, or to the last line.

        The result is cut one byte after the limit of a record that starts at the position.
        """
        self.fill(MAX_RECORD_BYTES + 1)
        start, most = self.position + offset, self.position + MAX_RECORD_BYTES + 1
        at = self.buffer.find(mark, start, most)
        end = self.buffer.find(b"\n", at, most) if at >= 0 else -1
        return self.buffer[start : end + 1 if end >= 0 else most]

    def advance(self, count: int, *, lines: int) -> None:
        """Move the position by `count` bytes, which contain `lines` line ends."""
        self.position += count
        self.line_number += lines

    def skip_line(self) -> None:
        """Move the position behind the next line, however long it is."""
        while (end := self.buffer.find(b"\n", self.position)) < 0:
            self.position = len(self.buffer)
            if not self.receive():
                return
        self.advance(end + 1 - self.position, lines=1)

    def skip(self, lines: re.Pattern[bytes]) -> bool:
        """Move the position behind the whole lines in the buffer that the pattern matches; False if there are none."""
        match = lines.match(self.buffer, self.position)
        if not match or not match[0]:
            return False
        self.advance(len(match[0]), lines=match[0].count(b"\n"))
        return True
