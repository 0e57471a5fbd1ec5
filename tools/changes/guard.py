"""The replacement guard: what today's templates would do to what was last released."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tools.changes.replacements import (
    Reader,
    Replacement,
    consumers,
    moves,
    output_changes,
    replacements,
)
from tools.changes.stateful import STATEFUL, deletion_policy, fate, replace_policy, weaker
from tools.changes.templates import Place, Resource, Templates

REFACTOR = "`cdk refactor --unstable=refactor`"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a deployment would do to what is deployed: what changes, what follows, what to do."""

    subject: str
    type: str
    path: str
    changes: tuple[str, ...]
    consequence: str
    advice: str
    readers: tuple[Reader, ...] = field(default=())

    def __str__(self) -> str:
        lines = [f"{self.subject}  {self.type}", *([f"construct  {self.path}"] if self.path else [])]
        lines += [f"changes    {change}" for change in self.changes]
        lines += [f"then       {self.consequence}"]
        if self.readers:
            lines.append(f"read by    {', '.join(str(reader) for reader in self.readers)},")
            lines.append("           which keep the old value until their own stacks are deployed with a change")
        return "\n".join([lines[0], *(f"  {line}" for line in [*lines[1:], f"do         {self.advice}"])])


def findings(old: Templates, new: Templates, paths: Mapping[Place, str] | None = None) -> list[Finding]:
    """All that the guard has to say; `paths` are today's construct paths where the templates don't tell them."""
    return list(_Guard(old=old, new=new, paths=paths or {}).findings())


