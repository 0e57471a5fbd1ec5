"""Reads files as ingestion does, and its lines for COPY as PostgreSQL does."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ingestion.fast_path import FastPath
from ingestion.reader import DatasetReader, RejectedRow
from tabular.declaration import Dataset, load_datasets

HEADER = b"order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes\n"
ROW = b"A-1,ada@example.com,MUG,2,12.50,EUR,2026-03-31T14:05:00+02:00,"
FILE_ID = 17
NO_FAST_PATH = FastPath(re.compile(b"(?:(?!))"), bytes, can_be_too_long=False)  # takes no row
ORDERS = load_datasets(Path("datasets"))["orders"]


@dataclass
class Read:
    """A file's valid rows, by column and with NULL as "", and its rejected rows."""

    file: DatasetReader
    rows: list[dict[str, str]]
    rejects: list[RejectedRow]


def read(data: bytes | Iterable[bytes], *, max_rejected_percent: int = 100, dataset: Dataset = ORDERS) -> Read:
    """Read a whole file; raises RefusedError."""
    pieces = [data] if isinstance(data, bytes) else data
    file = DatasetReader(replace(dataset, max_rejected_percent=max_rejected_percent), pieces, file_id=FILE_ID)
    found = Read(file, [], [])
    for chunk in file.chunks():
        text = chunk.lines.decode()
        assert text == "" or text.endswith("\n")
        values = list(csv.reader(io.StringIO(text, newline=""), delimiter=file.format.delimiter, strict=True))
        assert len(values) == chunk.rows
        for *row, file_id in values:
            assert file_id == str(FILE_ID)
            found.rows.append(dict.fromkeys(dataset.columns, "") | dict(zip(file.format.columns, row, strict=True)))
        found.rejects += chunk.rejects
    return found


def read_slowly(data: bytes, *, dataset: Dataset = ORDERS) -> Read:
    """Read a whole file so that the rules check every row."""
    with without_fast_path():
        return read(data, dataset=dataset)


@contextmanager
def without_fast_path() -> Iterator[None]:
    """Files are read without the fast path."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ingestion.fast_path.for_csv", lambda *_, **__: NO_FAST_PATH)
        patch.setattr("ingestion.fast_path.for_json", lambda *_, **__: NO_FAST_PATH)
        patch.setattr("ingestion.column_path.ColumnPath.take", lambda *_: (b"", 0))
        yield
