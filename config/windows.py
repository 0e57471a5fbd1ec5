"""Backup and maintenance windows as RDS writes them, in UTC."""

import re
from dataclasses import dataclass

DAY = 24 * 60
WEEK = 7 * DAY
SHORTEST = 30
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Window:
    """Starts at a minute of the day or of the week and lasts `minutes`."""

    start: int
    minutes: int

    def overlaps(self, other: "Window", *, within: int) -> bool:
        """Whether the two overlap, on a clock that restarts after `within` minutes."""
        return (other.start - self.start) % within < self.minutes or (self.start - other.start) % within < other.minutes


def daily(text: str) -> Window | None:
    """Reads `hh:mm-hh:mm`, also across midnight; None if the text has another form."""
    found = re.fullmatch(f"{_TIME}-{_TIME}", text)
    if not found:
        return None
    hour, minute, to_hour, to_minute = map(int, found.groups())
    start, end = hour * 60 + minute, to_hour * 60 + to_minute
    return Window(start=start, minutes=(end - start) % DAY)


def weekly(text: str) -> Window | None:
    """Reads `ddd:hh:mm-ddd:hh:mm`, also across Sunday midnight; None if the text has another form."""
    found = re.fullmatch(f"(?P<day>{'|'.join(_DAYS)}):{_TIME}-(?P<end>{'|'.join(_DAYS)}):{_TIME}", text)
    if not found:
        return None
    day, hour, minute, end_day, to_hour, to_minute = found.groups()
    start = _DAYS.index(day) * DAY + int(hour) * 60 + int(minute)
    end = _DAYS.index(end_day) * DAY + int(to_hour) * 60 + int(to_minute)
    return Window(start=start, minutes=(end - start) % WEEK)


def overlaps_any_day(every_day: Window, once_a_week: Window) -> bool:
    """Whether a daily window overlaps a weekly one on any day."""
    return any(
        once_a_week.overlaps(Window(start=day * DAY + every_day.start, minutes=every_day.minutes), within=WEEK)
        for day in range(len(_DAYS))
    )
