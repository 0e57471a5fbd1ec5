"""The plan of a deployment: what would change compared with what is deployed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.changes.comparable import protected
from checks.changes.conflicts import Conflicts
from checks.changes.deployment import Deployment, Effect, UpdateOutcome
from checks.changes.report import Report, rendered, report
from checks.changes.stateful import STATEFUL, deletion_policy, replace_policy
from checks.cost.prices import prices
from checks.cost.report import difference
from checks.templates import ResourceId, Template
from ops.common.environment import DeployedEnvironment
from ops.common.terminal import show
from ops.environment import planned, protections
from ops.environment.assembly import SynthesizedStack
from ops.environment.deployed import existing_stacks
from ops.environment.stacks import CREATION_FAILED, DeployedStack


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The changes of a deployment, and the templates before and after, by stack name."""

    old: Mapping[str, Template]
    new: Mapping[str, Template]
    report: Report

    def refused(self) -> Iterator[str]:
        """What makes the deployment fail, or leaves something behind, and what to do instead."""
        for id_, effect in self._certain():
            # `make deploy` itself switches the protection of a removed load balancer off.
            is_lifted = self.report.type_of(id_) == protections.LOAD_BALANCER and not self.report.after.resource(id_)
            if not effect.is_solved_by_keeping and not is_lifted:
                yield f"{id_}: {effect}. {effect.remedy[:1].upper()}{effect.remedy[1:]} ({effect.source})"

    def kept(self) -> dict[str, dict[str, Any]]:
        """What a first deployment must keep, because stacks still use it until they are updated. Mostly nothing.

        If there is anything, all that is removed is kept: removed routes and rules of a kept subnet would be missed.
        """
        if not any(effect.is_solved_by_keeping for effects in self.report.effects.values() for effect in effects):
            return {}
        taken_over = Conflicts(Deployment(self.report.before, self.report.after)).taken_over()
        return {stack: self._removed(stack, taken_over) for stack in self.old.keys() & self.new.keys()}

    def _removed(self, stack: str, taken_over: Collection[ResourceId]) -> dict[str, Any]:
        """What the stack loses, without what can't exist beside something new."""
        old, new = self.old[stack], self.new[stack]
        return {
            "Resources": {
                id_: resource
                for id_, resource in old.get("Resources", {}).items()
                if id_ not in new.get("Resources", {}) and ResourceId(stack=stack, logical_id=id_) not in taken_over
            },
            "Outputs": {
                id_: output for id_, output in old.get("Outputs", {}).items() if id_ not in new.get("Outputs", {})
            },
        }

    def lost(self) -> Iterator[str]:
        """The content that the deployment deletes for good."""
        after = self.report.after.resources()
        for id_, resource in self.report.before.resources(*STATEFUL).items():
            reasons = self.report.replacements.get(id_, [])
            policy = (replace_policy if reasons else deletion_policy)(resource)
            goes = id_ not in after and id_.stack in self.new
            if policy == "Delete" and (goes or any(reason.certain for reason in reasons)):
                yield f"{id_}: it is deleted, and {STATEFUL[resource['Type']].what} with it"

    def _certain(self) -> Iterator[tuple[ResourceId, Effect]]:
        for id_, effects in self.report.effects.items():
            yield from ((id_, one) for one in effects if one.outcome is UpdateOutcome.REFUSED and one.certain)


def make(
    synthesized: Mapping[str, SynthesizedStack], deployed: Mapping[str, DeployedStack], *, with_code: bool = True
) -> Plan | None:
    """The plan; None if nothing is deployed. A stack whose creation failed counts as not deployed."""
    old = {
        name: protected(stack.template, by=stack.is_protected)
        for name, stack in deployed.items()
        if stack.status not in CREATION_FAILED
    }
    new = {name: protected(stack.template, by=stack.termination_protection) for name, stack in synthesized.items()}
    return Plan(old=old, new=new, report=report(old, new, with_code=with_code)) if old else None


def run(environment: DeployedEnvironment) -> int:
    """Prints the plan, and the difference in cost. Changed code doesn't show, because none is built."""
    deployed = {stack.name: stack for stack in existing_stacks(environment)}
    plan = make(planned.stacks(environment), deployed, with_code=False)
    show(f"{environment.label}, from what is deployed to the working tree")
    if plan is None:
        show("Nothing is deployed yet, so everything is created.")
        return 0
    show(*rendered(plan.report).split("\n"))
    if plan.report.same:
        show("Code isn't compared, because none is built.")
    if not plan.report.same:
        cost = difference(plan.old, plan.new, prices(environment.session.region_name or ""))
        show("", *cost.split("\n"))
    return 0
