"""The function's sessions in the database: what they do there, and a way to stop one where a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from local_cloud.cloud import LocalCloud
from tests.support.orders import eventually


class Sessions:
    """Seen as the server's superuser, for nobody else sees what others do."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    @contextmanager
    def held_up(self, order_id: str) -> Iterator[Callable[[], None]]:
        """Stop every load at this order, in the middle of its COPY, until the block ends or what it gives is called.

        Another transaction has inserted that order and is not done, so PostgreSQL lets the load wait for its outcome,
        which will be that it never was.
        """
        holder = psycopg.connect(self._cloud.outputs().database_url)
        try:
            holder.execute(
                "INSERT INTO orders VALUES (%s, 'a@example.com', 'SKU', 1, 1, 'EUR', now(), NULL, 0)",
                [order_id],
            )
            yield holder.close
        finally:
            holder.close()

    def wait_until_held(self, *, loads: int = 1) -> None:
        """Wait until so many executions wait in the database, for each other or for who holds them up."""
        eventually(lambda: len(self.held()) == loads, f"{loads} loads held up")

    def held(self) -> list[tuple[int, str]]:
        """Number and statement of each of the function's database sessions that wait for a lock."""
        return self._of_the_server(
            "SELECT pid, query FROM pg_stat_activity WHERE usename = 'ingestion' AND wait_event_type = 'Lock'"
        )

    def working(self) -> set[int]:
        """The numbers of the function's database sessions that are in a transaction."""
        rows = self._of_the_server(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'ingestion' AND xact_start IS NOT NULL"
        )
        return {row[0] for row in rows}

    def deadlocks(self) -> int:
        """How many the server has found so far."""
        return int(self._of_the_server("SELECT sum(deadlocks) FROM pg_stat_database")[0][0])

    def _of_the_server(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._cloud.services().database_superuser_url) as connection:
            return connection.execute(statement).fetchall()
