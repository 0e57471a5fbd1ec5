"""The assumptions about an environment's use, from which the cost under load follows."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

HOURS = 730  # in a month, as in the AWS Pricing Calculator
DAYS = HOURS / 24


class LoadError(ValueError):
    """An assumption that doesn't exist, is missing, or is no number. The message names it and those that exist."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """How much an environment is used. An environment without load is idle.

    Objects land in buckets that send events, and each is one message to a function. Requests reach load balancers, and
    users sign in. What scales, such as instances, has its maximum for `peak_hours_per_day` and its minimum otherwise.
    Amounts without a period in their name are for a month.
    """

    objects_per_day: float
    mb_per_object: float
    seconds_per_object: float
    months_kept: float
    requests_per_day: float
    kb_per_request: float
    users: float
    peak_hours_per_day: float
    database_gb: float
    database_million_ios: float
    nat_gb: float
    log_gb: float
    flow_log_gb: float

    @property
    def objects(self) -> float:
        """Objects in a month."""
        return self.objects_per_day * DAYS

    @property
    def object_gb(self) -> float:
        """The size of the objects of a month."""
        return self.objects * self.mb_per_object / 1024

    @property
    def requests(self) -> float:
        """Requests in a month."""
        return self.requests_per_day * DAYS

    @property
    def request_gb(self) -> float:
        """The size of the answers to a month's requests."""
        return self.requests * self.kb_per_request / 1024**2

    def scaled(self, least: float, most: float) -> float:
        """The hours in a month of something of which there are `least`, and `most` in peak hours."""
        return least * HOURS + (most - least) * self.peak_hours_per_day * DAYS


NAMES = tuple(field.name for field in fields(Load))
IDLE = Load(**dict.fromkeys(NAMES, 0.0))


def read(values: Mapping[str, object]) -> Load:
    """The load of these values. Raises LoadError unless each assumption has a number of 0 or more."""
    return _checked(IDLE, values, missing=set(NAMES) - set(values))


def changed(load: Load, values: Mapping[str, object]) -> Load:
    """The load with some other values. Raises LoadError like `read`."""
    return _checked(load, values, missing=set())


def _checked(load: Load, values: Mapping[str, object], *, missing: set[str]) -> Load:
    known = f"the assumptions are {', '.join(NAMES)}"
    for name in sorted(missing):
        raise LoadError(f"{name} is missing: {known}")
    numbers = {}
    for name, value in values.items():
        if name not in NAMES:
            raise LoadError(f"there is no {name!r}: {known}")
        try:
            numbers[name] = float(str(value))
        except ValueError:
            numbers[name] = -1
        if not 0 <= numbers[name] < float("inf"):
            raise LoadError(f"{name} must be a number of 0 or more, got {value!r}")
    return replace(load, **numbers)
