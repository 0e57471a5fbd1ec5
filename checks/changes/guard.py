"""The replacement guard: what today's templates would do to the state and the readers of what is deployed."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from checks.changes.comparable import PROTECTION, path
from checks.changes.replacements import (
    OutputChange,
    Reader,
    Replacement,
    consumers,
    moves,
    output_changes,
    replacements,
)
from checks.changes.stateful import STATEFUL, deletion_policy, fate, replace_policy, strength, weaker
from checks.templates import Place, Resource, Templates

OUTPUT = "an output"
STACK = "the whole stack"
REFACTOR = "`cdk refactor --unstable=refactor`"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a deployment would do: to which resource or output, what changes, what follows, what to do.

    Each change says what it is of before its first colon (see `named`).
    """

    place: Place
    type: str
    path: str = ""
    changes: tuple[str, ...]
    consequence: str
    advice: str
    readers: tuple[Reader, ...] = field(default=())


def findings(old: Templates, new: Templates) -> list[Finding]:
    """All that the guard has to say."""
    return list(_Guard(old=old, new=new).findings())


def named(change: str) -> str:
    """What a change is of, whatever the values: `logical id`, `DeletionPolicy`, the path of a property."""
    return change.partition(": ")[0]


def described(reason: Replacement) -> str:
    """The property with its old and new value."""
    if reason.because:
        return f"{reason.property}: {reason.new}, as {reason.because} is replaced or changes"
    return f"{reason.property}: {reason.old} -> {reason.new}"


