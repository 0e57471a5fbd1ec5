"""What AWS refuses when CloudFormation creates a resource beside the old ones, or deletes an old one."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from checks.changes.deployment import Deployment, Effect, UpdateOutcome, refused
from checks.changes.replacements import consumers
from checks.changes.schemas import is_deleted_before_its_replacement, naming_properties
from checks.changes.service_rules import (
    DETACHED_IN_USE,
    EMPTY_TO_BE_DELETED,
    INTERRUPTED_BY_REMOVAL,
    LOAD_BALANCER,
    LOAD_BALANCER_PROTECTION,
    PROTECTIONS,
    QUOTAS,
    REFUSES_DELETION_IN_USE,
    STACK_RESOURCES,
    UNIQUE_KEYS,
    UniqueKey,
)
from checks.changes.stateful import deletion_policy, replace_policy
from checks.templates import Resource, ResourceId, Templates

_NAME_SOURCE = 'CloudFormation User Guide, "Name type"'
_LEFT_BEHIND = "the deployment leaves it behind, outside of the stack"
_REMOVE_LATER = "keep it until the stacks that use it are updated; remove it in a second deployment"
_CREATE_ANOTHER = "leave it as it is, and create the new one under another construct id"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
_LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
_TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


@dataclass(frozen=True)
class Conflicts:
    """The effects of creations and deletions: CloudFormation deletes old resources at the end of an update."""

    deployment: Deployment

    def of_creation(self, id_: ResourceId) -> Iterator[Effect]:
        """The new resource needs a name, or other unique values, that an old one still has."""
        resource = self.deployment.new_resources[id_]
        certain = all(reason.certain for reason in self.deployment.replaced.get(id_, []))
        for key in _unique_keys(resource["Type"]):
            values = self._new_values(id_, key)
            for other in self._still_there(id_) if values else ():
                if _clash(key, _values(self.deployment.old, other, key), values):
                    detail = ", ".join(f"{name} {value}" for name, value in _named(key, values))
                    names = " and ".join(name for name, _ in _named(key, values))
                    yield refused(
                        f"the old resource keeps {names} until the end of the deployment",
                        detail if other == id_ else f"{detail}, of {other}",
                        key.source,
                        remedy=f"change {key.properties[0]} too, or remove the old one in a release before this one",
                        certain=certain,
                    )

    def of_update(self, id_: ResourceId) -> Iterator[Effect]:
        """A kept resource gets unique values that another old one has at that moment."""
        type_ = self.deployment.new_resources[id_]["Type"]
        for key in UNIQUE_KEYS.get(type_, ()):
            values = self._new_values(id_, key)
            if not values or values == _values(self.deployment.old, id_, key):
                continue
            for other in self.deployment.old.resources(type_):
                if other != id_ and _clash(key, _values(self.deployment.old, other, key), values):
                    yield refused(
                        "another resource has these values when this one changes",
                        f"{', '.join(f'{name} {value}' for name, value in _named(key, values))}, of {other}",
                        key.source,
                        remedy="use values that no resource has, or make two releases",
                    )

    def taken_over(self) -> set[ResourceId]:
        """The removed resources whose unique values a new resource gets: they can't exist at the same time."""
        removed = [id_ for id_ in self.deployment.old_resources if id_ not in self.deployment.new_resources]
        return {
            id_
            for id_ in removed
            for key in _unique_keys(self.deployment.old_resources[id_]["Type"])
            for new in self.deployment.new.resources(self.deployment.old_resources[id_]["Type"])
            if new not in self.deployment.old_resources
            and _clash(key, _values(self.deployment.old, id_, key), self._new_values(new, key))
        }

    def of_deletion(self, id_: ResourceId) -> Iterator[Effect]:
        """The old resource can't be deleted, so it is left behind; or its deletion interrupts something."""
        resource, reasons = self.deployment.old_resources[id_], self.deployment.replaced.get(id_, [])
        if (rule := INTERRUPTED_BY_REMOVAL.get(resource["Type"])) and not reasons:
            yield Effect(outcome=UpdateOutcome.INTERRUPTION, text=rule.effect, source=rule.source)
        certain = all(reason.certain for reason in reasons)
        policy = (replace_policy if reasons else deletion_policy)(resource)
        if policy.startswith("Retain") or id_.stack not in self.deployment.new.stacks:
            return
        if source := _protected_by(resource):
            yield refused(
                f"its deletion protection makes the deletion fail: {_LEFT_BEHIND}",
                "",
                source,
                remedy="switch its protection off in a deployment before this one, or keep it",
                certain=certain,
            )
        if full := EMPTY_TO_BE_DELETED.get(resource["Type"]):
            text = f"it can't be deleted unless it is empty: {_LEFT_BEHIND}"
            yield refused(text, "", full, remedy="empty it before", certain=False)
        if in_use := REFUSES_DELETION_IN_USE.get(resource["Type"]):
            yield from (
                Effect(
                    outcome=UpdateOutcome.REFUSED,
                    text=f"a stack that is updated later still uses it, so {_LEFT_BEHIND}",
                    detail=user,
                    certain=certain,
                    source=in_use,
                    remedy=remedy,
                    is_solved_by_keeping=remedy == _REMOVE_LATER,
                )
                for user, remedy in self._later_users(id_)
            )
        if detached := DETACHED_IN_USE.get(resource["Type"]):
            yield from (
                Effect(
                    outcome=UpdateOutcome.INTERRUPTION,
                    text="roles of stacks that are updated later lose it until then",
                    detail=user,
                    source=detached,
                    remedy=remedy,
                    is_solved_by_keeping=remedy == _REMOVE_LATER,
                )
                for user, remedy in self._later_users(id_)
            )

    def of_target_groups(self) -> Iterator[tuple[ResourceId, Effect]]:
        """A kept target group can't belong to the old and the new load balancer at the same time."""
        before, after = _balancers(self.deployment.old), _balancers(self.deployment.new)
        kept = before.keys() & after.keys() - self.deployment.replaced.keys()
        for group in sorted(kept):
            new = {one for one in after[group] if one not in before[group] or one in self.deployment.replaced}
            if new and before[group]:
                old = ", ".join(map(str, sorted(before[group])))
                yield (
                    group,
                    refused(
                        "it would belong to two load balancers until the end of the deployment",
                        old,
                        'Elastic Load Balancing User Guide, "Target groups for your Application Load Balancers"',
                        remedy="give the new load balancer a target group of its own",
                    ),
                )

    def of_quotas(self) -> Iterator[tuple[ResourceId, Effect]]:
        """More resources than a stack may have, or than the default quota of an account allows."""
        for type_, (most, source) in QUOTAS.items():
            before, after = self.deployment.old.resources(type_), self.deployment.new.resources(type_)
            if len(after) > max(most, len(before)):
                added = [id_ for id_ in after if id_ not in before]
                text = "the account may need a higher quota in this region"
                remedy = "ask for a higher quota before the deployment"
                yield (
                    added[-1],
                    refused(
                        text, f"{len(after)} resources, default quota {most}", source, remedy=remedy, certain=False
                    ),
                )
        most, source = STACK_RESOURCES
        for stack, template in self.deployment.new.stacks.items():
            if (count := len(template.get("Resources", {}))) > most:
                id_ = ResourceId(stack=stack, logical_id="*")
                yield (
                    id_,
                    refused(
                        "the stack has too many resources", f"{count}, at most {most}", source, remedy="split the stack"
                    ),
                )

    def _new_values(self, id_: ResourceId, key: UniqueKey) -> tuple[str, ...]:
        """The values of the key. Empty if it isn't set, or refers to something new, whose value no old resource has."""
        properties = self.deployment.new_resources[id_].get("Properties", {})
        references = self.deployment.new.references([properties.get(name) for name in key.properties], id_.stack)
        if any(
            one.resource_id not in self.deployment.old_resources or self.deployment.alters(one) for one in references
        ):
            return ()
        return _values(self.deployment.new, id_, key)

    def _still_there(self, id_: ResourceId) -> Iterator[ResourceId]:
        """The old resources of the same type that are deleted only after this one is created."""
        type_, stacks = self.deployment.new_resources[id_]["Type"], list(self.deployment.new.stacks)
        for other in self.deployment.old.resources(type_):
            if other == id_:
                if not is_deleted_before_its_replacement(type_):
                    yield other
            elif other not in self.deployment.new_resources or other in self.deployment.replaced:
                policy = replace_policy if other in self.deployment.replaced else deletion_policy
                is_earlier = other.stack in stacks and stacks.index(other.stack) < stacks.index(id_.stack)
                if not is_earlier or policy(self.deployment.old_resources[other]).startswith("Retain"):
                    yield other

    def _later_users(self, id_: ResourceId) -> Iterator[tuple[str, str]]:
        """The stacks that use the resource until they are updated, after its own stack, and what to do about each."""
        stacks = list(self.deployment.new.stacks)
        for user in dict.fromkeys(reader.resource_id.stack for reader in consumers(self.deployment.old, id_)):
            if user not in stacks:
                yield user, "delete the stack that uses it before"
            elif stacks.index(user) > stacks.index(id_.stack):
                yield user, _CREATE_ANOTHER if id_ in self.deployment.replaced else _REMOVE_LATER


