"""What the resource schemas that cfn-lint ships say: properties that replace a resource, names, and permissions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError

from checks.templates import Resource, intrinsic

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
_NAMES = ("Name", "Identifier")


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


def create_only(resource: Resource) -> tuple[CreateOnly, ...]:
    """The create-only properties of the resource; none if cfn-lint doesn't know its type."""
    found = _create_only(resource["Type"])
    if resource["Type"] == "AWS::AutoScaling::AutoScalingGroup" and not _replaces_group(resource):
        return tuple(one for one in found if one.certain)
    return found


@cache
def naming_properties(type_: str) -> tuple[str, ...]:
    """The properties that name a resource of this type, if the template may choose the name.

    CloudFormation replaces no resource with such a name, because the old one still has it (CloudFormation User Guide,
    "Name type").
    """
    schema = _schema(type_)
    identifier = _names(schema, "primaryIdentifier")
    if identifier and not identifier & _names(schema, "readOnlyProperties"):
        return tuple(sorted(identifier, key=lambda name: (not name.endswith(_NAMES), name)))
    own = f"{type_.rpartition('::')[2]}Name"
    return (own,) if own in schema.get("properties", {}) and own in _names(schema, "createOnlyProperties") else ()


@cache
def is_deleted_before_its_replacement(type_: str) -> bool:
    """Whether CloudFormation deletes the old resource of this type before it creates the new one."""
    return _schema(type_).get("replacementStrategy") == "delete_then_create"


@cache
def handler_permissions(type_: str) -> frozenset[str]:
    """The actions that CloudFormation takes to create, read, update, delete and list resources of this type."""
    handlers = _schema(type_).get("handlers", {}).values()
    return frozenset(action for handler in handlers for action in handler.get("permissions", []))


@cache
def _create_only(type_: str) -> tuple[CreateOnly, ...]:
    return tuple(
        CreateOnly(pointer=tuple(pointer.split("/")[2:]), certain=certain)
        for name, certain in (("createOnlyProperties", True), ("conditionalCreateOnlyProperties", False))
        for pointer in _schema(type_).get(name) or ()
        if pointer.split("/")[2] not in _NEVER.get(type_, ())
    )


def _schema(type_: str) -> Mapping[str, Any]:
    try:
        schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema
    except ResourceNotFoundError:
        return {}
    return schema


def _names(schema: Mapping[str, Any], list_: str) -> set[str]:
    return {pointer.split("/")[2] for pointer in schema.get(list_) or ()}


def _replaces_group(resource: Resource) -> bool:
    """Whether an Auto Scaling group is replaced as a whole; otherwise its instances are (UpdatePolicy attribute)."""
    policy = resource.get("UpdatePolicy", {}).get("AutoScalingReplacingUpdate", {})
    return bool(policy.get("WillReplace"))


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
