"""The app on a fake database."""

from __future__ import annotations

import pytest

from tests.support.web import fakes
from tests.support.web.fakes import Client, FakeDatabase
from web_src import queries, rows


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    """Replaces the app's queries, and returns what they read from."""
    database = FakeDatabase()
    for name, fake in database.queries().items():
        monkeypatch.setattr(queries if hasattr(queries, name) else rows, name, fake)
    return database


@pytest.fixture
def client(database: FakeDatabase) -> Client:
    """A client of the app without sign-in."""
    return fakes.client(database)
