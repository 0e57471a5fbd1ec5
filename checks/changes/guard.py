"""The replacement guard: reports the effects of a deployment on stateful resources and on readers of outputs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from checks.changes.comparable import PROTECTION, path
from checks.changes.replacements import (
    OutputChange,
    OutputReader,
    Replacement,
    consumers,
    moves,
    output_changes,
    replacements,
)
from checks.changes.stateful import STATEFUL, deletion_policy, outcome, replace_policy, strength, weaker
from checks.changes.updates import description
from checks.templates import Resource, ResourceId, Templates

OUTPUT = "an output"
STACK = "the whole stack"
REFACTOR = "`cdk refactor --unstable=refactor`"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One effect of a deployment on a resource or output: what changes, the consequence, and what to do.

    Each change begins with the name of what changes and a colon (see `subject`).
    """

    resource_id: ResourceId
    type: str
    path: str = ""
    changes: tuple[str, ...]
    consequence: str
    advice: str
    readers: tuple[OutputReader, ...] = field(default=())


def findings(old: Templates, new: Templates) -> list[Finding]:
    """All findings of the guard."""
    return list(_Guard(old=old, new=new).findings())


def subject(change: str) -> str:
    """The first part of a change, without values: `logical id`, `DeletionPolicy`, or the path of a property."""
    return change.partition(": ")[0]


