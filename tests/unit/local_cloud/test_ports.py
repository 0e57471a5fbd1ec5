"""Ports that a user asks for."""

import socket

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.ports import LOOPBACK, checked_port, free_port


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server((LOOPBACK, free_port())):
        pass


def test_a_port_in_use_is_refused_by_name_and_number() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError, match=rf"WEB_PORT: port {port} is in use"):
            checked_port("WEB_PORT", str(port))


@pytest.mark.parametrize("value", ["abc", "", "80", "65536", "-1", "8080.0"])
def test_what_is_no_port_is_refused_with_what_is_allowed(value: str) -> None:
    with pytest.raises(LocalCloudError, match=r"WEB_PORT must be a port from 1024 to 65535"):
        checked_port("WEB_PORT", value)


def test_a_free_port_that_is_asked_for_is_taken() -> None:
    port = free_port()
    assert checked_port("WEB_PORT", str(port)) == port
