"""Files that a fast path may not like, each beside a raw COPY of as many clean rows: where does speed fall off?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench import order_files
from bench.figures import Figure, ratio
from bench.lab import Lab, Run, lab
from bench.order_files import OrderFile
from bench.rounds import alternate

ROWS = 200_000
ROUNDS = 3
COPY = "COPY"


def measure() -> list[Figure]:
    """Rows a second as shares of COPY's; no targets."""
    with lab() as servers:
        clean = order_files.csv(ROWS)
        contenders: dict[str, Callable[[], Run]] = {
            COPY: partial(servers.copy, clean),
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
        rates = {name: [run.rows_a_second for run in runs] for name, runs in alternate(contenders, ROUNDS).items()}
    copies = rates.pop(COPY)
    return [Figure(name=f"{name} / COPY", values=ratio(ours, copies)) for name, ours in rates.items()]


def _load_over(servers: Lab, first: OrderFile, then: OrderFile) -> Run:
    servers.load(first)
    return servers.load_more(then)
