"""Loopback ports: free ones, and checks of those that a person chooses."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from .errors import LocalCloudError

LOOPBACK = "127.0.0.1"
_LOWEST, _HIGHEST = 1024, 65535
# Below the ports that systems give to outgoing connections: a local cloud that is down must find its ports free again.
_CHOSEN_FROM = range(20_000, 32_000)


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    for port in random.sample(_CHOSEN_FROM, k=100):
        if is_free(port):
            return port
    raise LocalCloudError(f"no free port from {_CHOSEN_FROM.start} to {_CHOSEN_FROM.stop - 1}: end some programs")


def is_free(port: int) -> bool:
    """Whether nothing listens on this port."""
    with socket.socket() as probe:
        # Without this a port whose last connection closed a moment ago would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def port_variable(name: str) -> str:
    """The environment variable with which a person chooses this port."""
    return f"{name.upper()}_PORT"


def choose_ports(
    names: Iterable[str], variables: Mapping[str, str], former: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """A port for each name: the one that its variable chooses, else its former one, or a free one if that is taken."""
    chosen = {name: (port_variable(name), variables.get(port_variable(name))) for name in names}
    return {
        name: checked_port(variable, port) if port else _former_or_free(former.get(name))
        for name, (variable, port) in chosen.items()
    }


def _former_or_free(port: int | None) -> int:
    return port if port is not None and is_free(port) else free_port()


def checked_port(variable: str, value: str) -> int:
    """The port that a person chose with this variable.

    Raises LocalCloudError if it is not a port, or if something already listens on it.
    """
    port = int(value) if value.isascii() and value.isdigit() else 0
    if not _LOWEST <= port <= _HIGHEST:
        raise LocalCloudError(f"{variable} must be a port from {_LOWEST} to {_HIGHEST}, got {value!r}")
    if not is_free(port):
        raise LocalCloudError(
            f"{variable}: port {port} is in use by another program; choose another, or none to get a free one"
        )
    return port
