"""The order files that the benchmarks load: kept below .local/bench until their generator changes."""

from __future__ import annotations

import gzip
import itertools
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import datasets.orders.samples.generate
from bench.kept import kept
from datasets.orders.samples.generate import HEADER, lines

_COMPRESSION = 6  # the default of the program gzip


@dataclass(frozen=True, kw_only=True)
class OrderFile:
    """A file on disk; `rows` is how many PostgreSQL holds after the load."""

    path: Path
    rows: int


def csv(rows: int) -> OrderFile:
    """A clean file."""
    return _made(f"orders-{rows}.csv", rows, lambda: lines(rows))


def json_lines(rows: int) -> OrderFile:
    """The same orders as JSON Lines, with numbers as JSON numbers."""
    return _made(f"orders-{rows}.jsonl", rows, lambda: map(_as_json, _orders(rows)))


def gzipped(rows: int) -> OrderFile:
    """The same CSV, compressed with gzip."""
    plain = csv(rows)
    target = _folder() / f"{plain.path.name}.gz"
    if not target.exists():
        draft = target.with_suffix(".draft")
        with plain.path.open("rb") as source, gzip.open(draft, "wb", _COMPRESSION) as file:
            shutil.copyfileobj(source, file)
        draft.rename(target)
    return OrderFile(path=target, rows=rows)


def every_twentieth(rows: int) -> OrderFile:
    """5 % of the orders of the clean file, spread over all of it."""
    chosen = range(0, rows, 20)
    return _made(
        f"orders-{rows}-twentieth.csv",
        len(chosen),
        lambda: itertools.chain([f"{HEADER}\n"], itertools.islice(_orders(rows), 0, None, 20)),
    )


def with_quoted_notes(rows: int) -> OrderFile:
    """Each row has a note that needs quotes."""
    return _changed("quoted", rows, lambda line: line.rpartition(",")[0] + ',"ring twice, then wait"\n')


def with_crlf(rows: int) -> OrderFile:
    """Windows line ends."""
    return _changed("crlf", rows, lambda line: line.removesuffix("\n") + "\r\n", header=f"{HEADER}\r\n")


def with_extra_column(rows: int) -> OrderFile:
    """An unknown column at the end."""
    return _changed("extra", rows, lambda line: line.removesuffix("\n") + ",phone\n", header=f"{HEADER},channel\n")


def with_bad_rows(rows: int) -> OrderFile:
    """Every hundredth row has an invalid e-mail address."""
    numbers = itertools.count()

    def spoil(line: str) -> str:
        return line.replace("@", " at ", 1) if next(numbers) % 100 == 0 else line

    return _changed("bad", rows, spoil, good=rows - len(range(0, rows, 100)))


def _changed(
    name: str, rows: int, change: Callable[[str], str], *, header: str = f"{HEADER}\n", good: int | None = None
) -> OrderFile:
    return _made(
        f"orders-{rows}-{name}.csv",
        rows if good is None else good,
        lambda: itertools.chain([header], map(change, _orders(rows))),
    )


def _orders(rows: int) -> Iterator[str]:
    return itertools.islice(lines(rows), 1, None)


def _as_json(line: str) -> str:
    order_id, email, sku, quantity, price, currency, ordered_at, notes = line.removesuffix("\n").split(",")
    return (
        f'{{"order_id":"{order_id}","customer_email":"{email}","sku":"{sku}","quantity":{quantity},'
        f'"unit_price":{price},"currency":"{currency}","ordered_at":"{ordered_at}","notes":"{notes}"}}\n'
    )


def _made(name: str, rows: int, make: Callable[[], Iterable[str]]) -> OrderFile:
    target = _folder() / name
    if not target.exists():
        draft = target.with_suffix(".draft")
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.writelines(make())
        draft.rename(target)
    return OrderFile(path=target, rows=rows)


def _folder() -> Path:
    generators = Path(datasets.orders.samples.generate.__file__).read_bytes() + Path(__file__).read_bytes()
    return kept("files", generators, lambda folder: None)
