"""How a CloudFormation resource type is added to the emulator: made, only recorded, or completed.

Nothing here imports the emulator, so tests can read the registry without it.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.discovery import capability_modules

Properties = dict[str, Any]
Attributes = dict[str, Any]
Created = tuple[str, Attributes]  # the physical id, and the attributes for Fn::GetAtt

OWN_TYPES_FILE = Path(__file__).with_name("own_types.json")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A type that the emulator lacks, made through the emulator's API. An update replaces it."""

    type: str
    create: Callable[[str, Properties], Created]  # gets a name that is unique in the account
    delete: Callable[[str, Properties], None]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A type that nothing here can implement; `make up` lists it. `why` says what is missing locally."""

    type: str
    why: str
    attributes: Callable[[str], Attributes] = field(default=lambda physical_id: {"Id": physical_id})


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A type of the emulator whose provisioner ignores a property: `complete` runs after it, at every change.

    It gets the physical id, the properties and the attributes, and returns attributes to add or replace. `delete`, if
    set, replaces the provisioner's, which deletes what AWS refuses to delete.
    """

    type: str
    complete: Callable[[str, Properties, Attributes], Attributes]
    delete: Callable[[str, Properties], None] | None = None


Resource = Made | Recorded | Completed


def registry() -> list[Resource]:
    """Every resource type, one module each: in `registry/` here, and in that of each capability."""
    return [
        importlib.import_module(f"{package.__name__}.{module.name}").RESOURCE
        for package in capability_modules("registry").values()
        for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name)
    ]


def own_types() -> frozenset[str]:
    """The types of the pinned emulator itself; checked against it whenever it starts."""
    return frozenset(json.loads(OWN_TYPES_FILE.read_text(encoding="utf-8")))


def recorded_types() -> dict[str, str]:
    """The types that are only recorded, each with what is missing locally."""
    return {resource.type: resource.why for resource in registry() if isinstance(resource, Recorded)}


def uncovered(types: set[str]) -> set[str]:
    """Returns the `types` that cannot be deployed locally."""
    covered = own_types() | {resource.type for resource in registry()}
    return {name for name in types - covered if not name.startswith("Custom::")}


def handlers(resource: Made | Recorded) -> dict[str, Any]:
    """The handlers of an added type, as the emulator calls them."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        name = f"{stack}-{logical_id}-{uuid.uuid4().hex[:8]}"
        if isinstance(resource, Recorded):
            return name, resource.attributes(name)
        return resource.create(name, properties)

    def delete(physical_id: str, properties: Properties) -> None:
        if isinstance(resource, Made):
            resource.delete(physical_id, properties)

    def update(physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Created:
        if isinstance(resource, Recorded):
            return physical_id, resource.attributes(physical_id)
        # Rules and associations refuse a duplicate, so the old one is deleted first.
        delete(physical_id, old)
        return create(logical_id, new, stack)

    return {"create": create, "delete": delete, "update": update, "update_with_logical_id": True}


def complete(resource: Completed, original: dict[str, Any]) -> dict[str, Any]:
    """The emulator's own handlers of a type, with `resource.complete` after them."""

    def create(logical_id: str, properties: Properties, stack: str) -> Created:
        physical_id, attributes = original["create"](logical_id, properties, stack)
        return physical_id, {**attributes, **resource.complete(physical_id, properties, attributes)}

    def update(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Created:
        new_id, attributes = original["update"](physical_id, old, new, *rest)
        return new_id, {**attributes, **resource.complete(new_id, new, attributes)}

    delete = {} if resource.delete is None else {"delete": resource.delete}
    return {**original, "create": create, "update": update, **delete}
