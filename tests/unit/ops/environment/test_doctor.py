"""What would make a first deployment fail is found before it, with the command that fixes it."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from config.bootstrap import BootstrapNames
from config.environments import DEV
from ops.common.check import SkippedError
from ops.common.errors import CommandError
from ops.environment import doctor
from tests.support.ops.environment import deployed_stack, resource
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import AT, Stubs

BUCKET = "cdk-acme-assets-111122223333-eu-central-1"
FUNCTION = "AWS::Lambda::Function"


def test_another_python_than_the_environments_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    here = f"3.{sys.version_info.minor}"
    dev.configure(runtime=replace(DEV.runtime, python="3.99"))
    with pytest.raises(CommandError, match=r"runtime\.python of dev is 3\.99"):
        list(doctor.code_is_compiled_here(aws.environment()))
    dev.configure(runtime=replace(DEV.runtime, python=here))
    assert list(doctor.code_is_compiled_here(aws.environment())) == []


def bootstrap_problems(aws: Stubs, *, version: str | None, bucket: bool) -> list[str]:
    if bucket:
        aws.expect("s3", "head_bucket", {}, {"Bucket": BUCKET})
    else:
        aws.refuse("s3", "head_bucket", "404")
    if version:
        parameter = {"Name": "/cdk-bootstrap/acme/version"}
        aws.expect("ssm", "get_parameter", {"Parameter": {"Value": version}}, parameter)
    else:
        aws.refuse("ssm", "get_parameter", "ParameterNotFound")
    return list(doctor.account_is_bootstrapped(aws.environment()))


def test_a_bootstrap_that_is_new_enough_is_no_problem(aws: Stubs, dev: FakeDev) -> None:
    assert bootstrap_problems(aws, version="6", bucket=True) == []


@pytest.mark.parametrize(
    ("version", "bucket", "problems"),
    [
        (
            "5",
            True,
            ["the bootstrap has version 5, and the stacks need 6: `make bootstrap ENV=dev REGION=eu-central-1`, as an"],
        ),
        (
            None,
            False,
            [
                "eu-central-1 is not bootstrapped (the SSM parameter /cdk-bootstrap/acme/version is missing): "
                "`make bootstrap ENV=dev REGION=eu-central-1`, as an administrator"
            ],
        ),
        (None, True, ["eu-central-1 is not bootstrapped", f"the bucket {BUCKET} of an earlier bootstrap is still"]),
        ("6", False, [f"the bucket {BUCKET} of the bootstrap is gone"]),
    ],
)
def test_a_missing_or_old_bootstrap_is_a_problem(
    aws: Stubs, dev: FakeDev, version: str | None, bucket: bool, problems: list[str]
) -> None:
    found = bootstrap_problems(aws, version=version, bucket=bucket)
    assert [said.startswith(start) for said, start in zip(found, problems, strict=True)] == [True] * len(problems)


def test_a_bucket_that_cannot_be_seen_is_no_problem_and_not_checked(aws: Stubs, dev: FakeDev) -> None:
    aws.expect("ssm", "get_parameter", {"Parameter": {"Value": "6"}})
    aws.refuse("s3", "head_bucket", "403")
    with pytest.raises(SkippedError, match="AWS refuses to show the bucket"):
        list(doctor.account_is_bootstrapped(aws.environment()))


def test_the_bucket_of_an_environments_own_bootstrap_is_in_its_own_stack(
    aws: Stubs, dev: FakeDev, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shared,) = bootstrap_problems(aws, version="6", bucket=False)
    monkeypatch.setattr(BootstrapNames, "qualifier", "acme")
    (own,) = bootstrap_problems(aws, version="6", bucket=False)
    assert "--stack-name CDKToolkit`" in shared
    assert f"--stack-name {DEV.bootstrap_names.toolkit_stack}`" in own


def stack_problems(aws: Stubs, *names: str) -> list[str]:
    stacks = [{"StackName": name, "StackStatus": "CREATE_COMPLETE", "CreationTime": AT} for name in names]
    aws.expect("cloudformation", "describe_stacks", {"Stacks": stacks})
    return list(doctor.stacks_can_be_deployed(aws.environment()))


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_stack_that_can_be_updated_or_created_again_is_no_problem(aws: Stubs, dev: FakeDev, status: str) -> None:
    dev.existing = [deployed_stack("data", status=status)]
    assert stack_problems(aws, "data", "others") == []


@pytest.mark.parametrize(
    ("status", "command"),
    [
        ("UPDATE_IN_PROGRESS", "wait until that has ended"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name data"),
        ("DELETE_FAILED", "make destroy ENV=dev"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_a_problem(aws: Stubs, dev: FakeDev, status: str, command: str) -> None:
    dev.existing = [deployed_stack("data", status=status)]
    (problem,) = stack_problems(aws, "data")
    assert f"data is {status}" in problem
    assert command in problem


def test_a_stack_of_somebody_else_with_the_name_of_ours_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    (problem,) = stack_problems(aws, "data")
    assert problem.startswith("there is already a stack data, whose resources don't have this environment's tags")


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_fixed_name_that_is_taken_is_a_problem(aws: Stubs, dev: FakeDev, is_taken: bool) -> None:
    named: dict[str, Any] = {"LogGroupName": {"Fn::Join": ["", ["/acme/", {"Ref": "AWS::Region"}]]}}
    generated = {"LogGroupName": {"Fn::Join": ["", ["/acme/", {"Ref": "AWS::StackId"}]]}}
    for properties in (named, generated, {}):
        dev.add("AWS::Logs::LogGroup", properties)
    asked = {"TypeName": "AWS::Logs::LogGroup", "Identifier": "/acme/eu-central-1"}
    if is_taken:
        aws.expect("cloudcontrol", "get_resource", {"TypeName": asked["TypeName"]}, asked)
    else:
        aws.refuse("cloudcontrol", "get_resource", "ResourceNotFoundException")
    problems = list(doctor.fixed_names_are_free(aws.environment()))
    assert [
        problem.startswith("there is already a AWS::Logs::LogGroup /acme/eu-central-1") for problem in problems
    ] == ([True] if is_taken else [])


def test_the_name_of_a_resource_that_is_deployed_is_no_problem(aws: Stubs, dev: FakeDev) -> None:
    dev.add("AWS::Logs::LogGroup", {"LogGroupName": "/acme"})
    dev.existing = [deployed_stack("data", resource("AWS::Logs::LogGroup"))]
    assert list(doctor.fixed_names_are_free(aws.environment())) == []


def concurrency_problems(aws: Stubs, dev: FakeDev, *, total: int, unreserved: int, reserve: bool = True) -> list[str]:
    dev.configure(runtime=replace(DEV.runtime, reserve_concurrency=reserve))
    limits = {"ConcurrentExecutions": total, "UnreservedConcurrentExecutions": unreserved}
    aws.expect("lambda", "get_account_settings", {"AccountLimit": limits})
    return list(doctor.concurrency_suffices(aws.environment()))


def test_a_new_account_cannot_reserve_concurrency(aws: Stubs, dev: FakeDev) -> None:
    dev.add(FUNCTION, {"ReservedConcurrentExecutions": 2})
    (problem,) = concurrency_problems(aws, dev, total=10, unreserved=10)
    assert "functions reserve 2 more concurrent executions, of 10 that are unreserved" in problem
    assert "--service-code lambda --quota-code L-B99A9384 --desired-value 1000`" in problem
    assert "reserve_concurrency=False" in problem


def test_a_hundred_executions_stay_unreserved(aws: Stubs, dev: FakeDev) -> None:
    dev.add(FUNCTION, {"ReservedConcurrentExecutions": 20})
    assert concurrency_problems(aws, dev, total=1000, unreserved=120) == []
    (problem,) = concurrency_problems(aws, dev, total=1000, unreserved=119)
    assert "--desired-value 1001`" in problem


def test_concurrency_that_is_reserved_already_is_not_needed_again(aws: Stubs, dev: FakeDev) -> None:
    dev.add(FUNCTION, {"ReservedConcurrentExecutions": 20})
    dev.existing = [deployed_stack("data", resource(FUNCTION, {"ReservedConcurrentExecutions": 20}))]
    assert concurrency_problems(aws, dev, total=1000, unreserved=100) == []


def test_functions_that_reserve_nothing_run_in_a_new_account(aws: Stubs, dev: FakeDev) -> None:
    dev.add(FUNCTION)
    assert concurrency_problems(aws, dev, total=10, unreserved=10) == []


def test_executions_that_are_kept_ready_count_if_none_are_reserved(aws: Stubs, dev: FakeDev) -> None:
    dev.add("AWS::Lambda::Alias", {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 5}})
    assert concurrency_problems(aws, dev, total=1000, unreserved=100) == []
    (problem,) = concurrency_problems(aws, dev, total=1000, unreserved=104, reserve=False)
    assert "functions reserve 5 more" in problem
    assert "set ingestion.start=OnDemand() in" in problem


@pytest.mark.parametrize("exists", [False, True])
def test_a_missing_service_linked_role_is_a_problem(aws: Stubs, dev: FakeDev, exists: bool) -> None:
    dev.add("AWS::RDS::DBInstance", count=2)
    if exists:
        role = {"Path": "/", "RoleName": "AWSServiceRoleForRDS", "RoleId": "A" * 16, "Arn": "a" * 20, "CreateDate": AT}
        aws.expect("iam", "get_role", {"Role": role}, {"RoleName": "AWSServiceRoleForRDS"})
    else:
        aws.refuse("iam", "get_role", "NoSuchEntity")
    problems = list(doctor.service_linked_roles_exist(aws.environment()))
    assert [problem.rpartition(": ")[2] for problem in problems] == (
        [] if exists else ["`aws iam create-service-linked-role --aws-service-name rds.amazonaws.com`"]
    )


@pytest.mark.parametrize(("type_", "is_problem"), [("FREE", True), ("PAID", False), (None, False)])
def test_an_account_with_the_free_plan_is_a_problem(
    aws: Stubs, dev: FakeDev, type_: str | None, is_problem: bool
) -> None:
    if type_:
        state = {"accountId": "111122223333", "accountPlanType": type_, "accountPlanStatus": "ACTIVE"}
        aws.expect("freetier", "get_account_plan_state", state)
    else:
        aws.refuse("freetier", "get_account_plan_state", "ResourceNotFoundException")
    problems = list(doctor.account_has_paid_plan(aws.environment()))
    assert ["aws freetier upgrade-account-plan" in problem for problem in problems] == [True] * is_problem


@pytest.mark.parametrize(
    ("policies", "is_problem"),
    [
        ([f"policy {n}" for n in range(9)], False),
        ([f"policy {n}" for n in range(10)], True),
        ([*(f"policy {n}" for n in range(9)), "AWSLogDeliveryWrite20150319"], False),
    ],
)
def test_one_resource_policy_more_than_logs_takes_is_a_problem(
    aws: Stubs, dev: FakeDev, policies: list[str], is_problem: bool
) -> None:
    dev.add("AWS::Route53Resolver::ResolverQueryLoggingConfig")
    named = [{"policyName": name, "policyDocument": "{}"} for name in policies]
    aws.expect("logs", "describe_resource_policies", {"resourcePolicies": named})
    problems = list(doctor.log_policies_have_room(aws.environment()))
    assert ["10 are the most" in problem for problem in problems] == [True] * is_problem


def test_a_full_resource_policy_of_log_deliveries_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    dev.add("AWS::Route53Resolver::ResolverQueryLoggingConfig")
    full = {"policyName": "AWSLogDeliveryWrite20150319", "policyDocument": "x" * 5000}
    aws.expect("logs", "describe_resource_policies", {"resourcePolicies": [full]})
    (problem,) = doctor.log_policies_have_room(aws.environment())
    assert "has 5000 of 5120 characters" in problem
