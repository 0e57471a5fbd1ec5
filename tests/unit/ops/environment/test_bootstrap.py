"""`make bootstrap` makes the policies before the role that has them, and deletes none that the role still has."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from config.bootstrap import OwnBootstrap, SharedBootstrap
from config.environments import DEV, ENVIRONMENTS
from ops.common.errors import CommandError
from ops.environment import bootstrap, policies
from ops.environment.policies import Policies
from tests.support.ops.stubs import Stubs

ACCOUNT = "111122223333"
OWN = replace(DEV, bootstrap=OwnBootstrap())
NAMES = OWN.bootstrap_names


class Stack:
    """In place of the policies' stack: keeps what is deployed, and when."""

    def __init__(self, resources: dict[str, Any]) -> None:
        self.deployed = resources
        self.history: list[Any] = []

    def resources(self) -> dict[str, Any]:
        return self.deployed

    def deploy(self, template: dict[str, Any]) -> None:
        self.history.append(set(template["Resources"]))
        self.deployed = template["Resources"]


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Its policies and the calls of the CDK's command line, in their order."""
    made = Stack({})

    def cdk(*arguments: str) -> int:
        made.history.append(arguments)
        return 0

    monkeypatch.setitem(ENVIRONMENTS, "dev", OWN)
    monkeypatch.setattr(bootstrap, "PoliciesStack", lambda *_: made)
    monkeypatch.setattr(bootstrap, "_cdk", cdk)
    return made


def _signed_in(aws: Stubs, account: str = ACCOUNT) -> None:
    answer = {"Account": account, "Arn": f"arn:aws:iam::{account}:user/ada"}
    aws.expect("sts", "get_caller_identity", answer)


def _no_policies_yet(aws: Stubs) -> None:
    aws.refuse("iam", "get_policy", "NoSuchEntity")


def test_the_role_for_deployments_has_only_the_policies_of_the_environment(aws: Stubs, stack: Stack) -> None:
    _signed_in(aws)
    _no_policies_yet(aws)
    assert bootstrap.run(aws.environment(), account="") == 0
    policies_, command, _ = stack.history
    assert command[:2] == ("bootstrap", f"aws://{ACCOUNT}/eu-central-1")
    options = dict(zip(command[2::2], command[3::2], strict=False))
    assert options["--qualifier"] == NAMES.qualifier
    assert options["--toolkit-stack-name"] == NAMES.toolkit_stack, "the stack of other projects would be changed"
    attached = options["--cloudformation-execution-policies"].split(",")
    numbers = range(1, len(policies_))
    assert attached == [f"arn:aws:iam::{ACCOUNT}:policy/{NAMES.execution_policy(number)}" for number in numbers]
    assert "--termination-protection" in command
    assert not any(option.startswith("--trust") for option in command)


def test_another_region_of_the_account_cannot_have_the_same_names(aws: Stubs, stack: Stack) -> None:
    _signed_in(aws)
    aws.expect("iam", "get_policy", {"Policy": {"PolicyName": NAMES.boundary}})
    with pytest.raises(CommandError, match=r"in another region .* isn't in eu-central-1\. Name that region"):
        bootstrap.run(aws.environment(), account="")
    assert stack.history == []


def test_without_a_bootstrap_of_its_own_an_environment_gets_the_plain_one(
    aws: Stubs, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "dev", replace(DEV, bootstrap=SharedBootstrap()))
    _signed_in(aws)
    assert bootstrap.run(aws.environment(), account="") == 0
    assert stack.history == [("bootstrap", f"aws://{ACCOUNT}/eu-central-1")]


def test_a_policy_that_is_no_longer_needed_is_deleted_after_the_role_has_lost_it(aws: Stubs, stack: Stack) -> None:
    _signed_in(aws)
    former = Policies(names=NAMES).template()["Resources"]["Execution1"]
    stack.deployed = {"Execution9": former}
    bootstrap.run(aws.environment(), account="")
    before, command, after = stack.history
    assert "Execution9" in before
    assert NAMES.execution_policy(9) not in str(command)
    assert "Execution9" not in after


def test_nothing_is_deleted_if_the_bootstrap_fails(aws: Stubs, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    _signed_in(aws)
    _no_policies_yet(aws)
    monkeypatch.setattr(bootstrap, "_cdk", lambda *_: 1)
    assert bootstrap.run(aws.environment(), account="") == 1
    assert len(stack.history) == 1


def test_credentials_for_another_account_are_refused(aws: Stubs, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    _signed_in(aws, "444455556666")
    with pytest.raises(CommandError, match="444455556666: sign in to that account"):
        bootstrap.run(aws.environment(), account=ACCOUNT)
    monkeypatch.setitem(ENVIRONMENTS, "dev", replace(OWN, account=ACCOUNT))
    _signed_in(aws, "444455556666")
    with pytest.raises(CommandError, match="is in the account"):
        bootstrap.run(aws.environment(), account="")
    assert not stack.history


def test_policies_that_no_role_can_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "MAX_POLICIES_PER_ROLE", 2)
    with pytest.raises(CommandError, match="a role may have 2: shorten"):
        Policies(names=NAMES).template()


def test_an_unchanged_stack_is_no_error(aws: Stubs) -> None:
    template = Policies(names=NAMES).template()
    body: Any = json.dumps(template)
    asked = {"StackName": NAMES.policies_stack, "TemplateStage": "Original"}
    aws.expect("cloudformation", "get_template", {"TemplateBody": body}, asked)
    aws.refuse("cloudformation", "update_stack", "ValidationError", "No updates are to be performed.")
    bootstrap.PoliciesStack(aws.environment(), NAMES).deploy(template)


def test_a_new_stack_is_protected_and_leaves_nothing_behind_if_it_fails(aws: Stubs) -> None:
    aws.refuse("cloudformation", "get_template", "ValidationError", "Stack with id x does not exist")
    template: dict[str, Any] = {"Resources": {}}
    asked = {
        "StackName": NAMES.policies_stack,
        "TemplateBody": json.dumps(template, separators=(",", ":")),
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "OnFailure": "DELETE",
        "EnableTerminationProtection": True,
    }
    aws.expect("cloudformation", "create_stack", {"StackId": "1"}, asked)
    aws.refuse("cloudformation", "describe_stacks", "ValidationError", "Stack with id 1 does not exist")
    with pytest.raises(CommandError, match=f"the stack {NAMES.policies_stack} failed"):
        bootstrap.PoliciesStack(aws.environment(), NAMES).deploy(template)
