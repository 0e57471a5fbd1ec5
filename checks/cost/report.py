"""The bill as text that fits a terminal."""

from collections.abc import Mapping
from dataclasses import asdict
from itertools import groupby

from checks.changes.formatting import lines, names
from checks.cost.bill import Bill, Line, bill
from checks.cost.load import HOURS, IDLE, Load
from checks.cost.prices import Prices
from checks.templates import Template, Templates, without_hash

_WIDTH = 70
_LEAST = 0.005  # less is shown as 0.00
_NOT_COUNTED = (
    "Not counted: tax, discounts, free tiers, traffic between zones, backups beyond the size of the database, and what "
    "the load doesn't name. Instances count as On-Demand Instances, objects as if they stayed in the class Standard."
)


def rendered(stacks: Mapping[str, Template], prices: Prices, load: Load) -> str:
    """The cost of each resource and of all, in USD a month, idle and under the load, with its assumptions."""
    found = bill(Templates(stacks=stacks), prices, load)
    short = names(stacks)
    parts = ["\n".join([*lines(prices.note, indent=0), f"USD for a month of {HOURS} hours."])]
    parts += [
        "\n".join([_row(f"== {short[stack]} ", "idle", "under load", fill="="), *rows])
        for stack in stacks
        if (rows := _rows([line for line in found.lines if line.id.stack == stack]))
    ]
    parts.append(_row("In all", f"{found.idle:.2f}", f"{found.loaded:.2f}"))
    parts.append("\n".join([*_unpriced(found), *_assumptions(load), *lines(_NOT_COUNTED, indent=0)]))
    return "\n\n".join(parts)


def difference(old: Mapping[str, Template], new: Mapping[str, Template], prices: Prices) -> str:
    """One paragraph: how the cost without load changes."""
    before, after = (bill(Templates(stacks=stacks), prices, IDLE) for stacks in (old, new))
    change = round(after.idle, 2) - round(before.idle, 2)
    sums = (
        f"{before.idle:.2f} -> {after.idle:.2f} USD ({change:+.2f})" if change else f"{after.idle:.2f} USD, as before"
    )
    return "\n".join(
        [*lines(f"Cost of a month without load: {sums}. {prices.note}", indent=0, hang=4), *_unpriced(after)]
    )


def _rows(own: list[Line]) -> list[str]:
    """One row for each resource; equal ones of a type share a row, the most expensive first."""
    own = sorted(
        (line for line in own if max(line.idle, line.loaded) >= _LEAST),
        key=lambda line: (-line.loaded, -line.idle, line.type),
    )
    rows = []
    for (type_, idle, loaded), group in groupby(
        own, key=lambda line: (line.type, f"{line.idle:.2f}", f"{line.loaded:.2f}")
    ):
        alike = list(group)
        what = without_hash(alike[0].id.logical_id) if len(alike) == 1 else f"{len(alike)}, each"
        rows.append(_row(f"  {type_.removeprefix('AWS::')}  {what}", idle, loaded))
    return rows


def _row(text: str, idle: str, loaded: str, *, fill: str = " ") -> str:
    text = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
    return f"{text:{fill}<{_WIDTH}} {idle:>10} {loaded:>12}"


def _unpriced(found: Bill) -> list[str]:
    if not found.unpriced:
        return []
    return lines(f"Without a price, and missing in the sums: {', '.join(found.unpriced)}.", indent=0, hang=4)


def _assumptions(load: Load) -> list[str]:
    values = ", ".join(f"{name} {value:g}" for name, value in asdict(load).items())
    return lines(f"The load: {values}.", indent=0, hang=4)
