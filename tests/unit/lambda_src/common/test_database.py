"""Clients connect over verified TLS, with a token instead of a password, and reuse only connections that work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.auth
import botocore.session
import psycopg
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from common.database import ReusableConnection, client_arguments, connect, iam_token
from common.settings import DatabaseSettings

DATABASE = DatabaseSettings(
    host="db.example", port=15432, name="orders", ca_bundle="certificates/database-ca.pem", region="eu-central-1"
)


class Connection:
    """A connection that works until it is broken."""

    def __init__(self) -> None:
        self.broken = self.closed = False

    def execute(self, _: str) -> None:
        if self.broken:
            raise psycopg.OperationalError("server closed the connection unexpectedly")

    def close(self) -> None:
        self.closed = True


class Server:
    """Makes connections, and records them."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def connect(self, **_: Any) -> Any:
        self.made.append(Connection())
        return self.made[-1]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr(psycopg, "connect", server.connect)
    return server


@pytest.fixture
def session() -> Session:
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret", "session-token")
    return session


def test_the_token_is_the_one_that_an_rds_client_makes(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda **_: datetime(2026, 11, 20, tzinfo=UTC).replace(tzinfo=None)
    )
    client: Any = session.create_client("rds", region_name=DATABASE.region)
    expected = client.generate_db_auth_token(DATABASE.host, DATABASE.port, "ingestion", DATABASE.region)
    assert iam_token(DATABASE, user="ingestion", session=session) == expected
    assert expected.startswith("db.example:15432/?Action=connect&DBUser=ingestion&")


def test_without_credentials_there_is_no_token(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "get_credentials", lambda: None)
    with pytest.raises(NoCredentialsError):
        iam_token(DATABASE, user="ingestion", session=session)


def test_the_certificate_is_verified_and_a_lost_server_is_detected_within_half_a_minute(session: Session) -> None:
    arguments = client_arguments(DATABASE, user="ingestion", session=session)
    assert (arguments["sslmode"], arguments["sslrootcert"]) == ("verify-full", "certificates/database-ca.pem")
    idle, interval, count = (arguments[f"keepalives_{name}"] for name in ("idle", "interval", "count"))
    assert idle + interval * count <= 30
    assert arguments["tcp_user_timeout"] <= 30_000
    assert arguments["connect_timeout"] <= 10


def test_every_connection_commits_by_itself_and_pins_no_connection_of_a_proxy(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(psycopg, "connect", lambda **arguments: given.update(arguments))
    connect(DATABASE, user="ingestion", session=session)
    assert given["autocommit"] is True
    assert given["prepare_threshold"] is None
    assert given["user"] == given["application_name"] == "ingestion"


def test_a_connection_is_reused_while_it_works(server: Server, session: Session) -> None:
    reusable = ReusableConnection(DATABASE, user="ingestion", session=session)
    assert reusable.get() is reusable.get()
    assert len(server.made) == 1


def test_a_broken_connection_is_closed_and_replaced(server: Server, session: Session) -> None:
    reusable = ReusableConnection(DATABASE, user="ingestion", session=session)
    reusable.get()
    server.made[0].broken = True
    assert reusable.get() is server.made[1]
    assert (server.made[0].closed, server.made[1].closed) == (True, False)


def test_after_closing_the_next_connection_is_new(server: Server, session: Session) -> None:
    reusable = ReusableConnection(DATABASE, user="ingestion", session=session)
    reusable.get()
    reusable.close()
    assert server.made[0].closed
    assert reusable.get() is server.made[1]
