"""Runs every database query of the web app."""

from __future__ import annotations

import asyncio
from pathlib import Path

from psycopg import AsyncConnection

from tests.integration.database.conftest import DATASETS, Pipeline
from tests.integration.database.web.test_plans import ARGUMENTS, query_of
from tests.support.web.declared_tables import create_declared_tables

CODE = Path("web_src")


def work(pipeline: Pipeline) -> None:
    """Run every query, with each set of arguments."""

    with pipeline.shop.connect() as connection:
        create_declared_tables(connection, DATASETS)

    async def run() -> None:
        url = pipeline.shop.url("web")
        async with await AsyncConnection.connect(url, autocommit=True, prepare_threshold=None) as connection:
            for query, variants in ARGUMENTS.items():
                for arguments in variants:
                    await query_of(query)(connection, **arguments)

    asyncio.run(run())
