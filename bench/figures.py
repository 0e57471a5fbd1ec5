"""Measured figures with their targets and goals, and the table that shows them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_COLUMNS = ("", "median", "lowest to highest", "target", "goal", "")


@dataclass(frozen=True, kw_only=True)
class AtLeast:
    """More is better."""

    target: float
    goal: float

    def verdict(self, value: float) -> str:
        """Whether the value reaches the goal, the target ("ok") or neither ("MISSED")."""
        return "goal reached" if value >= self.goal else "ok" if value >= self.target else "MISSED"

    def __str__(self) -> str:
        return f">= {self.target:.2f}"


@dataclass(frozen=True, kw_only=True)
class AtMost:
    """Less is better."""

    target: float
    goal: float

    def verdict(self, value: float) -> str:
        """Whether the value reaches the goal, the target ("ok") or neither ("MISSED")."""
        return "goal reached" if value <= self.goal else "ok" if value <= self.target else "MISSED"

    def __str__(self) -> str:
        return f"<= {self.target:.2f}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table: a value for each round, or none if it could not be measured; `note` then says why."""

    name: str
    values: Sequence[float]
    unit: str = ""
    limit: AtLeast | AtMost | None = None
    note: str = ""

    @property
    def median(self) -> float | None:
        """The value that counts: one round on a busy machine changes it little."""
        return statistics.median(self.values) if self.values else None

    @property
    def verdict(self) -> str:
        """The verdict on the median; empty without a limit."""
        if self.limit is None:
            return ""
        return "MISSED" if self.median is None else self.limit.verdict(self.median)

    def as_json(self) -> dict[str, Any]:
        """For bench.json."""
        return {
            "name": self.name,
            "median": self.median,
            "rounds": list(self.values),
            "unit": self.unit,
            "target": self.limit.target if self.limit else None,
            "goal": self.limit.goal if self.limit else None,
            "verdict": self.verdict,
            "note": self.note,
        }


def ratio(values: Iterable[float], references: Iterable[float]) -> tuple[float, ...]:
    """The ratio in each round: what slows both in one round does not change it."""
    return tuple(value / reference for value, reference in zip(values, references, strict=True))


def table(sections: Mapping[str, Sequence[Figure]]) -> str:
    """All figures, aligned, below the name of their section."""
    rows = [_COLUMNS]
    for section, figures in sections.items():
        rows += [(section, "", "", "", "", ""), *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(
            [
                f"{row[0]:<{widths[0]}}",
                *(f"{cell:>{width}}" for cell, width in zip(row[1:-1], widths[1:-1], strict=True)),
                row[-1],
            ]
        ).rstrip()
        for row in rows
    )


def _cells(figure: Figure) -> tuple[str, str, str, str, str, str]:
    spread = f"{_shown(min(figure.values))} to {_shown(max(figure.values))}" if len(figure.values) > 1 else ""
    return (
        f"  {figure.name}",
        "-" if figure.median is None else f"{_shown(figure.median)} {figure.unit}".rstrip(),
        spread,
        str(figure.limit) if figure.limit else "",
        f"{figure.limit.goal:.2f}" if figure.limit else "",
        "  ".join(filter(None, (figure.verdict, figure.note))),
    )


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.1f}" if value >= 20 else f"{value:.3f}"
