"""Which properties make CloudFormation replace a resource, by the resource schemas that cfn-lint ships."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from checks.templates import intrinsic

# The schemas of one region serve all: what is create-only is the type's, not the region's.
REGION = "us-east-1"
# The schema says that these may replace, yet the code behind it never does so for them
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
    """A property that can be set only when the resource is made; not `certain` where that depends on its values."""

    pointer: tuple[str, ...]
    certain: bool

    def __str__(self) -> str:
        return ".".join(self.pointer)

    def values(self, properties: Any) -> list[Any]:
        """What the properties have there; several values where the pointer goes through a list."""
        return list(_values(properties, self.pointer))


@cache
def create_only(type_: str) -> tuple[CreateOnly, ...]:
    """The create-only properties of a resource type; none for a type that cfn-lint doesn't know."""
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
        # An intrinsic function on the way stands for all that is inside it.
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _values(item, pointer[1:] if pointer[0] == "*" else pointer)
    elif isinstance(value, Mapping):
        for key in value if pointer[0] == "*" else [pointer[0]]:
            if key in value:
                yield from _values(value[key], pointer[1:])
