"""Bars of the right height below a round line."""

from __future__ import annotations

from datetime import date

import pytest

from web_src.chart import draw
from web_src.queries import Day


def _days(*orders: int) -> list[Day]:
    return [Day(day=date(2026, 11, number), orders=count) for number, count in enumerate(orders, 1)]


@pytest.mark.parametrize(
    ("most", "highest"),
    [(1, 1), (7, 7), (10, 10), (11, 15), (16, 20), (99, 100), (101, 150), (12_189, 15_000), (999_999, 1_000_000)],
)
def test_the_line_is_round_and_not_much_higher_than_the_highest_bar(most: int, highest: int) -> None:
    chart = draw(_days(0, most))
    assert chart is not None
    assert chart.highest == highest


def test_bars_stand_on_the_ground_in_proportion_side_by_side() -> None:
    chart = draw(_days(50, 0, 100))
    assert chart is not None
    assert [(bar.x, bar.y, bar.height) for bar in chart.bars] == [(0, 50, 50), (12, 100, 0), (24, 0, 100)]
    assert chart.width == 32
    assert chart.total == 150
    assert chart.busiest.orders == 100


def test_one_order_among_thousands_is_seen() -> None:
    chart = draw(_days(1, 100_000))
    assert chart is not None
    assert chart.bars[0].height == 1


@pytest.mark.parametrize("days", [(), (0, 0)])
def test_without_orders_there_is_no_chart(days: tuple[int, ...]) -> None:
    assert draw(_days(*days)) is None
