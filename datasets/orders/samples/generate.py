"""Makes order files of any length, the same for the same numbers: `python -m datasets.orders.samples.generate`."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

HEADER = "order_id,customer_email,sku,quantity,unit_price,currency,ordered_at,notes"
_NAMES = (
    "ada",
    "ben",
    "carla",
    "deniz",
    "elif",
    "femi",
    "grace",
    "hugo",
    "ines",
    "jonas",
    "kira",
    "liam",
    "mei",
    "noor",
)
_SURNAMES = ("berg", "costa", "dubois", "evans", "fischer", "garcia", "haddad", "ito", "jensen", "kowalski", "larsen")
_PRODUCTS = ("MUG", "TEE", "CAP", "BAG", "PEN", "LAMP", "BOOK", "CARD", "SOAP", "SCARF")
_VARIANTS = ("RED", "BLUE", "GREEN", "BLACK", "WHITE", "S", "M", "L")
_CURRENCIES = ("EUR", "EUR", "EUR", "GBP", "USD", "CHF", "SEK", "PLN")
_OFFSETS = ("Z", "+01:00", "+02:00", "-05:00")
_NOTES = ("", "", "", "", "", "gift wrap", "leave at the back door", "please ring twice", "invoice to the office")
_START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


def lines(rows: int, *, seed: int = 1, first: int = 1) -> Iterator[str]:
    """The lines of a clean order file, header first, each with its line end; order ids count up from `first`."""
    choose = random.Random(seed)  # noqa: S311 - the same rows each time, no secrets
    yield HEADER + "\n"
    moment = _START
    for number in range(first, first + rows):
        moment += timedelta(seconds=choose.randrange(20, 900) if rows < 10_000 else 1)
        email = f"{choose.choice(_NAMES)}.{choose.choice(_SURNAMES)}@example.com"
        sku = f"{choose.choice(_PRODUCTS)}-{choose.choice(_VARIANTS)}"
        price = f"{choose.randrange(1, 180)}.{choose.choice(('00', '50', '90', '95', '99'))}"
        ordered_at = moment.strftime("%Y-%m-%dT%H:%M:%S") + choose.choice(_OFFSETS)
        yield (
            f"SO-{number:08d},{email},{sku},{choose.choice((1, 1, 1, 2, 2, 3, 5, 12))},{price},"
            f"{choose.choice(_CURRENCIES)},{ordered_at},{choose.choice(_NOTES)}\n"
        )


def main() -> None:
    """Write a file to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200, help="how many orders (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="another number gives other orders (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="the number of the first order (default: 1)")
    arguments = parser.parse_args()
    sys.stdout.writelines(lines(arguments.rows, seed=arguments.seed, first=arguments.first))


if __name__ == "__main__":
    main()
