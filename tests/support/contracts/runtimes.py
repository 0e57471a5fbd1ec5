"""Code as the templates deploy it, and what a capability adds for the contract tests: `Contribution`."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from checks.templates import ResourceId

if TYPE_CHECKING:
    from tests.support.contracts.deployed import Deployed

SUPPORT = Path(__file__).parent.parent
Properties = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Right:
    """One action that is allowed on one resource. `condition` is JSON, empty without one."""

    action: str
    resource: str
    condition: str = ""


@dataclass(frozen=True, kw_only=True)
class Runtime(ABC):
    """Code that runs with variables and a role of its own."""

    folder: Path
    resource: ResourceId  # the function or other resource that runs the code
    variables: Mapping[str, str]
    allowed: frozenset[Right]
    denied: frozenset[str]
    properties: Properties  # of the resource

    # Variables that AWS sets.
    FROM_AWS: ClassVar[Mapping[str, str]] = {}
    # A deployed value for each variable whose format the code checks.
    EXAMPLES: ClassVar[Mapping[str, str]] = {"DATABASE_PORT": "5433"}
    # Variables that the templates set although the code has a default.
    WITH_DEFAULT: ClassVar[frozenset[str]] = frozenset()
    # Whether the calls of `rights_beyond_calls` are made from inside the VPC, and so pass its endpoints.
    IN_VPC: ClassVar[bool]

    @property
    def package(self) -> str:
        """Its name as Python imports it."""
        return self.folder.name

    @property
    def actions(self) -> set[str]:
        """Every action that is allowed on some resource."""
        return {right.action for right in self.allowed}

    @property
    @abstractmethod
    def node(self) -> str:
        """Its name in `checks.reachability`."""

    @property
    def left_to_default(self) -> Mapping[str, str]:
        """Variables that the code reads and the templates don't set, with the reason."""
        return {
            "DATABASE_CA_BUNDLE": "the bundle is in the asset, where the code finds it by default",
            "DATASETS": "the declarations are in the asset, where the code finds them by default",
            "LOG_LEVEL": "set by hand while somebody investigates a fault",
        }

    @abstractmethod
    def rights_beyond_calls(self, platform: Deployed) -> Iterator[Right]:
        """The rights that AWS and other programs need when they use the role of the code."""

    def environment(self) -> dict[str, str]:
        """The variables as the code reads them, with an example for each value that only a deployment knows."""
        return {
            name: self.EXAMPLES.get(name, "deployed") if value.startswith(("${", "<")) else value
            for name, value in self.variables.items()
        } | dict(self.FROM_AWS)


def _no_runtimes(_: Deployed) -> Iterable[Runtime]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """A capability's part: `CONTRIBUTION` in `tests/support/<capability>/contracts.py`. Functions need none."""

    # Code that doesn't run in Lambda.
    runtimes: Callable[[Deployed], Iterable[Runtime]] = _no_runtimes
    # The rights that a call of the code needs, by the call's action.
    rights_of_calls: Mapping[str, Callable[[Deployed, Runtime], Iterable[Right]]] = field(default_factory=dict)
    # The types of resource that a dimension of AWS's own metrics names, by namespace and dimension.
    dimensions: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)


@cache
def contributions() -> tuple[Contribution, ...]:
    """The contributions of all capabilities."""
    modules = (
        importlib.import_module(f"tests.support.{file.parent.name}.contracts")
        for file in sorted(SUPPORT.glob("*/contracts.py"))
    )
    return tuple(module.CONTRIBUTION for module in modules)


def listed(value: Any) -> list[Any]:
    """A list, also where CloudFormation accepts a single value instead."""
    return value if isinstance(value, list) else [value]
