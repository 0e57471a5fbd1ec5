"""Ports that the system or a person chooses."""

import socket

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.ports import LOOPBACK, checked_port, choose_ports, free_port


def test_a_free_port_can_be_listened_on() -> None:
    with socket.create_server((LOOPBACK, free_port())):
        pass


def test_a_port_in_use_is_refused_by_name_and_number() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError, match=rf"PAGE_PORT: port {port} is in use"):
            checked_port("PAGE_PORT", str(port))


@pytest.mark.parametrize("value", ["abc", "", "80", "65536", "-1", "8080.0"])
def test_a_value_that_is_not_a_port_is_refused_with_what_is_allowed(value: str) -> None:
    with pytest.raises(LocalCloudError, match=r"PAGE_PORT must be a port from 1024 to 65535"):
        checked_port("PAGE_PORT", value)


def test_a_free_port_that_a_person_chooses_is_used() -> None:
    port = free_port()
    assert checked_port("PAGE_PORT", str(port)) == port


def test_a_port_is_chosen_with_the_variable_of_its_name_and_else_free() -> None:
    port = free_port()
    chosen = choose_ports(("page", "upload"), {"PAGE_PORT": str(port), "UPLOAD_PORT": ""})
    assert chosen["page"] == port
    assert chosen["upload"] not in (0, port)
