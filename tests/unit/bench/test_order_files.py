"""The measured files contain what their names say."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bench import kept, order_files

ROWS = 400


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)


def read(file: order_files.OrderFile) -> list[dict[str, Any]]:
    with file.path.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def test_json_lines_hold_the_same_orders_as_csv() -> None:
    with order_files.json_lines(ROWS).path.open(encoding="utf-8") as text:
        orders = [json.loads(line, parse_float=str, parse_int=str) for line in text]
    assert orders == read(order_files.csv(ROWS))


def test_the_compressed_file_holds_the_same_bytes() -> None:
    assert gzip.decompress(order_files.gzipped(ROWS).path.read_bytes()) == order_files.csv(ROWS).path.read_bytes()


def test_every_twentieth_order_is_chosen() -> None:
    chosen = order_files.every_twentieth(ROWS)
    assert read(chosen) == read(order_files.csv(ROWS))[::20]
    assert chosen.rows == ROWS / 20


def test_quoted_notes_change_nothing_but_the_notes() -> None:
    assert [row | {"notes": ""} for row in read(order_files.with_quoted_notes(ROWS))] == [
        row | {"notes": ""} for row in read(order_files.csv(ROWS))
    ]
    assert {row["notes"] for row in read(order_files.with_quoted_notes(ROWS))} == {"ring twice, then wait"}


def test_every_line_ends_in_crlf() -> None:
    clean = order_files.csv(ROWS).path.read_bytes()
    assert order_files.with_crlf(ROWS).path.read_bytes() == clean.replace(b"\n", b"\r\n")


def test_the_extra_column_changes_no_other_column() -> None:
    rows = read(order_files.with_extra_column(ROWS))
    assert {row.pop("channel") for row in rows} == {"phone"}
    assert rows == read(order_files.csv(ROWS))


def test_one_row_in_a_hundred_has_an_invalid_email_address() -> None:
    file = order_files.with_bad_rows(ROWS)
    bad = ["@" not in row["customer_email"] for row in read(file)]
    assert bad.count(True) == ROWS / 100
    assert file.rows == bad.count(False)


def test_a_file_is_made_once() -> None:
    first = order_files.csv(ROWS).path
    written = first.stat().st_mtime_ns
    assert order_files.csv(ROWS).path == first
    assert first.stat().st_mtime_ns == written
