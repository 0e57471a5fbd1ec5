"""The interface of a service that a capability runs on this machine, in addition to what its stack deploys.

`local_cloud/<capability>/service.py` defines it as `SERVICE`. `local_cloud/<capability>/emulator.py` has what the
capability changes in the emulator (see `local_cloud/emulator/__main__.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .discovery import capability_modules
from .state import StateFolder
from .supervisor import RunningServices

Ports = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class ServiceContext:
    """The argument of a service's start: the running core and the outputs of all stacks."""

    state: StateFolder
    core: RunningServices
    session: Any
    outputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class LocalService:
    """One process, which starts after each deployment that contains the capability's stack."""

    process: str  # its name in `make status` and in messages
    ports: tuple[str, ...]  # names of loopback ports; a person chooses one with the variable <NAME>_PORT
    start: Callable[[ServiceContext], None]  # replaces the process if it runs already
    variables: Callable[[Ports], dict[str, str]]  # what env.sh exports for it
    report: Callable[[Ports], list[str]]  # its lines at the end of `make up`


def local_services() -> dict[str, LocalService]:
    """The services of this checkout, by capability."""
    return {capability: module.SERVICE for capability, module in capability_modules("service").items()}
