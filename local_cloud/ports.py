"""Loopback ports: free ones chosen by the system, asked-for ones checked."""

from __future__ import annotations

import socket

from .errors import LocalCloudError

LOOPBACK = "127.0.0.1"
_LOWEST, _HIGHEST = 1024, 65535


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def checked_port(name: str, value: str | int) -> int:
    """The port a user asked for.

    Raises LocalCloudError where it is no port, or where something listens on it already.
    """
    try:
        port = int(value)
    except ValueError:
        port = 0
    if not _LOWEST <= port <= _HIGHEST:
        raise LocalCloudError(f"{name} must be a port from {_LOWEST} to {_HIGHEST}, got {value!r}")
    with socket.socket() as probe:
        # Without this a port whose last connection closed a moment ago would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise LocalCloudError(
                f"{name}: port {port} is in use by another program; choose another, or none to get a free one"
            ) from None
    return port
