"""What happens to a resource that both templates contain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.changes.deployment import Deployment, Effect, UpdateOutcome, refused
from checks.changes.replacements import Replacement
from checks.changes.service_rules import (
    BOUND_TO_VPC,
    IMMUTABLE,
    INTERRUPTED_BY_REPLACEMENT,
    INTERRUPTIONS,
    NOTES,
    RETENTION,
)
from checks.templates import Resource, ResourceId, Templates

_DATABASES = ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
_LAUNCH = ("LaunchTemplate", "MixedInstancesPolicy")
_UPGRADES = 'Amazon RDS User Guide, "Upgrading the PostgreSQL DB engine"'


@dataclass(frozen=True)
class Updates:
    """The effects on kept resources."""

    deployment: Deployment

    def effects(self, id_: ResourceId) -> Iterator[Effect]:
        """The effects on this resource; none if it changes in place and harms nobody, or doesn't change."""
        was, is_ = self.deployment.old_resources[id_], self.deployment.new_resources[id_]
        if was["Type"] != is_["Type"]:
            yield refused(
                "CloudFormation can't change the type of a logical id",
                f"{was['Type']} -> {is_['Type']}",
                'CloudFormation User Guide, "Update behaviors of stack resources"',
                remedy="give the new resource another construct id",
            )
            return
        altered = self.deployment.altered(id_)
        for rule in IMMUTABLE.get(is_["Type"], ()):
            for name in sorted(altered.intersection(rule.properties)):
                default = rule.defaults.get(name, "")
                if not default or self._value(id_, name, default) != self._value(id_, name, default, old=True):
                    yield refused(rule.effect, self._change(id_, name), rule.source, remedy=rule.remedy)
        if is_["Type"].startswith("Custom::") and "ServiceToken" in altered:
            yield refused(
                "CloudFormation can't give a custom resource another function",
                self._change(id_, "ServiceToken"),
                'CloudFormation User Guide, "Custom resources" (the error "Modifying service token is not allowed")',
                remedy="give the custom resource another construct id too",
            )
        if is_["Type"] == "AWS::Cognito::UserPool":
            yield from _user_attributes(was.get("Properties", {}), is_.get("Properties", {}))
        if reasons := self.deployment.replaced.get(id_):
            yield from (
                Effect(
                    outcome=UpdateOutcome.REPLACED,
                    text=f"its {reason.property} can't change in place",
                    detail=description(reason),
                    certain=reason.certain,
                )
                for reason in reasons
            )
            if meanwhile := INTERRUPTED_BY_REPLACEMENT.get(is_["Type"]):
                yield Effect(outcome=UpdateOutcome.INTERRUPTION, text=meanwhile.effect, source=meanwhile.source)
        else:
            yield from self._in_place(id_, altered)

    def _in_place(self, id_: ResourceId, altered: set[str]) -> Iterator[Effect]:
        was, is_ = (side.properties(id_) for side in (self.deployment.old, self.deployment.new))
        type_ = self.deployment.new_resources[id_]["Type"]
        waits = "; it waits for the maintenance window" if is_.get("ApplyImmediately") is False else ""
        for rule in INTERRUPTIONS.get(type_, ()):
            for name in sorted(altered.intersection(rule.properties)):
                yield Effect(
                    outcome=UpdateOutcome.INTERRUPTION,
                    text=f"{rule.effect}{waits}",
                    detail=self._change(id_, name),
                    source=rule.source,
                )
        for rule in NOTES.get(type_, ()):
            for name in sorted(altered.intersection(rule.properties)):
                yield Effect(outcome=UpdateOutcome.IN_PLACE, text=rule.effect, detail=name, source=rule.source)
        if (kept := RETENTION.get(type_)) and _is_kept_shorter(was, is_, kept.properties):
            yield Effect(outcome=UpdateOutcome.IN_PLACE, text=kept.effect, source=kept.source)
        if type_ == "AWS::RDS::DBSubnetGroup":
            yield from self._subnets(id_)
        yield from self._moves_to_another_vpc(id_, type_)
        if type_ in _DATABASES:
            yield from _storage(was, is_)
            yield from _version(was, is_)
        if type_ == "AWS::AutoScaling::AutoScalingGroup":
            yield from self._instances(id_, altered)

    def _moves_to_another_vpc(self, id_: ResourceId, type_: str) -> Iterator[Effect]:
        rule = BOUND_TO_VPC.get(type_)
        for name in rule.properties if rule else ():
            before, after = (
                _vpcs(side, side.properties(id_).get(name), id_.stack)
                for side in (self.deployment.old, self.deployment.new)
            )
            if rule and (before != after or after & self.deployment.replaced.keys()):
                yield refused(rule.effect, name, rule.source, remedy=rule.remedy)

    def _value(self, id_: ResourceId, name: str, default: str, *, old: bool = False) -> str:
        side = self.deployment.old if old else self.deployment.new
        return side.text(side.properties(id_).get(name, default), id_.stack)

    def _change(self, id_: ResourceId, name: str) -> str:
        """The property with its old and new value, which may be the same reference to something that changes."""
        sides = self.deployment.old, self.deployment.new
        old, new = (side.text(side.properties(id_).get(name, "(not set)"), id_.stack) for side in sides)
        return f"{name} {new}, which is replaced" if old == new else f"{name} {old} -> {new}"

    def _subnets(self, id_: ResourceId) -> Iterator[Effect]:
        before, after = (
            {one.resource_id for one in side.references(side.properties(id_).get("SubnetIds"), id_.stack)}
            for side in (self.deployment.old, self.deployment.new)
        )
        if gone := before - (after - self.deployment.replaced.keys()):
            yield refused(
                "RDS keeps a subnet in which the database or its standby runs",
                ", ".join(map(str, sorted(gone))),
                'Amazon RDS API Reference, "ModifyDBSubnetGroup"',
                remedy="move the database out of that zone first, by a failover or by Multi-AZ off and on",
                certain=False,
            )

    def _instances(self, id_: ResourceId, altered: set[str]) -> Iterator[Effect]:
        """An Auto Scaling group launches other instances if its launch template, their types or subnets change."""
        group = self.deployment.new_resources[id_]
        templates = [
            reference.resource_id
            for name in _LAUNCH
            for reference in self.deployment.new.references(group["Properties"].get(name), id_.stack)
            if reference.resource_id in self.deployment.old_resources
        ]
        if altered.isdisjoint((*_LAUNCH, "VPCZoneIdentifier")) and not any(map(self.deployment.altered, templates)):
            return
        yield _launches(group.get("UpdatePolicy", {}).get("AutoScalingRollingUpdate"))