@dataclass(frozen=True, kw_only=True)
class _Guard:
    old: Templates
    new: Templates

    def findings(self) -> Iterator[Finding]:
        before, after = self.old.resources(*STATEFUL), self.new.resources()
        replaced, moved = replacements(self.old, self.new), moves(self.old, self.new)
        for stack in self.old.stacks:
            held = [place.id for place in before if place.stack == stack]
            if held and stack not in self.new.stacks:
                yield self._stack_gone(stack, held)
            elif held and self.old.stacks[stack].get(PROTECTION) and not self.new.stacks[stack].get(PROTECTION):
                yield _protection_lost(stack, held)
        for place, resource in before.items():
            if place.stack not in self.new.stacks:
                continue
            if place not in after:
                yield self._gone(place, resource, moved.get(place))
            elif resource["Type"] != after[place]["Type"]:
                yield self._type_changed(place, resource, after[place])
            else:
                if place in replaced:
                    yield self._replaced(place, resource, after[place], replaced[place])
                yield from self._policy_lost(place, resource, after[place])
        told = {place for place in before if place in replaced or place not in after}
        for change in output_changes(self.old, self.new, replaced):
            if change.because not in told:  # where it is, the finding about that resource names the readers
                yield self._output(change, "is replaced" if change.because in replaced else "changes")

    def _stack_gone(self, stack: str, held: list[str]) -> Finding:
        return Finding(
            place=Place(stack=stack, id="*"),
            type=STACK,
            changes=(f"stack name: {stack} -> (gone), there are only {', '.join(self.new.stacks)}",),
            consequence=f"the deployed one is left as it is; what takes its place starts without {', '.join(held)}",
            advice="give it back its name, which is made of project, environment and construct id; or move what it "
            f"holds with {REFACTOR}",
        )

    def _gone(self, place: Place, resource: Resource, heir: Place | None) -> Finding:
        type_, policy = resource["Type"], deletion_policy(resource)
        consequence = f"DeletionPolicy {policy}: {fate(policy, type_, heir=heir is not None)}"
        if policy in ("Delete", "Snapshot") and _protected(resource):
            consequence += "; its deletion protection makes the deletion fail"
        if heir is None:
            became = "(gone)"
            advice = "keep it; if it must go: in a release of its own, once nobody needs what it holds"
        elif heir.stack == place.stack:
            became = heir.id
            advice = (
                f"keep the ids of the constructs above it; or override_logical_id({place.id!r}) on its Cfn resource; "
                f"or rename the deployed one with {REFACTOR} before this is deployed"
            )
        else:
            became = f"{heir}, in another stack"
            advice = f"keep it in {place.stack}, or move the deployed one with {REFACTOR} before this is deployed"
        return Finding(
            place=place,
            type=type_,
            path=path(self.old, place),
            changes=(f"logical id: {place.id} -> {became}",),
            consequence=consequence,
            advice=advice,
            readers=tuple(consumers(self.old, place)),
        )

    def _type_changed(self, place: Place, was: Resource, is_: Resource) -> Finding:
        return Finding(
            place=place,
            type=was["Type"],
            path=self._path(place),
            changes=(f"type: {was['Type']} -> {is_['Type']}",),
            consequence="CloudFormation refuses to change the type of a logical id: the deployment fails",
            advice=f"give the new one a construct id of its own; {_carried(was['Type'])}",
            readers=tuple(consumers(self.old, place)),
        )

    def _replaced(self, place: Place, was: Resource, is_: Resource, reasons: list[Replacement]) -> Finding:
        policy = min(replace_policy(was), replace_policy(is_), key=strength)
        verb = "replaces" if any(reason.certain for reason in reasons) else "may replace"
        own = list(dict.fromkeys(reason.property for reason in reasons if not reason.because))
        followed = list(dict.fromkeys(str(reason.because) for reason in reasons if reason.because))
        first = f"put back {', '.join(own)}" if own else f"keep {', '.join(followed)}, which it follows"
        return Finding(
            place=place,
            type=was["Type"],
            path=self._path(place),
            changes=tuple(described(reason) for reason in reasons),
            consequence=f"CloudFormation {verb} it. UpdateReplacePolicy {policy}: {fate(policy, was['Type'])}",
            advice=f"{first}; if it must change: make a second one beside it; {_carried(was['Type'])}",
            readers=tuple(consumers(self.old, place)),
        )

    def _policy_lost(self, place: Place, was: Resource, is_: Resource) -> Iterator[Finding]:
        for name, policy, event in (
            ("DeletionPolicy", deletion_policy, "leaves its stack"),
            ("UpdateReplacePolicy", replace_policy, "is replaced"),
        ):
            if weaker(policy(is_), policy(was)):
                yield Finding(
                    place=place,
                    type=was["Type"],
                    path=self._path(place),
                    changes=(f"{name}: {policy(was)} -> {policy(is_)}",),
                    consequence=f"when it {event} one day, {fate(policy(is_), was['Type'], heir=False)}",
                    advice="put the removal policy back",
                )

    def _output(self, change: OutputChange, event: str) -> Finding:
        producer = change.output.stack
        stacks = ", ".join(dict.fromkeys(reader.place.stack for reader in change.readers))
        if change.broken:
            consequence = f"whoever reads an output that is not there can't be deployed: {stacks}"
            advice = "give the output back, or let nobody read it"
        elif change.new is None:
            consequence = f"until they are deployed, after {producer}, these use what is gone: {stacks}"
            advice = f"two releases: first without it in {stacks}, then without it in {producer}"
        else:
            consequence = f"these keep the old value until they are deployed with a change of their own: {stacks}"
            if change.stale:
                consequence += f". Nothing changes in {', '.join(change.stale)}, so `cdk deploy` skips it"
            advice = f"keep the value; or change something in {stacks} as well, and deploy it after {producer}"
        old, new = change.old or "(not there)", "(gone)" if change.new is None else change.new
        because = ""
        if change.because:
            because = f" with {change.because}" if change.new is None else f", as {change.because} {event}"
        return Finding(
            place=Place(stack=producer, id=change.output.name),
            type=OUTPUT,
            changes=(f"value: {old}{because}" if old == new else f"value: {old} -> {new}{because}",),
            consequence=consequence,
            advice=advice,
            readers=change.readers,
        )

    def _path(self, place: Place) -> str:
        return path(self.new, place) or path(self.old, place)


def _protected(resource: Resource) -> bool:
    return resource.get("Properties", {}).get("DeletionProtection") in (True, "ACTIVE")


def _protection_lost(stack: str, held: list[str]) -> Finding:
    return Finding(
        place=Place(stack=stack, id="*"),
        type=STACK,
        changes=("termination protection: on -> off",),
        consequence=f"nothing but their own policies keeps these when the stack is deleted: {', '.join(held)}",
        advice="put the protection back",
    )


def _carried(type_: str) -> str:
    return f"{STATEFUL[type_].carry}; take the old one away in a later release"
