"""The chart of orders per day, as numbers that a template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .queries import Day

# The drawing's own units; a browser stretches it to the width that it has.
BAR_WIDTH, BAR_GAP, HEIGHT = 8, 4, 100
_LOWEST_BAR = 1.0  # so that one order among thousands is seen


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One day's bar, from the top left corner."""

    day: Day
    x: int
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars below a line at `highest`, which is round and at least as high as every day."""

    bars: list[Bar]
    width: int
    highest: int

    @property
    def total(self) -> int:
        """All orders of these days."""
        return sum(bar.day.orders for bar in self.bars)

    @property
    def busiest(self) -> Day:
        """The day with the most orders."""
        return max((bar.day for bar in self.bars), key=lambda day: day.orders)


def draw(days: Sequence[Day]) -> Chart | None:
    """The chart of these days, None where there is nothing to draw."""
    most = max((day.orders for day in days), default=0)
    if most == 0:
        return None
    highest = _round_up(most)
    bars = []
    for number, day in enumerate(days):
        height = round(max(day.orders / highest * HEIGHT, _LOWEST_BAR), 2) if day.orders else 0.0
        bars.append(Bar(day=day, x=number * (BAR_WIDTH + BAR_GAP), y=round(HEIGHT - height, 2), height=height))
    return Chart(bars=bars, width=len(days) * (BAR_WIDTH + BAR_GAP) - BAR_GAP, highest=highest)


def _round_up(value: int) -> int:
    """The next round number: 1 to 9, 10, 15, 20, 30 and so on, 100, 150."""
    size = int(10 ** (len(str(value)) - 1))
    steps = (1, *([1.5] if size > 1 else []), *range(2, 11))
    return next(int(step * size) for step in steps if step * size >= value)
