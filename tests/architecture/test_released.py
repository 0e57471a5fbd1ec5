"""The replacement guard: no deployment loses stateful resources or breaks readers of the last release, unless accepted.

`make mark-released` replaces the released templates, after it shows the findings (docs/decisions/0014).
"""

from pathlib import Path

import pytest
from aws_cdk import CfnResource, Stack

from checks.changes import released
from checks.changes.comparable import comparable, protected
from checks.changes.formatting import finding_lines
from checks.changes.guard import Finding, findings
from checks.templates import ResourceId, Template
from tests.support.synthesis import Synthesized, synthesize
from tests.support.variants import EVERY

FOLDER = Path(__file__).parent.parent / "released"
ACCEPTED = FOLDER / "accepted.toml"
# What local holds can be made again. Variants count, because forks deploy them.
RELEASED = tuple(name for name in EVERY if name != "local")
REMEDY = """
Revert the change. If the released templates were never deployed, or this change is deployed everywhere already, run
`make mark-released` (with ENV={name} for this environment only) and read the diff. If the change is intended, add this
to tests/released/accepted.toml, with a reason:

"""


def _today(name: str) -> Synthesized:
    return synthesize(EVERY[name], validate=True)


def _by_stack_name(synthesized: Synthesized) -> dict[str, Template]:
    stacks = [stack for stack in synthesized.platform.node.children if isinstance(stack, Stack)]
    return {
        stack.stack_name: protected(synthesized.templates[stack.node.id], by=bool(stack.termination_protection))
        for stack in stacks
    }


def _paths(synthesized: Synthesized) -> dict[ResourceId, str]:
    """The construct path of each resource: a synthesis in this process leaves them out of the templates."""
    resources = (node for node in synthesized.platform.node.find_all() if isinstance(node, CfnResource))
    return {
        ResourceId(stack=stack.stack_name, logical_id=str(stack.resolve(resource.logical_id))): resource.node.path
        for resource in resources
        for stack in (Stack.of(resource),)
    }


def _found(name: str) -> list[Finding]:
    synthesized = _today(name)
    old, new = comparable(released.read(name, folder=FOLDER)), _by_stack_name(synthesized)
    if not findings(old, comparable(new)):
        return []  # without looking up construct paths, which takes a second
    return findings(old, comparable(released.with_paths(new, _paths(synthesized))))


def _text(found: list[Finding]) -> str:
    return "\n".join(finding_lines(found, {}))


@pytest.mark.parametrize("name", RELEASED)
def test_a_deployment_loses_no_stateful_resource_and_breaks_no_reader(
    name: str, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--mark-released"):
        if (FOLDER / name).exists():
            print(f"\n{name}: {_text(_found(name)) or 'nothing is replaced'}")
        synthesized = _today(name)
        released.write(name, released.with_paths(_by_stack_name(synthesized), _paths(synthesized)), folder=FOLDER)
    left = released.not_accepted(_found(name), released.accepted(ACCEPTED), name)
    if left:
        title = f"{name}: a deployment would have these effects.\n\n"
        remedy = REMEDY.format(name=name) + released.entries(left, name)
        pytest.fail(f"{title}{_text(left)}\n{remedy}", pytrace=False)


def test_every_accepted_change_is_needed_and_has_a_reason() -> None:
    for entry in released.accepted(ACCEPTED):
        assert len(entry.reason.split()) >= 5, f"{entry.resource}: {entry.reason!r} is too short for a reason"
        for name in entry.environments:
            assert name in RELEASED, f"{entry.resource}: {name!r} is not one of {', '.join(RELEASED)}"
            applies = entry.applies_to(_found(name))
            assert applies, (
                f"{entry.change!r} of {entry.resource} no longer changes in {name}: delete its entry in {ACCEPTED.name}"
            )


def test_only_these_environments_are_kept_as_released() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*RELEASED, ACCEPTED.name}
