"""Runs every database query of the web app."""

from __future__ import annotations

import asyncio
from pathlib import Path

from psycopg import AsyncConnection

from tests.integration.database.conftest import Pipeline
from tests.integration.database.web.test_plans import ARGUMENTS, query_of

CODE = Path("web_src")


def work(pipeline: Pipeline) -> None:
    """Run every query, with each set of arguments."""

    async def run() -> None:
        url = pipeline.shop.url("web")
        async with await AsyncConnection.connect(url, autocommit=True, prepare_threshold=None) as connection:
            for query, variants in ARGUMENTS.items():
                for arguments in variants:
                    await query_of(query)(connection, **arguments)

    asyncio.run(run())
