"""A real browser, and the real app with a filled database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from local_cloud.postgres import LocalPostgres
from tests.integration.database.conftest import ADMINISTRATOR, PASSWORD, Shop
from tests.support.web import chromium
from tests.support.web.process import WebProcess

FILES, REJECTS = 130, 230
_FILL = f"""
    INSERT INTO files (bucket, key, version_id, dataset, uploaded_at, size_bytes, status, reason, rows_loaded,
                       rows_rejected, finished_at)
    SELECT 'landing', 'incoming/orders/' || md5(n::text) || '/orders-' || n || '.csv', 'v' || n, 'orders', now(),
           n * 1000, CASE WHEN n % 7 = 0 THEN 'refused' ELSE 'loaded' END,
           CASE WHEN n % 7 = 0 THEN 'the column currency is missing' END, n, n % 3, now()
    FROM generate_series(1, {FILES}) AS n;
    INSERT INTO orders
    SELECT 'A-' || lpad(n::text, 4, '0'), 'customer' || n || '@example.com', 'MUG-RED', 1 + n % 9, n,
           (ARRAY['EUR', 'JPY', 'KWD'])[1 + n % 3], now() - n * interval '7 hours',
           CASE WHEN n % 5 = 0 THEN 'please ring twice' END, 1
    FROM generate_series(1, 300) AS n;
    INSERT INTO customers
    SELECT 'customer' || n || '@example.com', 'Customer ' || n, NULL, 'DE', NULL, n % 2 = 0,
           now() - n * n * interval '1 hour', 1
    FROM generate_series(1, 100) AS n;
    INSERT INTO products
    VALUES ('MUG-RED', 'A red mug', 1234.5, 0.35, true, '{{"colour": "red", "sizes": ["S", "L"]}}', 1);
    INSERT INTO returns
    SELECT 'R-' || n / 2, 1 + n % 2, 'A-' || lpad(n::text, 4, '0'), 'MUG-RED', n, 'damaged',
           now() - n * interval '1 day', 1
    FROM generate_series(1, 60) AS n;
    INSERT INTO rejected_rows
    SELECT {FILES}, n, 'A-' || n || ',ada@example.com,,0,12.50,EUR,2026-03-31T14:05:00Z,' || repeat('long ', 30),
           ARRAY['quantity "0" must be a whole number from 1 to 1,000,000', 'sku is missing'],
           CASE WHEN n % 9 > 0 THEN jsonb_build_object(
               'Order', 'A-' || n, 'Customer', 'ada@example.com', 'sku', '', 'quantity', '0', 'unit_price', '12.50',
               'currency', 'EUR', 'ordered_at', '2026-03-31T14:05:00Z', 'notes', repeat('long ', 30)) END
    FROM generate_series(2, {REJECTS + 1}) AS n;
    UPDATE files SET rows_rejected = {REJECTS} WHERE file_id = {FILES};
"""


@pytest.fixture(scope="module")  # not for the session: while Playwright runs, no other test can have an event loop
def browser() -> Iterator[Browser]:
    """One browser per test module."""
    with sync_playwright() as playwright, chromium.launch(playwright) as browser:
        yield browser


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens pages, each in its own browser context. Unexpected errors in a page's console fail the test."""
    console_errors: list[str] = []

    with ExitStack() as contexts:

        def open_one(url: str, *, expect_errors: bool = False, **options: Any) -> Page:
            context: BrowserContext = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
            contexts.callback(context.close)
            page = context.new_page()
            if not expect_errors:
                page.on(
                    "console", lambda message: console_errors.append(message.text) if message.type == "error" else None
                )
                page.on("pageerror", lambda error: console_errors.append(str(error)))
            page.goto(url)
            return page

        yield open_one
    assert console_errors == []


@pytest.fixture(scope="module")
def filled(postgres: LocalPostgres, request: pytest.FixtureRequest) -> Shop:
    """A database with files, orders and rejected rows, for one test module."""
    shop = Shop(server=postgres.server, name="web_" + request.module.__name__.rpartition(".")[2])
    postgres.server.create_master_user(ADMINISTRATOR, PASSWORD, database=shop.name)
    shop.migrate()
    with shop.connect() as connection:
        connection.execute(_FILL)
    return shop


@pytest.fixture(scope="module")
def web(filled: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """The app with that database."""
    with WebProcess(filled.server, filled.name, tmp_path_factory.mktemp("web") / "web.log") as web:
        yield web
