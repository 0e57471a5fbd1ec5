"""What an optional capability adds to the things that all capabilities share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from config.checks import ConfigSection

if TYPE_CHECKING:
    from config.model import Environment
    from config.network import InterfaceEndpoint


class Capability(ConfigSection):
    """The configuration of an optional capability. An environment that doesn't have the capability has None instead."""

    @property
    def database_connections(self) -> int:
        """How many connections to the database it opens at most at the same time."""
        return 0

    @property
    def app_addresses(self) -> int:
        """How many addresses it needs at most in one app subnet, while the other zones are down."""
        return 0

    @property
    def endpoints_without_nat(self) -> frozenset[InterfaceEndpoint]:
        """The AWS services that it calls from inside the VPC; without NAT each needs an interface endpoint."""
        return frozenset()

    def temporary(self) -> Self | None:
        """Its values in a temporary copy of the environment. None if the account can't have it twice."""
        return self

    def check_environment(self, environment: Environment) -> None:
        """Checks its values against the rest of the environment. Raises ConfigError."""
