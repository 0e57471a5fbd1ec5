"""A deployment can be rolled back: `make deploy` protects new resources only after the deployment created them."""

import json
from collections.abc import Collection
from typing import Any

import pytest
from aws_cdk import App, Stack

from config.model import Environment
from stacks.platform import Platform
from stacks.protection import leave_unprotected
from tests.support.databases import VARIANTS as DATABASES
from tests.support.synthesis import CONTEXT
from tests.support.variants import EVERY

PROTECTIONS = (
    '"DeletionProtection": true',
    '"DeletionProtection": "ACTIVE"',
    '{"Key": "deletion_protection.enabled", "Value": "true"}',
)


def _stacks(environment: Environment, names: Collection[str]) -> dict[str, Any]:
    """The properties of each stack in the cloud assembly, and its template as text."""
    app = App(context=CONTEXT, analytics_reporting=False)
    platform = Platform(app, environment=environment)
    leave_unprotected(platform, names)
    assembly = app.synth(skip_validation=True)
    stacks = [stack for stack in platform.node.children if isinstance(stack, Stack)]
    found = [(stack.stack_name, assembly.get_stack_by_name(stack.stack_name)) for stack in stacks]
    return {name: (artifact.termination_protection, json.dumps(artifact.template)) for name, artifact in found}


def _protected(stacks: dict[str, Any]) -> dict[str, set[str]]:
    found = {
        name: {each for each in PROTECTIONS if each in text} | ({"termination"} if termination else set())
        for name, (termination, text) in stacks.items()
    }
    return {name: protections for name, protections in found.items() if protections}


# An environment of each kind of protected resource, as far as this fork has them.
CASES = EVERY | DATABASES
PROTECTED = [name for name, environment in CASES.items() if environment.database.deletion_protection]


@pytest.mark.parametrize("name", PROTECTED)
def test_nothing_is_protected_in_a_stack_that_is_created(name: str) -> None:
    environment = CASES[name]
    before = _stacks(environment, ())
    assert _protected(before), f"{name} protects nothing, so that this test can't fail"
    after = _stacks(environment, before)
    assert _protected(after) == {}
    # RDS refuses the property for the members of an Aurora cluster.
    for stack, (_, text) in after.items():
        assert text.count('"DeletionProtection"') == before[stack][1].count('"DeletionProtection"')


def test_a_stack_that_is_there_stays_protected_while_another_is_created() -> None:
    data = f"{EVERY['prod'].project}-prod-data"
    before = _protected(_stacks(EVERY["prod"], ()))
    assert before[data]
    after = _protected(_stacks(EVERY["prod"], [data]))
    assert after == {stack: protections for stack, protections in before.items() if stack != data}
