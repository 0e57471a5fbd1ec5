"""The repository's sample files are what their README says."""

from __future__ import annotations

from pathlib import Path

from datasets.orders.samples.generate import lines
from tests.support.reading import Read, read

SAMPLES = Path(__file__).resolve().parents[4] / "datasets" / "orders" / "samples"


def sample(name: str) -> Read:
    return read((SAMPLES / name).read_bytes())


def test_the_sample_without_mistakes_is_what_the_generator_makes() -> None:
    name = "orders-2026-09-week-36.csv"
    found = sample(name)
    assert (len(found.rows), found.rejects) == (200, [])
    assert (SAMPLES / name).read_text() == "".join(lines(200, seed=7, first=1201))


def test_the_sample_with_mistakes_has_twelve_mistakes_of_many_kinds() -> None:
    found = sample("orders-with-mistakes.csv")
    assert (len(found.rejects), len(found.rows)) == (12, 30)
    assert len({reason.split()[0] + reason.split()[-1] for each in found.rejects for reason in each.reasons}) >= 10


def test_generated_files_are_the_same_every_time_and_have_no_invalid_row() -> None:
    assert list(lines(50)) == list(lines(50))
    assert read("".join(lines(2_000, seed=5)).encode()).rejects == []
