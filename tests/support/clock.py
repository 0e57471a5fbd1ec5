"""A clock that only moves when somebody sleeps."""

from __future__ import annotations


class Clock:
    """Replaces the module `time` in the module under test."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
