"""Loopback ports: free ones that the system chooses, and checks of those that a person chooses."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping

from .errors import LocalCloudError

LOOPBACK = "127.0.0.1"
_LOWEST, _HIGHEST = 1024, 65535


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def port_variable(name: str) -> str:
    """The environment variable with which a person chooses this port."""
    return f"{name.upper()}_PORT"


def choose_ports(names: Iterable[str], variables: Mapping[str, str]) -> dict[str, int]:
    """A port for each name: the one that its variable chooses, or a free one."""
    chosen = {name: (port_variable(name), variables.get(port_variable(name))) for name in names}
    return {name: checked_port(variable, port) if port else free_port() for name, (variable, port) in chosen.items()}


def checked_port(variable: str, value: str) -> int:
    """The port that a person chose with this variable.

    Raises LocalCloudError if it is not a port, or if something already listens on it.
    """
    port = int(value) if value.isascii() and value.isdigit() else 0
    if not _LOWEST <= port <= _HIGHEST:
        raise LocalCloudError(f"{variable} must be a port from {_LOWEST} to {_HIGHEST}, got {value!r}")
    with socket.socket() as probe:
        # Without this a port whose last connection closed a moment ago would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise LocalCloudError(
                f"{variable}: port {port} is in use by another program; choose another, or none to get a free one"
            ) from None
    return port
