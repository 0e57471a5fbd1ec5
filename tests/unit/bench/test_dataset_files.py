"""The measured files contain what their names say, for every dataset."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest

from bench import dataset_files, kept
from bench.dataset_files import DatasetFile
from bench.rows import delimiter_of
from config.datasets import datasets
from tabular.declaration import Dataset
from tests.support.reading import Read
from tests.support.reading import read as read_as_ingestion

ROWS = 400

every_dataset = pytest.mark.parametrize("dataset", datasets().values(), ids=datasets())


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FOLDER", tmp_path)


def read(file: DatasetFile) -> list[dict[str, Any]]:
    with file.path.open(newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text, delimiter=delimiter_of(file.dataset)))


def loaded(file: DatasetFile) -> Read:
    return read_as_ingestion(file.path.read_bytes(), dataset=file.dataset)


@every_dataset
def test_json_lines_hold_the_same_rows_as_csv(dataset: Dataset) -> None:
    found, clean = loaded(dataset_files.json_lines(dataset, ROWS)), loaded(dataset_files.csv(dataset, ROWS))
    assert (found.rejects, len(found.rows)) == ([], ROWS)
    key = dataset.primary_key
    assert [[row[name] for name in key] for row in found.rows] == [[row[name] for name in key] for row in clean.rows]


def test_the_reference_holds_numbers_and_words_as_postgresql_reads_them() -> None:
    products = datasets()["products"]
    with dataset_files.reference(products, ROWS).path.open(newline="", encoding="utf-8") as text:
        reference = list(csv.DictReader(text))
    clean = read(dataset_files.csv(products, ROWS))
    prices = [row["price"].replace(".", "").replace(",", ".") for row in clean]
    assert [row["price"] for row in reference] == prices
    assert {row["active"] for row in reference} == {"true", "false"}
    orders = dataset_files.orders()
    assert dataset_files.reference(orders, ROWS) == dataset_files.csv(orders, ROWS)


def test_the_compressed_file_holds_the_same_bytes() -> None:
    orders = dataset_files.orders()
    clean = dataset_files.csv(orders, ROWS).path.read_bytes()
    assert gzip.decompress(dataset_files.gzipped(orders, ROWS).path.read_bytes()) == clean


@every_dataset
def test_every_twentieth_row_is_chosen(dataset: Dataset) -> None:
    chosen = dataset_files.every_twentieth(dataset, ROWS)
    assert read(chosen) == read(dataset_files.csv(dataset, ROWS))[::20]
    assert chosen.rows == ROWS / 20


@every_dataset
def test_quoted_files_change_nothing_but_free_texts(dataset: Dataset) -> None:
    file = dataset_files.quoted(dataset, ROWS)
    texts = [field.name for field in dataset.fields if not field.column.trims and field.type == "string"]
    without = [{name: value for name, value in row.items() if name not in texts} for row in read(file)]
    clean = [
        {name: value for name, value in row.items() if name not in texts}
        for row in read(dataset_files.csv(dataset, ROWS))
    ]
    assert without == clean
    assert all('"' in row[name] for row in read(file) for name in texts)
    assert loaded(file).rejects == []


def test_every_line_ends_in_crlf() -> None:
    orders = dataset_files.orders()
    clean = dataset_files.csv(orders, ROWS).path.read_bytes()
    assert dataset_files.with_crlf(orders, ROWS).path.read_bytes() == clean.replace(b"\n", b"\r\n")


@every_dataset
def test_the_extra_column_changes_no_other_column(dataset: Dataset) -> None:
    rows = read(dataset_files.with_extra_column(dataset, ROWS))
    assert {row.pop("channel") for row in rows} == {"phone"}
    assert rows == read(dataset_files.csv(dataset, ROWS))


@every_dataset
def test_one_row_in_a_hundred_is_rejected(dataset: Dataset) -> None:
    file = dataset_files.with_bad_rows(dataset, ROWS)
    found = loaded(file)
    assert (len(found.rejects), len(found.rows)) == (ROWS / 100, file.rows)


def test_a_file_is_made_once() -> None:
    orders = dataset_files.orders()
    first = dataset_files.csv(orders, ROWS).path
    written = first.stat().st_mtime_ns
    assert dataset_files.csv(orders, ROWS).path == first
    assert first.stat().st_mtime_ns == written
