"""Computes the bar chart of rows per day; a template draws it as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .rows import Day

# In units of the SVG's viewBox, which the browser stretches to the available width.
BAR_WIDTH, BAR_GAP, HEIGHT = 8, 4, 100
_MIN_BAR_HEIGHT = 1.0  # so that one row among thousands is visible


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The bar of one day; `x` and `y` are its top left corner."""

    day: Day
    x: int
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars, and the end of the y axis: a round number, at least as large as the busiest day."""

    bars: list[Bar]
    width: int
    axis_max: int

    @property
    def total(self) -> int:
        """The number of rows on all days."""
        return sum(bar.day.rows for bar in self.bars)

    @property
    def busiest(self) -> Day:
        """The day with the most rows."""
        return max((bar.day for bar in self.bars), key=lambda day: day.rows)


def bar_chart(days: Sequence[Day]) -> Chart | None:
    """The chart of these days, or None if none of them has rows."""
    most = max((day.rows for day in days), default=0)
    if most == 0:
        return None
    axis_max = _round_up(most)
    bars = []
    for index, day in enumerate(days):
        height = round(max(day.rows / axis_max * HEIGHT, _MIN_BAR_HEIGHT), 2) if day.rows else 0.0
        bars.append(Bar(day=day, x=index * (BAR_WIDTH + BAR_GAP), y=round(HEIGHT - height, 2), height=height))
    return Chart(bars=bars, width=len(days) * (BAR_WIDTH + BAR_GAP) - BAR_GAP, axis_max=axis_max)


def _round_up(value: int) -> int:
    """The next round number: 1 to 9, 10, 15, 20, 30 and so on, 100, 150."""
    magnitude = int(10 ** (len(str(value)) - 1))
    steps = (1, *([1.5] if magnitude > 1 else []), *range(2, 11))
    return next(int(step * magnitude) for step in steps if step * magnitude >= value)
