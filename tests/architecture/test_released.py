"""The replacement guard: what was released keeps its state and its readers, or somebody said why not.

`make mark-released` writes `released/` anew, after it has shown what that lets pass (docs/decisions/0014).
"""

import pytest
from aws_cdk import CfnResource, Stack

from checks.changes import released
from checks.changes.comparable import comparable, protected
from checks.changes.guard import Finding, findings
from checks.changes.wording import finding_lines
from checks.templates import Place, Template
from tests.support.synthesis import Synthesized, synthesize
from tests.support.variants import EVERY

# Local is made anew at every `make up`.
RELEASED = tuple(name for name in EVERY if name != "local")
WHAT_TO_DO = """
Undo it. If nobody has deployed what is kept as released, or everybody has deployed this since: make mark-released
(ENV={name} for it alone), and read the diff. If it is meant, say why, and put this into tests/released/accepted.toml:

"""


def _today(name: str) -> Synthesized:
    return synthesize(EVERY[name], validate=True)


def _by_stack_name(synthesized: Synthesized) -> dict[str, Template]:
    stacks = [stack for stack in synthesized.platform.node.children if isinstance(stack, Stack)]
    return {
        stack.stack_name: protected(synthesized.templates[stack.node.id], by=bool(stack.termination_protection))
        for stack in stacks
    }


def _paths(synthesized: Synthesized) -> dict[Place, str]:
    """Every resource's construct path, which a synthesis in this process leaves out of the templates."""
    resources = (node for node in synthesized.platform.node.find_all() if isinstance(node, CfnResource))
    return {
        Place(stack=Stack.of(resource).stack_name, id=str(Stack.of(resource).resolve(resource.logical_id))): (
            resource.node.path
        )
        for resource in resources
    }


def _found(name: str) -> list[Finding]:
    synthesized = _today(name)
    old, new = comparable(released.read(name)), _by_stack_name(synthesized)
    if not findings(old, comparable(new)):
        return []  # without the construct paths, which take a second to find
    return findings(old, comparable(released.with_paths(new, _paths(synthesized))))


def _told(found: list[Finding]) -> str:
    return "\n".join(finding_lines(found, {}))


@pytest.mark.parametrize("name", RELEASED)
def test_what_was_released_keeps_its_state_and_its_readers(name: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--mark-released"):
        if (released.FOLDER / name).exists():
            print(f"\n{name}: {_told(_found(name)) or 'nothing is replaced'}")
        synthesized = _today(name)
        released.write(name, released.with_paths(_by_stack_name(synthesized), _paths(synthesized)))
    left = released.left(_found(name), released.accepted(), name)
    if left:
        title = f"{name}: a deployment of this would do the following to what is deployed.\n\n"
        what_to_do = WHAT_TO_DO.format(name=name) + released.entries(left, name)
        pytest.fail(f"{title}{_told(left)}\n{what_to_do}", pytrace=False)


def test_what_is_accepted_is_still_there_to_be_accepted() -> None:
    for entry in released.accepted():
        assert len(entry.reason.split()) >= 5, (
            f"{entry.resource}: {entry.reason!r} is no reason that a reader can weigh"
        )
        for name in entry.environments:
            assert name in RELEASED, f"{entry.resource}: {name!r} is none of {', '.join(RELEASED)}"
            answered = entry.answered(_found(name))
            assert answered, (
                f"{entry.change!r} of {entry.resource} doesn't change in {name} any more: delete its entry in "
                f"{released.ACCEPTED.name}"
            )


def test_nothing_else_is_kept_as_released() -> None:
    assert {path.name for path in released.FOLDER.iterdir()} == {*RELEASED, released.ACCEPTED.name}