def description(reason: Replacement) -> str:
    """The property that causes a replacement, with its old and new value."""
    if reason.because:
        return f"{reason.property}: {reason.new}, because {reason.because} is replaced or changes"
    return f"{reason.property}: {reason.old} -> {reason.new}"


def _launches(rolling_update: Mapping[str, Any] | None) -> Effect:
    source = 'CloudFormation Template Reference, "UpdatePolicy attribute"'
    if rolling_update is None:
        text = "instances that run stay as they are; only new ones differ"
        return Effect(outcome=UpdateOutcome.IN_PLACE, text=text, source=source)
    batch, serving = rolling_update.get("MaxBatchSize", 1), int(rolling_update.get("MinInstancesInService", 0))
    text = f"its instances are replaced, {batch} at a time, and at least {serving} serve meanwhile"
    return Effect(outcome=UpdateOutcome.IN_PLACE if serving else UpdateOutcome.INTERRUPTION, text=text, source=source)


def _vpcs(templates: Templates, value: Any, stack: str) -> set[ResourceId]:
    """The VPCs of the resources to which the value refers."""
    return {
        vpc.resource_id
        for id_ in (reference.resource_id for reference in templates.references(value, stack))
        for vpc in templates.references(templates.properties(id_).get("VpcId"), id_.stack)
    }


def _user_attributes(was: Resource, is_: Resource) -> Iterator[Effect]:
    """Attributes of users can be added, and never changed or removed."""
    lost = [each.get("Name", "") for each in was.get("Schema", []) if each not in is_.get("Schema", [])]
    if lost:
        yield refused(
            "attributes of a user pool can't be changed or removed",
            ", ".join(lost),
            'Amazon Cognito Developer Guide, "Working with user attributes"',
            remedy="keep them, and add others",
        )


def _is_kept_shorter(was: Resource, is_: Resource, names: tuple[str, ...]) -> bool:
    """Whether one of these numbers is lower than before, or new: then something is deleted sooner."""
    for name in names:
        # Sorted, so that the smallest number of each prefix is the one that stays.
        before, after = (dict(sorted(_numbers(side, name, ""), reverse=True)) for side in (was, is_))
        if any(prefix not in before or kept < before[prefix] for prefix, kept in after.items()):
            return True
    return False


def _numbers(value: object, name: str, prefix: str) -> Iterator[tuple[str, int]]:
    """The numbers of that name, each with the prefix of the objects that it is for."""
    if isinstance(value, Mapping):
        prefix = str(value.get("Prefix", prefix))
        if str(value.get(name)).isdigit():
            yield prefix, int(str(value[name]))
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _numbers(each, name, prefix)


def _storage(was: Resource, is_: Resource) -> Iterator[Effect]:
    before, after = (str(side.get("AllocatedStorage", "")) for side in (was, is_))
    if before == after or not (before.isdigit() and after.isdigit()):
        return
    change = f"{before} -> {after} GiB"
    if int(after) < int(before):
        yield refused(
            "storage can't shrink",
            change,
            'Amazon RDS User Guide, "Working with storage for Amazon RDS DB instances"',
            remedy="create a second database with less storage, and load a dump into it",
        )
    else:
        yield Effect(
            outcome=UpdateOutcome.IN_PLACE,
            text="RDS refuses a size below what autoscaling has reached, and further changes for six hours",
            detail=change,
            source='Amazon RDS User Guide, "Managing capacity automatically with Amazon RDS storage autoscaling"',
        )


def _version(was: Resource, is_: Resource) -> Iterator[Effect]:
    before, after = (str(side.get("EngineVersion", "")).partition(".")[0] for side in (was, is_))
    if before == after or not before.isdigit() or not after.isdigit():
        return
    change = f"{before} -> {after}"
    if int(after) < int(before):
        remedy = "restore a snapshot that was taken before the upgrade"
        yield refused("RDS goes back to no older version", change, _UPGRADES, remedy=remedy)
    elif not is_.get("AllowMajorVersionUpgrade"):
        remedy = "set AllowMajorVersionUpgrade"
        yield refused("RDS must be allowed to upgrade the major version", change, _UPGRADES, remedy=remedy)
    elif is_.get("ApplyImmediately") is False:
        yield refused(
            "the upgrade would wait for the maintenance window, and CloudFormation deletes the old version's parameter "
            "group at the end of the deployment",
            change,
            'Amazon RDS API Reference, "DeleteDBParameterGroup"',
            remedy="set ApplyImmediately for this deployment",
        )