def _unique_keys(type_: str) -> tuple[UniqueKey, ...]:
    if type_ in UNIQUE_KEYS:
        return UNIQUE_KEYS[type_]
    names = naming_properties(type_)
    return (UniqueKey(properties=names, source=_NAME_SOURCE),) if names else ()


def _values(templates: Templates, id_: ResourceId, key: UniqueKey) -> tuple[str, ...]:
    """The values of the key's properties; none if the first one isn't set, because AWS then chooses it."""
    values = [templates.properties(id_).get(name) for name in key.properties]
    if values[0] is None:
        return ()
    # A name that contains the stack's id is another one in another stack.
    return tuple(
        "" if value is None else templates.text(value, id_.stack).replace("<StackId>", f"<StackId of {id_.stack}>")
        for value in values
    )


def _clash(key: UniqueKey, old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether both can't exist at the same time: the same values, or blocks of addresses that overlap."""
    if not old or not new or "CidrBlock" not in key.properties:
        return bool(old) and old == new
    try:
        overlap = ip_network(old[0]).overlaps(ip_network(new[0]))
    except (TypeError, ValueError):  # not known before the deployment
        return old == new
    return overlap and old[1:] == new[1:]


def _named(key: UniqueKey, values: tuple[str, ...]) -> list[tuple[str, str]]:
    """The properties of the key that are set, with their values."""
    return [(name, value) for name, value in zip(key.properties, values, strict=True) if value]


def _protected_by(resource: Resource) -> str:
    """The source of the rule that protects the resource from deletion; empty if it isn't protected."""
    protection = PROTECTIONS.get(resource["Type"])
    if protection is None:
        return ""
    value = resource.get("Properties", {}).get(protection.property)
    if resource["Type"] == LOAD_BALANCER:
        return protection.source if LOAD_BALANCER_PROTECTION in (value or []) else ""
    return protection.source if value == protection.value else ""


def _balancers(templates: Templates) -> dict[ResourceId, set[ResourceId]]:
    """The load balancers of each target group, through listeners and their rules."""

    def referred(id_: ResourceId, property_: str) -> set[ResourceId]:
        value = templates.properties(id_).get(property_)
        return {reference.resource_id for reference in templates.references(value, id_.stack)}

    found: dict[ResourceId, set[ResourceId]] = defaultdict(set)
    listeners = {id_: (id_, "DefaultActions") for id_ in templates.resources(_LISTENER)}
    rules = {
        id_: (listener, "Actions")
        for id_ in templates.resources(_LISTENER_RULE)
        for listener in referred(id_, "ListenerArn")
    }
    for id_, (listener, actions) in (listeners | rules).items():
        for group in referred(id_, actions):
            if templates.resource(group)["Type"] == _TARGET_GROUP:
                found[group] |= referred(listener, "LoadBalancerArn")
    return dict(found)
