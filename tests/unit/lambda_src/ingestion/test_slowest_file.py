"""No file takes much more work for each byte than a good one: a search for the slowest file finds none."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given, settings, target
from hypothesis import strategies as st

from bench import dataset_files
from bench.rows import lines
from config.datasets import datasets
from ingestion.reader import DatasetReader
from ingestion.refusal import RefusedError
from tabular.declaration import Dataset

DATASETS = datasets()
SIZE = 300_000
PIECE = 64 * 1024
# A rejected row takes up to 100 times as long as a good one, and a file of nothing else is refused after 2,001 of them:
# that may be all of it. A file that is read again and again takes thousands of times as long.
MOST = 100
SPOILERS = (
    *(
        '"',
        '""',
        '"\n',
        'a","',
        ",",
        ";",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\\",
        "\\N",
        "\0",
        " ",
        "é",
        "\ufeff",
        "x\n",
        "-",
        "1e5",
    ),
    *("{", "}", "[", "]", ":", '\\"', "\\u00fc", "\\ud800", "null", "a" * 500, "9" * 50, "a" * 30_000),
)

pytestmark = pytest.mark.slow


def seconds(dataset: Dataset, content: bytes) -> float:
    """The CPU time that reading takes, whether the file is accepted or refused."""
    pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)]
    began = time.process_time()
    try:
        for _ in DatasetReader(dataset, pieces, file_id=1).chunks():
            pass
    except RefusedError:
        pass
    return time.process_time() - began


def csv_lines(dataset: Dataset) -> list[str]:
    return list(lines(dataset, 500))


def json_lines(dataset: Dataset) -> list[str]:
    """No header, and the lines of JSON Lines."""
    return ["", *dataset_files.json_lines(dataset, 500).path.read_text(encoding="utf-8").splitlines(keepends=True)]


@st.composite
def patterns(draw: st.DrawFn, good: list[str]) -> str:
    """A few lines, each as it is or spoiled in some places, that a file repeats until it is long."""
    parts = []
    for _ in range(draw(st.integers(1, 5))):
        line = draw(st.sampled_from(good))
        for _ in range(draw(st.integers(0, 3))):
            at, end = draw(st.integers(0, len(line))), draw(st.integers(0, 20))
            times = draw(st.sampled_from((1, 1, 2, 20)))
            line = line[:at] + draw(st.sampled_from(SPOILERS)) * times + line[at + end :]
        parts.append(line * draw(st.sampled_from((1, 1, 3, 1000))))
    return "".join(parts) or "\n"


def long(header: str, pattern: str) -> bytes:
    return (header + pattern * (SIZE // len(pattern) + 1)).encode()[:SIZE]


@pytest.mark.parametrize("make", [csv_lines, json_lines])
@pytest.mark.parametrize("name", sorted(DATASETS))
def test_no_file_takes_much_more_time_for_each_byte_than_a_good_one(
    name: str, make: Callable[[Dataset], list[str]]
) -> None:
    dataset = DATASETS[name]
    header, *good = make(dataset)
    usual = long(header, "".join(good))
    seconds(dataset, usual)
    least = min(seconds(dataset, usual) for _ in range(5))

    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.target],
        suppress_health_check=list(HealthCheck),
    )
    @given(patterns(good))
    def search(pattern: str) -> None:
        content = long(header, pattern)
        ratio = seconds(dataset, content) / least
        target(ratio)
        # On a busy machine, one measurement can be far too high.
        assert ratio < MOST or min(seconds(dataset, content) for _ in range(3)) / least < MOST, pattern[:200]

    search()
