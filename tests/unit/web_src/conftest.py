"""The app on a fake database."""

from __future__ import annotations

import pytest

from tests.support.web import fakes
from tests.support.web.fakes import Client, FakeDatabase


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    """Replaces the app's queries, and returns what they read from."""
    return fakes.database(monkeypatch)


@pytest.fixture
def client(database: FakeDatabase) -> Client:
    """A client of the app without sign-in."""
    return fakes.client(database)
