"""The servers of the benchmarks, with files that are too small to measure anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import kept, lab, order_files
from bench.lab import Lab, Link, Source

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
def test_both_contenders_load_the_same_file(servers: Lab, source: Source, link: Link) -> None:
    file = order_files.csv(ROWS)
    assert servers.copy(file, source, link).result.status == "loaded"
    assert servers.load(file, source, link).result.status == "loaded"


def test_a_second_load_merges_into_the_rows_of_the_first(servers: Lab) -> None:
    servers.load(order_files.csv(ROWS))
    assert servers.load_again(order_files.csv(ROWS)).result.status == "loaded"


def test_every_measured_load_starts_with_an_empty_table(servers: Lab) -> None:
    servers.load(order_files.csv(ROWS))
    assert servers.load(order_files.every_twentieth(ROWS)).rows == ROWS / 20


def test_a_load_with_missing_rows_ends_the_benchmark(servers: Lab) -> None:
    with pytest.raises(SystemExit, match=r"should hold 101"):
        servers.load(order_files.OrderFile(path=order_files.csv(ROWS).path, rows=101))


def test_an_unsupported_file_is_distinguished_from_a_failure(servers: Lab) -> None:
    nonsense = kept.FOLDER / "nonsense.csv"
    nonsense.write_text("neither,fish\n")
    assert servers.refusal(order_files.OrderFile(path=nonsense, rows=0))
    assert servers.refusal(order_files.csv(ROWS)) is None
