"""`make deploy` creates without protection what can't be rolled back with it, and protects it at the end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from config import environments
from config.bootstrap import OwnBootstrap
from config.environments import DEV, ENVIRONMENTS, PROD
from ops.common.errors import CommandError
from ops.environment import assembly, deploy
from ops.environment.assembly import SynthesizedStack
from ops.environment.deploy import _require_bootstrap, _require_settled, require_compiling_python, unprotected
from ops.environment.policies import Policies
from ops.environment.protections import LOAD_BALANCER, LOAD_BALANCER_ATTRIBUTE
from tests.support.ops.environment import PROJECT, deployed_stack, resource
from tests.support.ops.stubs import Stubs

DATABASE: dict[str, Any] = {"Type": "AWS::RDS::DBInstance", "Properties": {"DeletionProtection": True}}
DATA = f"{PROJECT}-prod-data"
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {}}


@pytest.fixture(autouse=True)
def no_assembly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves those of the checkout alone."""
    monkeypatch.setattr(assembly, "ASSEMBLIES", tmp_path)


def _synthesized(resources: dict[str, Any], **more: Any) -> SynthesizedStack:
    return SynthesizedStack(template={"Resources": resources}, **more)


def _names(stack: SynthesizedStack, *deployed: Any) -> list[str]:
    return list(unprotected({DATA: stack}, {each.name: each for each in deployed}))


@pytest.mark.parametrize("resources", [{"Thing": DATABASE}, {"Thing": QUEUE}])
def test_a_protected_stack_is_created_without_protection(resources: dict[str, Any]) -> None:
    assert _names(_synthesized(resources, termination_protection=True)) == [DATA]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_so_is_one_whose_first_deployment_failed(status: str) -> None:
    failed = deployed_stack(DATA, resource("AWS::RDS::DBInstance"), status=status)
    assert _names(_synthesized({"Thing": DATABASE}), failed) == [DATA]


@pytest.mark.parametrize(
    "status", ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"]
)
def test_a_stack_that_is_not_settled_is_refused(status: str) -> None:
    with pytest.raises(CommandError, match=f"{DATA} is {status}: .* then"):
        _require_settled([deployed_stack(DATA, status=status)])


def test_an_environment_with_a_bootstrap_of_its_own_is_refused_without_it(
    aws: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    _require_bootstrap(aws.environment())
    monkeypatch.setitem(ENVIRONMENTS, "dev", replace(DEV, bootstrap=OwnBootstrap()))
    aws.refuse("cloudformation", "get_template", "ValidationError", "Stack with id x does not exist")
    with pytest.raises(CommandError, match="make bootstrap ENV=dev"):
        _require_bootstrap(aws.environment())


def test_a_temporary_environment_needs_no_bootstrap_of_its_own(aws: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "DEV", replace(DEV, bootstrap=OwnBootstrap()))
    _require_bootstrap(replace(aws.environment(), name="pr-12"))


@pytest.mark.parametrize(("changes", "said"), [({}, ""), ({"Execution1": {}}, "run `make bootstrap ENV=dev`")])
def test_policies_of_an_older_bootstrap_are_reported(
    changes: dict[str, Any], said: str, aws: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "dev", replace(DEV, bootstrap=OwnBootstrap()))
    resources = {**Policies(names=DEV.bootstrap_names).template()["Resources"], **changes}
    body: Any = json.dumps({"Resources": resources})
    aws.expect("cloudformation", "get_template", {"TemplateBody": body})
    _require_bootstrap(aws.environment())
    printed = capsys.readouterr().out
    assert said in printed
    assert bool(printed) == bool(said)


def test_nothing_that_exists_loses_its_protection() -> None:
    there = deployed_stack(DATA, resource("AWS::RDS::DBInstance"), status="UPDATE_COMPLETE")
    assert _names(_synthesized({"Thing": DATABASE}, termination_protection=True), there) == []


def test_only_the_new_resource_of_a_stack_that_exists_is_created_without_protection() -> None:
    there = deployed_stack(DATA, resource("AWS::RDS::DBInstance"))
    stack = _synthesized({"Thing": DATABASE, "New": DATABASE, "Queue": QUEUE})
    assert _names(stack, there) == [f"{DATA}/New"]


def test_without_protection_one_run_is_enough() -> None:
    assert _names(_synthesized({"Thing": QUEUE})) == []


def test_another_python_than_the_environments_is_refused_with_both_remedies() -> None:
    with pytest.raises(CommandError) as refused:
        require_compiling_python("prod", (3, 11))
    assert f"runtime.python of prod is {PROD.runtime.python}" in str(refused.value)
    assert f"make PYTHON=python{PROD.runtime.python} deploy ENV=prod" in str(refused.value)
    assert "RuntimeConfig(compiled=False)" in str(refused.value)


def test_every_python_deploys_code_that_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "dev", replace(DEV, runtime=replace(DEV.runtime, compiled=False)))
    require_compiling_python("dev", (3, 11))
    require_compiling_python("prod", tuple(map(int, PROD.runtime.python.split("."))))


