"""A check of an environment.

`make doctor` finds what to check before a deployment in `ops/<capability>/doctor.py`, as CHECKS, and `make verify` what
to check after it in `ops/<capability>/verify.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ops.common.environment import DeployedEnvironment


class SkippedError(Exception):
    """The check can't be made here, or needn't be. The message says why."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """`name` says what is so if `problems` yields nothing. A problem ends with the command that fixes it."""

    name: str
    problems: Callable[[DeployedEnvironment], Iterable[str]]