@dataclass(frozen=True, kw_only=True)
class _Guard:
    old: Templates
    new: Templates

    def findings(self) -> Iterator[Finding]:
        before, after = self.old.resources(*STATEFUL), self.new.resources()
        replaced, moved = replacements(self.old, self.new), moves(self.old, self.new)
        for stack in self.old.stacks:
            stateful = ", ".join(id_.logical_id for id_ in before if id_.stack == stack)
            if stateful and stack not in self.new.stacks:
                yield _of_stack(
                    stack,
                    f"stack name: {stack} -> (removed), there are only {', '.join(self.new.stacks)}",
                    consequence=f"the deployed stack stays as it is; a new one starts without {stateful}",
                    advice=f"restore the stack's name, or move its resources with {REFACTOR}",
                )
            elif stateful and self.old.stacks[stack].get(PROTECTION) and not self.new.stacks[stack].get(PROTECTION):
                yield _of_stack(
                    stack,
                    "termination protection: on -> off",
                    consequence=f"if the stack is deleted, only their own policies protect these: {stateful}",
                    advice="restore the protection",
                )
        for id_, resource in before.items():
            if id_.stack not in self.new.stacks:
                continue
            if id_ not in after:
                yield self._removed(id_, resource, moved.get(id_))
            elif resource["Type"] != after[id_]["Type"]:
                yield self._type_changed(id_, resource, after[id_])
            else:
                if id_ in replaced:
                    yield self._replaced(id_, resource, after[id_], replaced[id_])
                yield from self._policy_lost(id_, resource, after[id_])
        reported = {id_ for id_ in before if id_ in replaced or id_ not in after}
        for change in output_changes(self.old, self.new, replaced):
            if change.because not in reported:  # otherwise the finding about the resource names the readers
                yield self._output(change, "is replaced" if change.because in replaced else "changes")

    def _removed(self, id_: ResourceId, resource: Resource, successor: ResourceId | None) -> Finding:
        type_, policy = resource["Type"], deletion_policy(resource)
        consequence = f"DeletionPolicy {policy}: {outcome(policy, type_, successor=successor is not None)}"
        if policy in ("Delete", "Snapshot") and _protected(resource):
            consequence += "; its deletion protection makes the deletion fail"
        if successor is None:
            became = "(removed)"
            advice = "keep it; or remove it in a release of its own, when its content is no longer needed"
        elif successor.stack == id_.stack:
            became = successor.logical_id
            advice = (
                f"keep the ids of the constructs above it; or call override_logical_id({id_.logical_id!r}) on its Cfn "
                f"resource; or rename the deployed one with {REFACTOR} before you deploy this"
            )
        else:
            became = f"{successor}, in another stack"
            advice = f"keep it in {id_.stack}, or move the deployed one with {REFACTOR} before you deploy this"
        change = f"logical id: {id_.logical_id} -> {became}"
        return self._of_resource(id_, change, consequence=consequence, advice=advice)

    def _type_changed(self, id_: ResourceId, was: Resource, is_: Resource) -> Finding:
        return self._of_resource(
            id_,
            f"type: {was['Type']} -> {is_['Type']}",
            consequence="CloudFormation refuses to change the type of a logical id: the deployment fails",
            advice=f"give the new one another construct id; {_moved(was['Type'])}",
        )

    def _replaced(self, id_: ResourceId, was: Resource, is_: Resource, reasons: list[Replacement]) -> Finding:
        policy = min(replace_policy(was), replace_policy(is_), key=strength)
        verb = "replaces" if any(reason.certain for reason in reasons) else "may replace"
        own = list(dict.fromkeys(reason.property for reason in reasons if not reason.because))
        followed = list(dict.fromkeys(str(reason.because) for reason in reasons if reason.because))
        first = f"restore {', '.join(own)}" if own else f"keep {', '.join(followed)}, to which it refers"
        return self._of_resource(
            id_,
            *map(description, reasons),
            consequence=f"CloudFormation {verb} it. UpdateReplacePolicy {policy}: {outcome(policy, was['Type'])}",
            advice=f"{first}; if it must change, create a second one; {_moved(was['Type'])}",
        )

    def _policy_lost(self, id_: ResourceId, was: Resource, is_: Resource) -> Iterator[Finding]:
        for name, policy, event in (
            ("DeletionPolicy", deletion_policy, "is removed"),
            ("UpdateReplacePolicy", replace_policy, "is replaced"),
        ):
            if weaker(policy(is_), policy(was)):
                yield self._of_resource(
                    id_,
                    f"{name}: {policy(was)} -> {policy(is_)}",
                    consequence=f"if it {event} later, {outcome(policy(is_), was['Type'], successor=False)}",
                    advice="restore the removal policy",
                    reaches_readers=False,
                )

    def _output(self, change: OutputChange, event: str) -> Finding:
        producer = change.output.stack
        stacks = ", ".join(dict.fromkeys(reader.resource_id.stack for reader in change.readers))
        if change.broken:
            consequence = f"these stacks read an output that doesn't exist, so their deployment fails: {stacks}"
            advice = "restore the output, or remove its readers"
        elif change.new is None:
            consequence = f"these stacks use a removed resource until they are deployed, after {producer}: {stacks}"
            advice = f"make two releases: first remove its use from {stacks}, then the output from {producer}"
        else:
            consequence = (
                f"these stacks keep the old value until they are deployed with a change of their own: {stacks}"
            )
            if change.stale:
                consequence += f". `cdk deploy` skips unchanged stacks: {', '.join(change.stale)}"
            advice = f"keep the value; or also change {stacks}, and deploy after {producer}"
        old, new = change.old or "(none)", "(removed)" if change.new is None else change.new
        because = ""
        if change.because:
            because = f" with {change.because}" if change.new is None else f", because {change.because} {event}"
        return Finding(
            resource_id=ResourceId(stack=producer, logical_id=change.output.name),
            type=OUTPUT,
            changes=(f"value: {old}{because}" if old == new else f"value: {old} -> {new}{because}",),
            consequence=consequence,
            advice=advice,
            readers=change.readers,
        )

    def _of_resource(
        self, id_: ResourceId, *changes: str, consequence: str, advice: str, reaches_readers: bool = True
    ) -> Finding:
        return Finding(
            resource_id=id_,
            type=self.old.resource(id_)["Type"],
            path=path(self.new, id_) or path(self.old, id_),
            changes=changes,
            consequence=consequence,
            advice=advice,
            readers=tuple(consumers(self.old, id_)) if reaches_readers else (),
        )


def _protected(resource: Resource) -> bool:
    return resource.get("Properties", {}).get("DeletionProtection") in (True, "ACTIVE")


def _of_stack(stack: str, change: str, *, consequence: str, advice: str) -> Finding:
    id_ = ResourceId(stack=stack, logical_id="*")
    return Finding(resource_id=id_, type=STACK, changes=(change,), consequence=consequence, advice=advice)


def _moved(type_: str) -> str:
    return f"{STATEFUL[type_].how_to_move}; remove the old one in a later release"
