"""Temporary environments: copies of another one, such as for a pull request, that nothing lasting depends on."""

import re
from dataclasses import fields, replace
from typing import Any

from config.bootstrap import SharedBootstrap
from config.capability import Capability
from config.model import TEMPORARY_PREFIX, Environment, Removal


def is_temporary(name: str) -> bool:
    """Whether an environment of that name is temporary: `pr-` and a number."""
    return re.fullmatch(rf"{TEMPORARY_PREFIX}[1-9][0-9]*", name) is not None


def copy_of(environment: Environment, name: str) -> Environment:
    """A temporary environment with the values of another one. `make destroy` deletes everything in it.

    It has the other one's addresses, so the two networks can't be connected. It needs no bootstrap of its own: it uses
    the shared one. An optional capability decides by itself what a copy of it is.
    """
    capabilities: dict[str, Any] = {
        field.name: value.temporary()
        for field in fields(environment)
        if isinstance(value := getattr(environment, field.name), Capability)
    }
    return replace(
        environment,
        name=name,
        bootstrap=SharedBootstrap(),
        # A capability may call more services in a copy than the original has endpoints for.
        network=replace(environment.network, s3_prefix_list=None),
        database=replace(environment.database, deletion_protection=False, on_removal="destroy"),
        removal=Removal.DESTROY,
        termination_protection=False,
        **capabilities,
    )
