"""How a measurement is compared with its limits, and shown."""

from __future__ import annotations

import pytest

from bench.figures import AtLeast, AtMost, Figure, ratio, table


@pytest.mark.parametrize(
    ("value", "limit", "verdict"),
    [
        (0.90, AtLeast(target=0.6, goal=0.9), "goal reached"),
        (0.60, AtLeast(target=0.6, goal=0.9), "ok"),
        (0.59, AtLeast(target=0.6, goal=0.9), "MISSED"),
        (1.3, AtMost(target=1.75, goal=1.3), "goal reached"),
        (1.75, AtMost(target=1.75, goal=1.3), "ok"),
        (1.76, AtMost(target=1.75, goal=1.3), "MISSED"),
    ],
)
def test_a_value_at_the_limit_meets_it(value: float, limit: AtLeast | AtMost, verdict: str) -> None:
    assert Figure(name="it", values=[value], limit=limit).verdict == verdict


def test_one_disturbed_round_does_not_change_the_verdict() -> None:
    figure = Figure(name="it", values=[0.7, 0.1, 0.7], limit=AtLeast(target=0.6, goal=0.9))
    assert figure.verdict == "ok"


def test_a_figure_that_could_not_be_measured_misses_its_target() -> None:
    figure = Figure(name="it", values=[], limit=AtLeast(target=0.6, goal=0.9), note="refused: no such file")
    assert figure.verdict == "MISSED"
    assert "MISSED  refused: no such file" in table({"loading": [figure]})


def test_a_ratio_compares_what_was_measured_in_the_same_round() -> None:
    assert ratio([1.0, 10.0], [2.0, 20.0]) == (0.5, 0.5)


def test_rounds_that_are_missing_on_one_side_are_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


def test_the_table_shows_median_spread_target_and_goal() -> None:
    figure = Figure(name="CSV", values=[0.5, 0.7, 0.9], unit="x", limit=AtLeast(target=0.6, goal=0.9))
    line = table({"loading": [figure]}).splitlines()[-1]
    assert line.split() == ["CSV", "0.700", "x", "0.500", "to", "0.900", ">=", "0.60", "0.90", "ok"]
