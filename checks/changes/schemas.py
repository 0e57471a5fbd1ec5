"""The properties whose change replaces a resource, by the resource schemas that cfn-lint ships."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from checks.templates import intrinsic

# Any region's schemas would do: create-only properties are the same in every region.
REGION = "us-east-1"
# By the schema, a change of these may replace the resource; by the code of the resource type, it never does
# (aws-cloudformation-resource-providers-rds, ImmutabilityHelper of the DB instance).
_NEVER = {
    "AWS::RDS::DBInstance": {
        "AutoMinorVersionUpgrade",
        "BackupRetentionPeriod",
        "DBParameterGroupName",
        "MultiAZ",
        "PreferredMaintenanceWindow",
    }
}


@dataclass(frozen=True, kw_only=True)
class CreateOnly:
    """A property whose change replaces the resource; not `certain` if that depends on the values."""

    pointer: tuple[str, ...]
    certain: bool

    def __str__(self) -> str:
        return ".".join(self.pointer)

    def values(self, properties: Any) -> list[Any]:
        """The values of the property; several if the pointer goes through a list."""
        return list(_values(properties, self.pointer))


@cache
def create_only(type_: str) -> tuple[CreateOnly, ...]:
    """The create-only properties of a resource type; none if cfn-lint doesn't know the type."""
    try:
        schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema
    except ResourceNotFoundError:
        return ()
    return tuple(
        CreateOnly(pointer=tuple(pointer.split("/")[2:]), certain=certain)
        for name, certain in (("createOnlyProperties", True), ("conditionalCreateOnlyProperties", False))
        for pointer in schema.get(name) or ()
        if pointer.split("/")[2] not in _NEVER.get(type_, ())
    )


def _values(value: Any, pointer: tuple[str, ...]) -> Iterator[Any]:
    if not pointer or intrinsic(value):
        # An intrinsic function stands for the whole value.
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, pointer[1:] if pointer[0] == "*" else pointer)
    elif isinstance(value, Mapping):
        for key in value if pointer[0] == "*" else [pointer[0]]:
            if key in value:
                yield from _values(value[key], pointer[1:])
