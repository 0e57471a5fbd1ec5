"""Reads Excel workbooks (.xlsx)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def csv_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from pieces
