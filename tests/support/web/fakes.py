"""A fake database, and a client that calls the app in process, without an HTTP server."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import botocore.session
import httpx
import pytest
from starlette.types import ASGIApp

from web_src import queries, rows
from web_src.app import create_app
from web_src.authentication import fetch_key
from web_src.queries import File, Reject, Totals, Withdrawal
from web_src.rows import Day
from web_src.settings import Settings
from web_src.tables import DatasetTable, Row
from web_src.uploads import UploadSigner

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
SCRIPT = '<script>alert("x")</script>'
ENVIRONMENT = {
    "ALLOWED_HOSTS": "app,orders.example.com",
    "DATABASE_HOST": "db.example",
    "DATABASE_PORT": "15432",
    "DATABASE_NAME": "example",
    "DATABASE_USER": "web",
    "AWS_REGION": "eu-central-1",
    "LANDING_BUCKET": "landing",
    "INCOMING_PREFIX": "incoming/",
}
SIGN_IN = {
    "SIGN_IN_LOAD_BALANCER_ARN": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/web/0123",
    "SIGN_IN_CLIENT_ID": "client",
    "SIGN_IN_ISSUER": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_pool",
    "SIGN_IN_LOGOUT_URL": "https://example.auth.eu-central-1.amazoncognito.com/logout?client_id=client",
}


def file(file_id: int, **changes: Any) -> File:
    """A file with default values, except for `changes`."""
    values: dict[str, Any] = {
        "file_id": file_id,
        "bucket": "landing",
        "key": f"incoming/orders/{file_id}.csv",
        "version_id": "v1",
        "dataset": "orders",
        "uploaded_at": NOW,
        "size_bytes": 1234,
        "status": "loaded",
        "reason": None,
        "rows_loaded": 1200,
        "rows_rejected": 1,
        "received_at": NOW,
        "finished_at": NOW,
    }
    return File(**(values | changes))


def order(number: int) -> dict[str, Any]:
    """An order. Orders 0 and 1, 2 and 3 and so on were placed at the same time."""
    return {
        "order_id": f"A-{number:03}",
        "customer_email": "ada@example.com",
        "sku": "MUG",
        "quantity": 3,
        "unit_price": Decimal("12.5"),
        "currency": "EUR",
        "ordered_at": NOW + timedelta(minutes=number // 2),
        "notes": SCRIPT,
        "file_id": 7,
    }


class FakeDatabase:
    """Holds what the queries return. With `error` set, the pool raises that error instead of giving a connection."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.connections = 0
        self.files = [file(number) for number in range(1, 121)]
        self.rejects = [
            Reject(line_number=number, raw=SCRIPT, reasons=["quantity is missing"], fields=None)
            for number in range(2, 152)
        ]
        self.withdrawal = Withdrawal(withdrawn_at=NOW, withdrawn_by="arn:aws:iam::111122223333:user/ada", reason=SCRIPT)
        self.rows: dict[str, list[Row]] = {"orders": [order(number) for number in range(120)]}
        self.days = {"orders": [Day(day=NOW.date(), rows=40), Day(day=NOW.date() - timedelta(days=2), rows=10)]}

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[FakeDatabase]:
        """Stands in for the pool's method of this name."""
        self.connections += 1
        if self.error:
            raise self.error
        yield self

    def queries(self) -> dict[str, Callable[..., Any]]:
        """Replacements for every function of the modules `queries` and `rows`, by name."""

        async def files(_: object, *, before: int, status: str | None, dataset: str | None, limit: int) -> list[File]:
            return [
                each
                for each in reversed(self.files)
                if each.file_id < before and status in (None, each.status) and dataset in (None, each.dataset)
            ][:limit]

        async def search_files(connection: object, *, search: str, limit: int, **filters: Any) -> list[File]:
            found = await files(connection, limit=len(self.files), **filters)
            return [each for each in found if each.key.rpartition("/")[2].startswith(search)][:limit]

        async def one(_: object, file_id: int) -> File | None:
            return next((each for each in self.files if each.file_id == file_id), None)

        async def versions(_: object, *, bucket: str, key: str, limit: int) -> list[File]:
            return [each for each in self.files if (each.bucket, each.key) == (bucket, key)][:limit]

        async def withdrawal(_: object, file_id: int) -> Withdrawal:
            return self.withdrawal

        async def totals(_: object, *, since: datetime) -> Totals:
            return Totals(files=len(self.files), refused=2, rows_loaded=144_000, rows_rejected=120)

        async def rejects(_: object, file_id: int, *, after: int, limit: int) -> list[Reject]:
            return [each for each in self.rejects if each.line_number > after][:limit]

        async def newest(
            _: object, table: DatasetTable, *, after: Sequence[Any] | None, until: date | None, limit: int
        ) -> list[Row]:
            order = table.newest_first
            found = sorted(self.rows.get(table.name, []), key=lambda row: [row[name] for name in order], reverse=True)
            last = list(after) if after else None
            return [each for each in found if last is None or [each[name] for name in order] < last][:limit]

        async def by_key(
            _: object, table: DatasetTable, *, search: str | None, after: Sequence[Any] | None, limit: int
        ) -> list[Row]:
            found = sorted(self.rows.get(table.name, []), key=lambda row: [row[name] for name in table.key])
            return [
                each
                for each in found
                if each[table.key[0]].startswith(search or "")
                and (after is None or [each[name] for name in table.key] > list(after))
            ][:limit]

        async def of_file(
            _: object, table: DatasetTable, file_id: int, *, after: int, limit: int
        ) -> list[dict[str, Any]]:
            found = [
                dict(row) | {"place": place}
                for place, row in enumerate(self.rows.get(table.name, []), 1)
                if row["file_id"] == file_id
            ]
            return [row for row in found if row["place"] > after][:limit]

        async def one_row(_: object, table: DatasetTable, key: Mapping[str, Any]) -> Row | None:
            return next((each for each in self.rows.get(table.name, []) if key.items() <= each.items()), None)

        async def last_day(_: object, table: DatasetTable, *, before: date) -> date | None:
            return NOW.date() if self.days.get(table.name) else None

        async def rows_per_day(_: object, table: DatasetTable, *, since: date, before: date) -> list[Day]:
            return self.days[table.name]

        return {
            "files": files,
            "search_files": search_files,
            "file": one,
            "versions": versions,
            "withdrawal": withdrawal,
            "totals": totals,
            "rejects": rejects,
            "newest": newest,
            "by_key": by_key,
            "of_file": of_file,
            "one": one_row,
            "last_day": last_day,
            "rows_per_day": rows_per_day,
        }


