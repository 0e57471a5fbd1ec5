"""The app without a database."""

from __future__ import annotations

import pytest

from tests.support.web import stand_ins
from tests.support.web.stand_ins import Client, Database
from web_src import queries


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    """What the app's queries are answered from."""
    database = Database()
    for name, stand_in in database.queries().items():
        monkeypatch.setattr(queries, name, stand_in)
    return database


@pytest.fixture
def client(database: Database) -> Client:
    """A client of the app as it is inside: without sign-in."""
    return stand_ins.client(database)
