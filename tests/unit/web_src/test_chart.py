"""The bar chart of rows per day."""

from __future__ import annotations

from datetime import date

import pytest

from web_src.chart import bar_chart
from web_src.rows import Day


def _days(*rows: int) -> list[Day]:
    return [Day(day=date(2026, 11, number), rows=count) for number, count in enumerate(rows, 1)]


@pytest.mark.parametrize(
    ("most", "axis_max"),
    [(1, 1), (7, 7), (10, 10), (11, 15), (16, 20), (99, 100), (101, 150), (12_189, 15_000), (999_999, 1_000_000)],
)
def test_the_axis_ends_at_a_round_number_just_above_the_highest_bar(most: int, axis_max: int) -> None:
    chart = bar_chart(_days(0, most))
    assert chart is not None
    assert chart.axis_max == axis_max


def test_bars_stand_side_by_side_on_the_axis_in_proportion() -> None:
    chart = bar_chart(_days(50, 0, 100))
    assert chart is not None
    assert [(bar.x, bar.y, bar.height) for bar in chart.bars] == [(0, 50, 50), (12, 100, 0), (24, 0, 100)]
    assert chart.width == 32
    assert chart.total == 150
    assert chart.busiest.rows == 100


def test_a_day_with_one_row_among_thousands_has_a_visible_bar() -> None:
    chart = bar_chart(_days(1, 100_000))
    assert chart is not None
    assert chart.bars[0].height == 1


@pytest.mark.parametrize("days", [(), (0, 0)])
def test_without_rows_there_is_no_chart(days: tuple[int, ...]) -> None:
    assert bar_chart(_days(*days)) is None
