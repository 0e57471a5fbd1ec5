"""What a price function gets, and what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from checks.cost.load import Load
from checks.templates import ResourceId, Templates


@dataclass(frozen=True)
class Charge:
    """`quantity` units in a month, at the price of that id."""

    price: str
    quantity: float


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A resource to price, among all resources of its environment, under a load."""

    id: ResourceId
    templates: Templates
    load: Load

    @property
    def properties(self) -> Mapping[str, Any]:
        """Its own properties."""
        return self.templates.properties(self.id)

    def share(self, amount: float) -> float:
        """Its part of an amount that all resources of its type share equally."""
        return amount / len(self.templates.resources(self.templates.resource(self.id)["Type"]))

    def referenced(self, *types: str) -> "list[Subject]":
        """The resources of these types that its properties refer to, under the same load."""
        found = self.templates.references(self.properties, self.id.stack)
        ids = {reference.resource_id for reference in found}
        return [replace(self, id=id_) for id_ in self.templates.resources(*types) if id_ in ids]

    def referring(self, *types: str) -> "list[Subject]":
        """The resources of these types whose properties refer to it, under the same load."""
        return [
            replace(self, id=id_)
            for id_, resource in self.templates.resources(*types).items()
            if any(
                reference.resource_id == self.id
                for reference in self.templates.references(resource.get("Properties", {}), id_.stack)
            )
        ]
