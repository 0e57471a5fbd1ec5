"""Variants of environments that capabilities add for tests, by name: `tests/support/<capability>/variants.py`."""

import importlib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from config.capability import Capability
from config.model import Environment
from tests.support.synthesis import ENVIRONMENTS

HERE = Path(__file__).parent


def _of_capabilities(name: str) -> dict[str, Environment]:
    found: dict[str, Environment] = {}
    for file in sorted(HERE.glob("*/variants.py")):
        found |= getattr(importlib.import_module(f"{__package__}.{file.parent.name}.variants"), name)
    return found


def variants() -> dict[str, Environment]:
    """The `VARIANTS` of every capability: tested like the shipped environments."""
    return _of_capabilities("VARIANTS")


def unusual() -> dict[str, Environment]:
    """The `UNUSUAL` variants of every capability: tested for what AWS and the rule packs refuse."""
    return _of_capabilities("UNUSUAL")


# Tests for all environments run with each of these: the shipped environments and the variants.
EVERY = ENVIRONMENTS | variants()


def core_of(environment: Environment) -> Environment:
    """The environment without any optional capability."""
    optional = [each.name for each in fields(environment) if isinstance(getattr(environment, each.name), Capability)]
    nothing: dict[str, Any] = dict.fromkeys(optional)
    return replace(environment, **nothing)