@pytest.mark.parametrize(("code", "says"), [(1, True), (0, False)])
def test_a_failed_deployment_says_how_to_protect_a_load_balancer_again(
    aws: Stubs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int, says: bool
) -> None:
    """Its protection was lifted because the deployment was to remove it, and then did not."""
    monkeypatch.setattr(deploy, "require_compiling_python", lambda *_: None)
    monkeypatch.setattr(deploy, "_cdk", lambda command, *_: code if command == "deploy" else 0)
    monkeypatch.setattr(deploy, "read_assembly", lambda _: {DATA: _synthesized({"Thing": QUEUE})})
    there = replace(resource(LOAD_BALANCER), logical_id="Balancer")
    monkeypatch.setattr(deploy, "find_stacks", lambda _: [deployed_stack(DATA, there)])
    monkeypatch.setattr(deploy, "left_behind", lambda *_: [])
    attribute = {"Key": LOAD_BALANCER_ATTRIBUTE, "Value": "true"}
    aws.expect("sts", "get_caller_identity", {"Account": "111122223333"})
    aws.expect("elbv2", "describe_load_balancer_attributes", {"Attributes": [attribute]})
    aws.expect("elbv2", "modify_load_balancer_attributes", {})
    assert deploy.run(aws.environment(), account="", region="") == code
    command = (
        "To protect it again, if it is to stay: `aws elbv2 modify-load-balancer-attributes --load-balancer-arn thing "
        "--attributes Key=deletion_protection.enabled,Value=true`"
    )
    assert (command in capsys.readouterr().out) is says


GROUP: dict[str, Any] = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "of the proxy"}}
APP = f"{PROJECT}-prod-app"
READS = {"Fn::GetStackOutput": {"StackName": DATA, "OutputName": "Group"}}


def _function(group: Any) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {"VpcConfig": {"SecurityGroupIds": [group]}}}


