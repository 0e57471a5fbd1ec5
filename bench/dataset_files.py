"""The files that the benchmarks load: kept below .local/bench until the code or a declaration changes."""

from __future__ import annotations

import csv as csv_module
import gzip
import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bench.rows
from bench.kept import kept
from bench.rows import delimiter_of, values
from config.datasets import FOLDER, datasets
from ingestion.row_rules import check
from tabular.declaration import Dataset, Field

_COMPRESSION = 6  # the default of the program gzip
_BARE = "\ue000"  # marks a JSON value without quotes
_NOTE = 'a "b", c'
_WRONG = '? "a" \n "b"'

Row = list[str]


@dataclass(frozen=True, kw_only=True)
class DatasetFile:
    """A file of a dataset on disk; `rows` is how many PostgreSQL holds after the load."""

    dataset: Dataset
    path: Path
    rows: int


def csv(dataset: Dataset, rows: int) -> DatasetFile:
    """A clean file, with the delimiter that goes with the dataset's numbers."""
    return _csv(dataset, "clean", rows, values(dataset, rows))


def reference(dataset: Dataset, rows: int) -> DatasetFile:
    """The same rows for a raw COPY: the same file, unless PostgreSQL can't read the numbers or words in it."""
    if all(field.column.rewrite is None for field in dataset.fields):
        return csv(dataset, rows)

    def stored() -> Iterator[Row]:
        for row in values(dataset, rows):
            yield ["" if value is None else value for value in check(dataset, row)[0]]

    return _csv(dataset, "reference", rows, stored(), delimiter=",")


def json_lines(dataset: Dataset, rows: int) -> DatasetFile:
    """The same rows as JSON Lines, with numbers, booleans and objects as JSON has them."""

    def lines() -> Iterator[str]:
        for row in values(dataset, rows):
            stored = check(dataset, row)[0]
            members = {
                # A declared form of dates holds in JSON, too.
                field.name: given if field.format != "default" else _json(field, value)
                for field, given, value in zip(dataset.fields, row, stored, strict=True)
            }
            yield (
                json.dumps(members, ensure_ascii=False, separators=(",", ":"))
                .replace(f'"{_BARE}', "")
                .replace(f'{_BARE}"', "")
            )
            yield "\n"

    return _made(dataset, f"{rows}.jsonl", rows, lines)


def gzipped(dataset: Dataset, rows: int) -> DatasetFile:
    """The same CSV, compressed with gzip."""
    plain = csv(dataset, rows)
    target = plain.path.with_name(f"{plain.path.name}.gz")
    if not target.exists():
        draft = target.with_suffix(".draft")
        with plain.path.open("rb") as source, gzip.open(draft, "wb", _COMPRESSION) as file:
            shutil.copyfileobj(source, file)
        draft.rename(target)
    return DatasetFile(dataset=dataset, path=target, rows=rows)


def every_twentieth(dataset: Dataset, rows: int) -> DatasetFile:
    """5 % of the rows of the clean file, spread over all of it."""
    chosen = itertools.islice(values(dataset, rows), 0, None, 20)
    return _csv(dataset, f"twentieth-{rows}", len(range(0, rows, 20)), chosen)


def quoted(dataset: Dataset, rows: int) -> DatasetFile:
    """Each value is quoted, and each free text has quotes and the delimiter in it."""
    texts = [number for number, field in enumerate(dataset.fields) if not field.column.trims and field.type == "string"]

    def with_notes() -> Iterator[Row]:
        for row in values(dataset, rows):
            for number in texts:
                row[number] = _NOTE
            yield row

    return _csv(dataset, "quoted", rows, with_notes(), quoting=csv_module.QUOTE_ALL)


def with_crlf(dataset: Dataset, rows: int) -> DatasetFile:
    """The same rows with the line ends of Windows."""
    return _csv(dataset, "crlf", rows, values(dataset, rows), lineterminator="\r\n")


def with_blanks(dataset: Dataset, rows: int) -> DatasetFile:
    """A blank before the key of each row: valid, but no pattern of the fast path."""
    key = dataset.columns.index(dataset.primary_key[0])
    blanks = ([*row[:key], f" {row[key]}", *row[key + 1 :]] for row in values(dataset, rows))
    return _csv(dataset, "blanks", rows, blanks)


def with_extra_column(dataset: Dataset, rows: int) -> DatasetFile:
    """The same rows with an unknown column at the end."""
    extra = ([*row, "phone"] for row in values(dataset, rows))
    return _csv(dataset, "extra", rows, extra, header=[*dataset.columns, "channel"])


def with_bad_rows(dataset: Dataset, rows: int, *, every: int = 100) -> DatasetFile:
    """Every hundredth row has an invalid key, or as many as `every` says."""
    key = dataset.columns.index(dataset.primary_key[0])

    def spoiled() -> Iterator[Row]:
        for number, row in enumerate(values(dataset, rows)):
            if number % every == 0:
                row[key] = "?"
            yield row

    return _csv(dataset, f"bad-{every}", rows, spoiled(), good=rows - len(range(0, rows, every)))


def with_wrong_values(dataset: Dataset, rows: int) -> DatasetFile:
    """Every fifth row, as many as a file may have by default, has a long reason in almost every column."""
    found = ([_WRONG] * len(row) if number % 5 == 0 else row for number, row in enumerate(values(dataset, rows)))
    return _csv(dataset, "wrong", rows, found, good=rows - len(range(0, rows, 5)))


def orders() -> Dataset:
    """The dataset of the benchmarks that compare the function with other programs."""
    return datasets()["orders"]


def _json(field: Field, value: str | None) -> Any:
    """The value for json.dumps. Numbers and booleans are marked, so that their quotes can be removed afterwards."""
    if value is None or field.type not in ("integer", "number", "boolean", "object", "array"):
        return value
    return json.loads(value) if field.type in ("object", "array") else f"{_BARE}{value}{_BARE}"


def _csv(
    dataset: Dataset,
    name: str,
    rows: int,
    found: Iterable[Row],
    *,
    good: int | None = None,
    header: Row | None = None,
    delimiter: str = "",
    **form: Any,
) -> DatasetFile:
    def write(file: Any) -> None:
        writer = csv_module.writer(
            file, **{"lineterminator": "\n", "delimiter": delimiter or delimiter_of(dataset)} | form
        )
        writer.writerow(header or dataset.columns)
        writer.writerows(found)

    target = _folder() / f"{dataset.name}-{rows}-{name}.csv"
    if not target.exists():
        draft = target.with_suffix(".draft")
        with draft.open("w", encoding="utf-8", newline="") as file:
            write(file)
        draft.rename(target)
    return DatasetFile(dataset=dataset, path=target, rows=rows if good is None else good)


def _made(dataset: Dataset, name: str, rows: int, make: Callable[[], Iterable[str]]) -> DatasetFile:
    target = _folder() / f"{dataset.name}-{name}"
    if not target.exists():
        draft = target.with_suffix(".draft")
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.writelines(make())
        draft.rename(target)
    return DatasetFile(dataset=dataset, path=target, rows=rows)


def _folder() -> Path:
    sources = [Path(str(bench.rows.__file__)), Path(__file__), *sorted(FOLDER.glob("*/schema.json"))]
    return kept("files", b"".join(source.read_bytes() for source in sources), lambda folder: None)