def database(monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    """Replace the app's queries, and return what they read from."""
    made = FakeDatabase()
    for name, fake in made.queries().items():
        monkeypatch.setattr(queries if hasattr(queries, name) else rows, name, fake)
    return made


class Client:
    """Sends requests to the app, each in an event loop of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """Send a GET request."""
        return self.request("GET", path, headers=headers)

    def request(self, method: str, path: str, **details: Any) -> httpx.Response:
        """Send a request."""

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://app") as client:
                return await client.request(method, path, **details)

        return asyncio.run(send())


def client(
    fake: FakeDatabase, *, environment: dict[str, str] | None = None, fetch: Callable[[str], str] = fetch_key
) -> Client:
    """A client of an app with `environment` added to its environment variables."""
    settings = Settings.from_env(ENVIRONMENT | (environment or {}))
    return Client(create_app(settings, fake, upload_signer(settings), fetch=fetch))  # type: ignore[arg-type] # a fake


@functools.cache  # creating an S3 client takes a third of a second
def upload_signer(settings: Settings) -> UploadSigner:
    """A signer with temporary credentials, as an instance has them."""
    session = botocore.session.Session()
    session.set_credentials("AKIDEXAMPLE", "secret", "session token")
    return UploadSigner(settings, session)


def version(of: File, **changes: Any) -> File:
    """Another version of the same key."""
    return replace(of, **changes)
