"""The sample files of the repository are what their README says."""

from __future__ import annotations

from pathlib import Path

from file_intake.order_file import OrderFile, Reject
from samples.generate import lines

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


def rows(name: str) -> list[str | Reject]:
    return list(OrderFile([(SAMPLES / name).read_bytes()]).rows())


def test_the_clean_sample_has_no_mistake_and_is_what_the_generator_makes() -> None:
    name = "orders-2026-09-week-36.csv"
    assert [type(each) for each in rows(name)] == [str] * 200
    assert (SAMPLES / name).read_text() == "".join(lines(200, seed=7, first=1201))


def test_the_other_sample_has_twelve_mistakes_of_many_kinds() -> None:
    found = rows("orders-with-mistakes.csv")
    rejects = [each for each in found if isinstance(each, Reject)]
    assert (len(rejects), len(found)) == (12, 42)
    assert len({reason.split()[0] + reason.split()[-1] for each in rejects for reason in each.reasons}) >= 10


def test_generated_files_are_the_same_every_time_and_hold_nothing_to_reject() -> None:
    assert list(lines(50)) == list(lines(50))
    data = "".join(lines(2_000, seed=5)).encode()
    assert all(isinstance(each, str) for each in OrderFile([data]).rows())
