"""Sizes of instance types, of EC2 and RDS: within a family, price and processors grow in proportion.

Source: Amazon EC2 User Guide, "Instance size flexibility", whose normalization factors are used here.
"""

import re

from checks.cost.subject import Charge

_FACTORS = {"nano": 0.25, "micro": 0.5, "small": 1, "medium": 2, "large": 4, "xlarge": 8}
_LARGE = _FACTORS["large"]


def hours(prefix: str, instance_type: str, count: float) -> Charge:
    """So many hours of that type, at the price of its family; a size such as `metal` needs a price of its own."""
    if not _factor(instance_type):
        return Charge(f"{prefix}-{instance_type}-hour", count)
    return Charge(f"{prefix}-{_family(instance_type)}-large-hour", count * _factor(instance_type) / _LARGE)


def _factor(instance_type: str) -> float:
    """The normalization factor of its size; 0 for a size that has none."""
    size = instance_type.rpartition(".")[2]
    multiple = re.fullmatch(r"(\d+)xlarge", size)
    return int(multiple[1]) * _FACTORS["xlarge"] if multiple else _FACTORS.get(size, 0)


def vcpus(instance_type: str) -> float:
    """Its processors: two for each `large`; burstable types have two at least."""
    burstable = _family(instance_type).startswith("t")
    return max(2 if burstable else 1, 2 * _factor(instance_type) / _LARGE)


def _family(instance_type: str) -> str:
    """The family of a type such as `m7g.large` or `db.m7g.large`."""
    return instance_type.removeprefix("db.").partition(".")[0]