@pytest.fixture
def runs(aws: Stubs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The runs of `cdk deploy`, in an environment whose function still uses a security group of the data stack."""
    found: list[list[str]] = []

    def cdk(command: str, *arguments: str) -> int:
        if command == "deploy":
            found.append([*arguments])
        return 0

    outputs = {"Group": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}}}
    monkeypatch.setattr(deploy, "require_compiling_python", lambda *_: None)
    monkeypatch.setattr(deploy, "_cdk", cdk)
    monkeypatch.setattr(deploy, "KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(deploy, "left_behind", lambda *_: [])
    there = [
        deployed_stack(DATA, template={"Resources": {"Group": GROUP, "Thing": QUEUE}, "Outputs": outputs}),
        deployed_stack(APP, template={"Resources": {"Function": _function(READS)}}),
    ]
    monkeypatch.setattr(deploy, "find_stacks", lambda _: there)
    aws.expect("sts", "get_caller_identity", {"Account": "111122223333"})
    return found


def test_what_later_stacks_still_use_is_kept_in_the_first_of_two_runs(
    aws: Stubs, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesized = {DATA: _synthesized({"Thing": QUEUE}), APP: _synthesized({"Function": _function("other")})}
    monkeypatch.setattr(deploy, "read_assembly", lambda _: synthesized)
    assert deploy.run(aws.environment(), account="", region="") == 0
    first, second = runs
    assert first[-1] == f"kept={deploy.KEPT}"
    assert not any(argument.startswith("kept=") for argument in second)
    assert json.loads(deploy.KEPT.read_text())[DATA] == {
        "Resources": {"Group": GROUP},
        "Outputs": {"Group": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}}},
    }


def test_what_no_stack_uses_is_removed_in_one_run(
    aws: Stubs, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    still_used = {"Resources": {"Group": GROUP}, "Outputs": {"Group": {"Value": {"Fn::GetAtt": ["Group", "GroupId"]}}}}
    synthesized = {DATA: SynthesizedStack(template=still_used), APP: _synthesized({"Function": _function(READS)})}
    monkeypatch.setattr(deploy, "read_assembly", lambda _: synthesized)
    assert deploy.run(aws.environment(), account="", region="", accept_loss=True) == 0
    assert len(runs) == 1


def test_what_aws_would_refuse_is_not_deployed(
    aws: Stubs, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    another_type = {"Type": "AWS::SNS::Topic", "Properties": {}}
    synthesized = {DATA: _synthesized({"Group": GROUP, "Thing": another_type}), APP: _synthesized({})}
    monkeypatch.setattr(deploy, "read_assembly", lambda _: synthesized)
    with pytest.raises(CommandError, match=r"leave something behind:\n.*data/Thing: .* Give the new resource another"):
        deploy.run(aws.environment(), account="", region="")
    assert runs == []
    assert "Plan: " in capsys.readouterr().out


@pytest.mark.parametrize("yes", [True, False])
def test_nobody_is_asked_before_permissions_widen_only_if_yes_is_given(
    aws: Stubs, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch, yes: bool
) -> None:
    """In both runs: a workflow has no terminal to ask at."""
    synthesized = {DATA: _synthesized({"Thing": QUEUE}), APP: _synthesized({"Function": _function("other")})}
    monkeypatch.setattr(deploy, "read_assembly", lambda _: synthesized)
    deploy.run(aws.environment(), account="", region="", yes=yes)
    assert [run[1:3] == ["--require-approval", "never"] for run in runs] == [yes, yes]


def test_content_is_deleted_only_if_that_is_accepted(
    aws: Stubs, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    without_queue = {DATA: _synthesized({"Group": GROUP}), APP: _synthesized({})}
    monkeypatch.setattr(deploy, "read_assembly", lambda _: without_queue)
    with pytest.raises(CommandError, match=r"add LOSS=accept:\n.*data/Thing: it is deleted, and its messages with it"):
        deploy.run(aws.environment(), account="", region="")
    assert runs == []
    aws.expect("sts", "get_caller_identity", {"Account": "111122223333"})
    assert deploy.run(aws.environment(), account="", region="", accept_loss=True) == 0


def test_what_is_left_behind_fails_the_deployment(
    aws: Stubs, runs: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        deploy, "read_assembly", lambda _: {DATA: _synthesized({"Thing": QUEUE}), APP: _synthesized({})}
    )
    monkeypatch.setattr(deploy, "left_behind", lambda *_: ["data/Group (sg-1): in use"])
    assert deploy.run(aws.environment(), account="", region="") == 1
    assert "delete it yourself: data/Group (sg-1): in use" in capsys.readouterr().out
    assert runs


def test_without_credentials_nothing_is_built(aws: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "get_credentials", lambda: None)
    monkeypatch.setattr(deploy, "_cdk", lambda *_: pytest.fail("this takes minutes"))
    with pytest.raises(NoCredentialsError):
        deploy.run(aws.environment(), account="", region="")
