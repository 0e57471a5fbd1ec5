"""A file's bytes as they come in, with the place up to which they have been read."""

from __future__ import annotations

from collections.abc import Iterable

MAX_RECORD_BYTES = 64 * 1024


class Content:
    """Holds what was received and not read yet: `bytes` from `at` on. `line_number` is that of the line at `at`."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self.bytes = b""
        self.at = 0
        self.line_number = 1

    def more(self) -> bool:
        """Receive another piece, and let go of what was read; False at the end of the file."""
        piece = next(self._pieces, b"")
        if not piece:
            return False
        self.bytes = self.bytes[self.at :] + piece
        self.at = 0
        return True

    def holds_a_line(self) -> bool:
        """Whether the next line was received up to its end, or as far as a record may reach."""
        return len(self.bytes) - self.at > MAX_RECORD_BYTES or self.bytes.find(b"\n", self.at) >= 0

    def line(self, offset: int = 0) -> bytes:
        """The line that begins `offset` bytes after the place of reading, its end included; nothing at the file's end.

        Of a line longer than a record may be, only the beginning: one byte more than is allowed.
        """
        while True:
            start = self.at + offset
            end = self.bytes.find(b"\n", start, start + MAX_RECORD_BYTES + 1)
            if end >= 0:
                return self.bytes[start : end + 1]
            if len(self.bytes) - start > MAX_RECORD_BYTES:
                return self.bytes[start : start + MAX_RECORD_BYTES + 1]
            if not self.more():
                return self.bytes[start:]

    def pass_by(self, count: int, *, lines: int) -> None:
        """Have read `count` bytes, which are so many lines."""
        self.at += count
        self.line_number += lines

    def pass_line(self) -> None:
        """Have read the whole of the next line, however long it is."""
        while (end := self.bytes.find(b"\n", self.at)) < 0:
            self.at = len(self.bytes)
            if not self.more():
                return
        self.pass_by(end + 1 - self.at, lines=1)
