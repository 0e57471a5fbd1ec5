"""The table of prices, in one region."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("prices.toml")
FALLBACK = "us-east-1"
# What an entry of the table has besides its values by region.
_FIELDS = {"id", "unit", "source"}


@dataclass(frozen=True, kw_only=True)
class Prices:
    """The prices of one region in USD, by id. `note` says how far they can be trusted."""

    usd: Mapping[str, float]
    note: str


def table() -> Mapping[str, Any]:
    """The whole table, as in prices.toml."""
    return tomllib.loads(TABLE.read_text(encoding="utf-8"))


def prices(region: str) -> Prices:
    """The prices of that region; those of `FALLBACK`, with a note, if it is empty or not in the table."""
    whole = table()
    entries = whole["price"]
    regions = {name for entry in entries for name in entry} - _FIELDS
    known = region if region in regions else FALLBACK
    note = f"Prices of {known}, written down on {whole['written']}: check them with the AWS Pricing Calculator."
    if known != region:
        note += f" The table has no {region}." if region else " The region is left open."
    return Prices(usd={entry["id"]: entry[known] for entry in entries}, note=note)