@dataclass(frozen=True, kw_only=True)
class _Guard:
    old: Templates
    new: Templates
    paths: Mapping[Place, str]

    def findings(self) -> Iterator[Finding]:
        before, after = self.old.resources(*STATEFUL), self.new.resources()
        replaced = replacements(self.old, self.new)
        gone_stacks = [stack for stack in self.old.stacks if stack not in self.new.stacks]
        for stack in gone_stacks:
            yield from self._stack_gone(stack)
        moved = moves(self.old, self.new)
        for place, resource in before.items():
            if place.stack in gone_stacks:
                continue
            if place not in after:
                yield self._gone(place, resource, moved.get(place) or self._only_new(resource["Type"]))
            elif resource["Type"] != after[place]["Type"]:
                yield self._type_changed(place, resource, after[place])
            else:
                if place in replaced:
                    yield self._replaced(place, resource, after[place], replaced[place])
                yield from self._policy_lost(place, resource, after[place])
        yield from self._outputs(replaced)

    def _stack_gone(self, stack: str) -> Iterator[Finding]:
        held = [place.id for place in self.old.resources(*STATEFUL) if place.stack == stack]
        if held:
            yield Finding(
                subject=stack,
                type="the whole stack",
                path="",
                changes=(f"no stack has this name any more: {', '.join(self.new.stacks)}",),
                consequence=f"the deployed one is left as it is, and another one starts empty: {', '.join(held)}",
                advice="give it back its name (project, environment and construct id), or move what it holds "
                f"with {REFACTOR}",
            )

    def _gone(self, place: Place, resource: Resource, heir: Place | None) -> Finding:
        policy = deletion_policy(resource)
        advice = (
            "keep it; if it should go: in a release of its own, once nobody needs what it holds, and accept that"
            if heir is None
            else (
                f"keep the construct ids on its path{f' ({self.old.path(place)})' if self.old.path(place) else ''}, "
                + (
                    f"or override_logical_id({place.id!r}) on its Cfn resource, or rename the deployed one "
                    f"with {REFACTOR} before this is deployed"
                    if heir.stack == place.stack
                    else f"or move the deployed one with {REFACTOR} before this is deployed"
                )
            )
        )
        return Finding(
            subject=str(place),
            type=resource["Type"],
            path=self.old.path(place),
            changes=(f"logical id: {place.id} -> {'(gone)' if heir is None else self._named(heir, place)}",),
            consequence=self._fate_of_gone(resource, policy, heir),
            advice=advice,
            readers=tuple(consumers(self.old, place)),
        )

    def _fate_of_gone(self, resource: Resource, policy: str, heir: Place | None) -> str:
        sentence = f"DeletionPolicy {policy}: {fate(policy, resource['Type'])}"
        if heir is None:
            sentence = sentence.replace("; the new one starts empty", "")
        protected = resource.get("Properties", {}).get("DeletionProtection") in (True, "ACTIVE")
        if protected and policy in ("Delete", "Snapshot"):
            sentence += "; its deletion protection makes the deletion fail"
        return sentence

    def _type_changed(self, place: Place, was: Resource, is_: Resource) -> Finding:
        return Finding(
            subject=str(place),
            type=was["Type"],
            path=self._path(place),
            changes=(f"type: {was['Type']} -> {is_['Type']}",),
            consequence="CloudFormation refuses to change the type of a logical id, and the deployment fails",
            advice=f"give the new one a construct id of its own; {_carried(was['Type'])}",
            readers=tuple(consumers(self.old, place)),
        )

    def _replaced(self, place: Place, was: Resource, is_: Resource, reasons: list[Replacement]) -> Finding:
        policies = replace_policy(was), replace_policy(is_)
        policy = policies[1] if weaker(policies[1], policies[0]) else policies[0]
        certain = any(reason.certain for reason in reasons)
        named = next((reason for reason in reasons if reason.because), None)
        put_back = ", ".join(dict.fromkeys(reason.property for reason in reasons if not reason.because))
        advice = f"put back {put_back}" if put_back else f"keep {named.because if named else ''} first, which it follows"
        return Finding(
            subject=str(place),
            type=was["Type"],
            path=self._path(place),
            changes=tuple(described(reason) for reason in reasons),
            consequence=f"CloudFormation {'replaces' if certain else 'may replace'} it; UpdateReplacePolicy {policy}: "
            + fate(policy, was["Type"]),
            advice=f"{advice}; if it must change: make a second one beside it; {_carried(was['Type'])}",
            readers=tuple(consumers(self.old, place)),
        )

    def _policy_lost(self, place: Place, was: Resource, is_: Resource) -> Iterator[Finding]:
        for name, policy in (("DeletionPolicy", deletion_policy), ("UpdateReplacePolicy", replace_policy)):
            if weaker(policy(is_), policy(was)):
                yield Finding(
                    subject=str(place),
                    type=was["Type"],
                    path=self._path(place),
                    changes=(f"{name}: {policy(was)} -> {policy(is_)}",),
                    consequence=f"a later {'removal' if name == 'DeletionPolicy' else 'replacement'} is no longer "
                    f"held back: {fate(policy(is_), was['Type'])}",
                    advice="put the removal policy back",
                )

    def _outputs(self, replaced: Mapping[Place, list[Replacement]]) -> Iterator[Finding]:
        after = self.new.resources()
        told = {place for place in self.old.resources(*STATEFUL) if place in replaced or place not in after}
        for change in output_changes(self.old, self.new, replaced):
            if change.because in told:
                continue  # the finding about that resource names the readers
            stacks = ", ".join(dict.fromkeys(reader.place.stack for reader in change.readers))
            if change.broken:
                consequence, advice = f"the deployment of {stacks} fails", "give the output back, or let nobody read it"
            elif change.new is None:
                consequence = f"{stacks} is deployed later than {change.output.stack}, and uses what is gone until then"
                advice = f"two releases: first {stacks} without it, then take it away"
            else:
                consequence = f"{stacks} keeps the old value until it is deployed with a change of its own" + (
                    f", and nothing in {', '.join(change.stale)} changes: `cdk deploy` skips it" if change.stale else ""
                )
                advice = f"keep the value, or deploy {stacks} after {change.output.stack} with a change that matters"
            yield Finding(
                subject=str(change.output),
                type="output",
                path="",
                changes=(f"{change.old or '(not there)'} -> {'(gone)' if change.new is None else change.new}",)
                + ((f"because of {change.because}",) if change.because else ()),
                consequence=consequence,
                advice=advice,
                readers=change.readers,
            )

    def _only_new(self, type_: str) -> Place | None:
        """The one resource of this type that is new, if only one is: likely what the gone one became."""
        come = [place for place in self.new.resources(type_) if place not in self.old.resources()]
        return come[0] if len(come) == 1 else None

    def _path(self, place: Place) -> str:
        return self.paths.get(place) or self.new.path(place) or self.old.path(place)

    def _named(self, heir: Place, place: Place) -> str:
        return heir.id if heir.stack == place.stack else f"{heir} (another stack)"


def _carried(type_: str) -> str:
    return f"{STATEFUL[type_].carry}; take the old one away in a later release"


def described(reason: Replacement) -> str:
    """The property with its old and new value."""
    if reason.because:
        return f"{reason.property}: refers to {reason.because}, which is replaced"
    return f"{reason.property}: {reason.old} -> {reason.new}"
