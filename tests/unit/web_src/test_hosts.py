"""Requests are answered only under the app's own host names, so that no other site can read pages by DNS rebinding."""

from __future__ import annotations

import logging

import pytest

from tests.support.web import fakes
from tests.support.web.fakes import SIGN_IN, Client, FakeDatabase

PATHS = ("/", "/files/7", "/datasets/orders/rows.csv", "/upload", "/api/files", "/static/app.css", "/nowhere")


@pytest.mark.parametrize(
    "host",
    [
        "orders.example.com",
        "Orders.Example.COM",
        "orders.example.com:443",
        "orders.example.com.",
        "app",
        "localhost:4711",
        "127.0.0.1:8080",
        "[::1]:8080",
    ],
)
def test_the_app_answers_at_its_names_and_on_the_users_own_machine(client: Client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_served_under_the_name_of_another_site(client: Client, database: FakeDatabase, path: str) -> None:
    response = client.get(path, headers={"Host": "evil.example"})
    assert response.status_code == 421
    assert "doesn't answer at this address" in response.text
    assert "landing" not in response.text  # a name in the footer of pages
    assert "Content-Security-Policy" in response.headers
    assert database.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        "",
        "10.0.0.7:8080",
        "evil.example:80",
        "localhost.evil.example",
        "orders.example.com.evil.example",
        "evilorders.example.com",
        "app@evil.example",
        "evil.example#app",
        "app:80:80",
        "app evil.example",
        "[::2]",
        "a" * 5000,
    ],
)
def test_no_other_spelling_passes_as_one_of_the_names(client: Client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 421


def test_a_request_with_two_hosts_is_refused(client: Client) -> None:
    response = client.request("GET", "/", headers=[("Host", "app"), ("Host", "evil.example")])
    assert response.status_code == 421


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_of_the_load_balancer_have_the_address_of_an_instance_as_host(client: Client, path: str) -> None:
    assert client.get(path, headers={"Host": "10.0.3.27:8080"}).status_code == 200


def test_a_refused_host_is_logged_and_cut(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.get("/", headers={"Host": "evil.example" + "x" * 5000})
    (line,) = [each for each in caplog.records if each.name == "web_src.audit"]
    assert (line.levelno, line.getMessage()) == (logging.WARNING, "refused host")
    assert vars(line)["fields"]["host"].startswith("evil.example")
    assert len(vars(line)["fields"]["host"]) == 200


def test_the_host_is_checked_before_the_sign_in(database: FakeDatabase) -> None:
    client = fakes.client(database, environment=SIGN_IN)
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421
