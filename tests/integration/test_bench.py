"""The servers of the benchmarks, with files that are too small to measure anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import dataset_files, kept, lab
from bench.dataset_files import DatasetFile, orders
from bench.lab import Lab, Link, Source
from config.datasets import datasets

ROWS = 100


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with pytest.MonkeyPatch.context() as patch:
        folder: Path = tmp_path_factory.mktemp("bench")
        patch.setattr(kept, "FOLDER", folder)
        patch.setattr(lab, "FOLDER", folder)
        with lab.lab() as running:
            yield running


@pytest.mark.parametrize("link", Link)
@pytest.mark.parametrize("source", Source)
def test_both_contenders_load_the_same_rows(servers: Lab, source: Source, link: Link) -> None:
    assert servers.copy(dataset_files.reference(orders(), ROWS), source, link).result.status == "loaded"
    assert servers.load(dataset_files.csv(orders(), ROWS), source, link).result.status == "loaded"


@pytest.mark.parametrize("name", datasets())
def test_every_dataset_is_measured(servers: Lab, name: str) -> None:
    dataset = datasets()[name]
    assert servers.copy(dataset_files.reference(dataset, ROWS)).rows == ROWS
    assert servers.load(dataset_files.quoted(dataset, ROWS)).rows == ROWS


def test_a_second_load_merges_into_the_rows_of_the_first(servers: Lab) -> None:
    servers.load(dataset_files.csv(orders(), ROWS))
    assert servers.load_again(dataset_files.csv(orders(), ROWS)).result.status == "loaded"


def test_every_measured_load_starts_with_an_empty_table(servers: Lab) -> None:
    servers.load(dataset_files.csv(orders(), ROWS))
    assert servers.load(dataset_files.every_twentieth(orders(), ROWS)).rows == ROWS / 20


def test_a_load_with_missing_rows_ends_the_benchmark(servers: Lab) -> None:
    with pytest.raises(SystemExit, match=r"should hold 101"):
        servers.load(replace(dataset_files.csv(orders(), ROWS), rows=101))


def test_an_unsupported_file_is_distinguished_from_a_failure(servers: Lab) -> None:
    nonsense = kept.FOLDER / "nonsense.csv"
    nonsense.write_text("neither,fish\n")
    assert servers.refusal(DatasetFile(dataset=orders(), path=nonsense, rows=0))
    assert servers.refusal(dataset_files.csv(orders(), ROWS)) is None
