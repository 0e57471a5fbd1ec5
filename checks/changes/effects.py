"""What CloudFormation does to each resource that a deployment changes: in place, replaced, or refused, and why."""

from collections import defaultdict
from collections.abc import Iterator

from checks.changes.conflicts import Conflicts
from checks.changes.deployment import Deployment, Effect, UpdateOutcome, refused
from checks.changes.replacements import OutputChange, output_changes
from checks.changes.updates import Updates
from checks.templates import ResourceId, Templates


def effects(old: Templates, new: Templates) -> dict[ResourceId, tuple[Effect, ...]]:
    """The effects on resources, the worst first. A change in place without an effect of its own is left out."""
    found: dict[ResourceId, list[Effect]] = defaultdict(list)
    for id_, effect in _effects(Deployment(old, new)):
        if effect not in found[id_]:
            found[id_].append(effect)
    return {id_: tuple(sorted(all_, key=lambda one: -one.outcome.severity)) for id_, all_ in found.items()}


def worst(found: tuple[Effect, ...]) -> UpdateOutcome:
    """The outcome of a changed resource with these effects."""
    return max(
        (effect.outcome for effect in found), key=lambda outcome: outcome.severity, default=UpdateOutcome.IN_PLACE
    )


def _effects(deployment: Deployment) -> Iterator[tuple[ResourceId, Effect]]:
    updates, conflicts = Updates(deployment), Conflicts(deployment)
    old, new = deployment.old_resources, deployment.new_resources
    for id_ in new:
        if id_ in old:
            yield from ((id_, effect) for effect in updates.effects(id_))
            if (
                id_ not in deployment.replaced
                and deployment.old_resources[id_]["Type"] == deployment.new_resources[id_]["Type"]
            ):
                yield from ((id_, effect) for effect in conflicts.of_update(id_))
        if id_ not in old or id_ in deployment.replaced:
            yield from ((id_, effect) for effect in conflicts.of_creation(id_))
    for id_ in old:
        if id_ in deployment.replaced or id_ not in new:
            yield from ((id_, effect) for effect in conflicts.of_deletion(id_))
    yield from conflicts.of_target_groups()
    yield from conflicts.of_quotas()
    for change in output_changes(deployment.old, deployment.new, deployment.replaced):
        if change.broken:
            yield from _effects_of_lost_output(change)


def _effects_of_lost_output(change: OutputChange) -> Iterator[tuple[ResourceId, Effect]]:
    for reader in change.readers:
        yield (
            reader.resource_id,
            refused(
                "it reads an output that no longer exists",
                f"{reader.property} reads {change.output}",
                'CloudFormation Template Reference, "Fn::GetStackOutput"',
                remedy="restore the output, or remove its readers",
            ),
        )
