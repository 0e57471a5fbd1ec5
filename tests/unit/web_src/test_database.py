"""Database connections: each has its own IAM token and verified TLS."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from common.database import TOKEN_SECONDS
from tests.support.web.fakes import ENVIRONMENT
from web_src.database import MAX_AGE_SECONDS, MAX_CONNECTIONS, connection_pool
from web_src.settings import Settings


def _arguments(session: Session) -> dict[str, Any]:
    """The arguments of the pool's next connection."""
    kwargs = connection_pool(Settings.from_env(ENVIRONMENT), session).kwargs
    assert callable(kwargs)
    arguments: dict[str, Any] = asyncio.run(kwargs())  # type: ignore[arg-type] # ours is a coroutine
    return arguments


def test_each_connection_gets_a_token_signed_with_the_current_credentials() -> None:
    session = botocore.session.Session()
    for key in ("FIRST", "SECOND"):
        session.set_credentials(key, "secret", "session")
        token = urlsplit(f"https://{_arguments(session)['password']}")
        query = {name: value[0] for name, value in parse_qs(token.query).items()}
        assert token.netloc == "db.example:15432"
        assert (query["Action"], query["DBUser"]) == ("connect", "web")
        assert query["X-Amz-Credential"].startswith(f"{key}/")
        assert "/eu-central-1/rds-db/" in query["X-Amz-Credential"]
        # Amazon RDS User Guide, "IAM database authentication": a token is valid for 15 minutes.
        assert int(query["X-Amz-Expires"]) == TOKEN_SECONDS == 900


def test_the_server_certificate_is_verified_and_no_statement_is_prepared() -> None:
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    arguments = _arguments(session)
    assert (arguments["sslmode"], arguments["user"]) == ("verify-full", "web")
    assert arguments["prepare_threshold"] is None


def test_connections_are_limited_in_number_and_age() -> None:
    pool = connection_pool(Settings.from_env(ENVIRONMENT), botocore.session.Session())
    assert (pool.max_size, pool.max_lifetime) == (MAX_CONNECTIONS, MAX_AGE_SECONDS)
    assert pool.closed


def test_without_credentials_connecting_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    session = botocore.session.Session()
    monkeypatch.setattr(session, "get_credentials", lambda: None)
    with pytest.raises(NoCredentialsError):
        _arguments(session)
