"""The token that stands for a password."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import botocore.auth
import botocore.session
import pytest

from ingestion import database
from ingestion.settings import Settings
from tests.unit.lambda_src.ingestion.test_settings import ENVIRONMENT


def test_the_token_is_the_one_that_an_rds_client_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret", "session-token")
    monkeypatch.setattr(
        botocore.auth, "get_current_datetime", lambda **_: datetime(2026, 11, 20, tzinfo=UTC).replace(tzinfo=None)
    )
    settings = Settings.from_env(ENVIRONMENT)
    client: Any = session.create_client("rds", region_name=settings.region)
    expected = client.generate_db_auth_token(
        settings.database_host, settings.database_port, settings.database_user, settings.region
    )
    assert database._token(settings, session) == expected
    assert expected.startswith("db.example:15432/?Action=connect&DBUser=ingestion&")
