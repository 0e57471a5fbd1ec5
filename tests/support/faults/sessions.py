"""The function's database sessions: their state, and a way to block one at a chosen order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg

from local_cloud.cloud import LocalCloud
from tests.support.orders import eventually


class Sessions:
    """The sessions as the superuser sees them: other roles see only their own."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    @contextmanager
    def held_up(self, order_id: str) -> Iterator[Callable[[], None]]:
        """Blocks every load at this order, in the middle of its COPY, until the block ends or the result is called.

        An open transaction has inserted that order, so a load waits for the end of that transaction, which is rolled
        back.
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
        """Waits until this number of loads wait for a lock."""
        eventually(lambda: len(self.held()) == loads, f"{loads} blocked loads")

    def held(self) -> list[tuple[int, str]]:
        """Process id and statement of each of the function's sessions that wait for a lock."""
        return self._of_the_server(
            "SELECT pid, query FROM pg_stat_activity WHERE usename = 'ingestion' AND wait_event_type = 'Lock'"
        )

    def working(self) -> set[int]:
        """The process ids of the function's sessions that are in a transaction."""
        rows = self._of_the_server(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'ingestion' AND xact_start IS NOT NULL"
        )
        return {row[0] for row in rows}

    def deadlocks(self) -> int:
        """The number of deadlocks that the server has detected so far."""
        return int(self._of_the_server("SELECT sum(deadlocks) FROM pg_stat_database")[0][0])

    def _of_the_server(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._cloud.services().database_superuser_url) as connection:
            return connection.execute(statement).fetchall()
