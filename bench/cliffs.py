"""Files that a fast path could handle badly, each compared with a raw COPY of as many clean rows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import order_files
from bench.figures import Figure
from bench.lab import Lab, Run, lab
from bench.order_files import OrderFile

ROWS = 200_000
ROUNDS = 3


def measure() -> list[Figure]:
    """Rows per second relative to COPY; no targets."""
    with lab() as servers:
        clean = order_files.csv(ROWS)
        contenders: dict[str, Callable[[], Run]] = {
            "a clean file": partial(servers.load, clean),
            "5 % of its orders are there already": partial(
                _load_over, servers, order_files.every_twentieth(ROWS), clean
            ),
            "all of its orders are there already": partial(_load_over, servers, clean, clean),
            "a quoted note in each row": partial(servers.load, order_files.with_quoted_notes(ROWS)),
            "lines that end in CRLF": partial(servers.load, order_files.with_crlf(ROWS)),
            "an extra column": partial(servers.load, order_files.with_extra_column(ROWS)),
            "1 % bad rows": partial(servers.load, order_files.with_bad_rows(ROWS)),
        }
        return servers.relative_to_copy(clean, contenders, ROUNDS)


def _load_over(servers: Lab, first: OrderFile, then: OrderFile) -> Run:
    servers.load(first)
    return servers.load_again(then)
