"""What every resource costs in a month, idle and under a load."""

from dataclasses import dataclass

from checks.cost.free import is_free
from checks.cost.load import IDLE, Load
from checks.cost.prices import Prices
from checks.cost.registry import PRICED
from checks.cost.subject import Subject
from checks.templates import ResourceId, Templates


@dataclass(frozen=True, kw_only=True)
class Line:
    """One resource's cost in USD. `missing` are the ids of prices that the table lacks, which count as 0."""

    id: ResourceId
    type: str
    idle: float
    loaded: float
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Bill:
    """The cost of all resources that cost something, and the types for which there is no price function."""

    lines: tuple[Line, ...]
    unknown_types: tuple[str, ...]

    @property
    def idle(self) -> float:
        """The sum without load."""
        return sum(line.idle for line in self.lines)

    @property
    def loaded(self) -> float:
        """The sum under load."""
        return sum(line.loaded for line in self.lines)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """What the sums lack: types without a price function, and prices that the table lacks."""
        return tuple(sorted({*self.unknown_types, *(price for line in self.lines for price in line.missing)}))


def bill(templates: Templates, prices: Prices, load: Load) -> Bill:
    """The bill of one environment's templates."""
    types = {id_: resource["Type"] for id_, resource in templates.resources().items()}
    lines = (_line(id_, type_, templates, prices, load) for id_, type_ in types.items() if type_ in PRICED)
    return Bill(
        lines=tuple(line for line in lines if line.loaded or line.idle or line.missing),
        unknown_types=tuple(sorted({type_ for type_ in types.values() if type_ not in PRICED and not is_free(type_)})),
    )


def _line(id_: ResourceId, type_: str, templates: Templates, prices: Prices, load: Load) -> Line:
    sums, missing = [], set()
    for used in (IDLE, load):
        charges = list(PRICED[type_](Subject(id=id_, templates=templates, load=used)))
        missing |= {charge.price for charge in charges if charge.price not in prices.usd}
        sums.append(sum(charge.quantity * prices.usd.get(charge.price, 0) for charge in charges))
    idle, loaded = sums
    return Line(id=id_, type=type_, idle=idle, loaded=loaded, missing=tuple(sorted(missing)))
