"""The roles for workflows on GitHub."""

import json
from dataclasses import replace
from typing import Any

import pytest

from components.ingestion.landing_bucket import INCOMING_PREFIX
from config.canary import canary
from config.environments import LOCAL
from config.temporary import copy_of
from local_cloud.emulator.registration import uncovered
from tests.support.delivery.variants import REPOSITORY, SECOND_IN_ITS_ACCOUNT, WITH_PULL_REQUESTS
from tests.support.promises import has
from tests.support.synthesis import Synthesized, shipped, synthesize

STACK = "Delivery"
PROVIDER, ROLE = "AWS::IAM::OIDCProvider", "AWS::IAM::Role"
ISSUER = "token.actions.githubusercontent.com"
OF_AN_ENVIRONMENT = {"Deploy": "dev", "Verify": "dev-verify", "PullRequests": "pull-requests"}


@pytest.fixture
def dev() -> Synthesized:
    return synthesize(WITH_PULL_REQUESTS)


def _role(synthesized: Synthesized, name: str) -> dict[str, Any]:
    (role,) = (one for id_, one in synthesized.resources(STACK, ROLE).items() if f"{name}Role" in id_)
    return dict(role["Properties"])


def _allowed(synthesized: Synthesized, name: str) -> dict[str, str]:
    """Each action that the role's own policies allow, with its resources as text."""
    statements = synthesized.statements_of(STACK, f"DeliveryGitHub{name}Role")
    return {
        action: json.dumps(one["Resource"])
        for one in statements
        if one["Effect"] == "Allow"
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }


@pytest.mark.parametrize("name", OF_AN_ENVIRONMENT)
def test_each_role_trusts_one_environment_of_one_repository(name: str, dev: Synthesized) -> None:
    """Exactly: no pattern, no branch, no whole repository. tests/integration/delivery shows who is refused."""
    (statement,) = _role(dev, name)["AssumeRolePolicyDocument"]["Statement"]
    (provider,) = dev.resources(STACK, PROVIDER)
    has(
        name,
        statement,
        {
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": {"Fn::GetAtt": [provider, "Arn"]}},
            "Condition": {
                "StringEquals": {
                    f"{ISSUER}:aud": "sts.amazonaws.com",
                    f"{ISSUER}:sub": f"repo:{REPOSITORY}:environment:{OF_AN_ENVIRONMENT[name]}",
                }
            },
        },
    )


def test_the_provider_is_a_plain_resource_for_githubs_tokens(dev: Synthesized) -> None:
    """IAM needs no thumbprint, and no function of the CDK's creates it."""
    has(
        "the provider",
        dev.only(STACK, PROVIDER),
        {"Url": f"https://{ISSUER}", "ClientIdList": ["sts.amazonaws.com"]},
    )
    assert "ThumbprintList" not in dev.only(STACK, PROVIDER)
    assert dev.resources(STACK, "AWS::Lambda::Function") == {}


def test_a_second_environment_in_an_account_uses_the_provider_that_is_there() -> None:
    second = synthesize(SECOND_IN_ITS_ACCOUNT)
    assert second.resources(STACK, PROVIDER) == {}
    trusted = json.dumps(_role(second, "Deploy")["AssumeRolePolicyDocument"])
    assert f":oidc-provider/{ISSUER}" in trusted
    assert '"AWS::AccountId"' in trusted


def test_whoever_deploys_may_start_the_roles_of_the_bootstrap_and_change_nothing_else(dev: Synthesized) -> None:
    allowed = _allowed(dev, "Deploy")
    roles = json.loads(allowed["sts:AssumeRole"])
    named = ["".join(part if isinstance(part, str) else "*" for part in each["Fn::Join"][1]) for each in roles]
    assert [each.rpartition(":role/")[2] for each in named] == [
        f"cdk-{dev.environment.qualifier}-{name}-role-*-*" for name in ("deploy", "file-publishing", "lookup")
    ]
    assert ':stack/", {"Ref": "AWS::StackName"}, "/*"' in allowed["cloudformation:DeleteChangeSet"]
    more = {"sts:AssumeRole", "cloudformation:DeleteChangeSet"}
    assert allowed.keys() - more == _allowed(dev, "Verify").keys()


def test_whoever_verifies_can_deploy_nothing(dev: Synthesized) -> None:
    assert not [one for one in _allowed(dev, "Verify") if one.startswith(("sts:", "iam:", "cloudformation:Create"))]
    assert not [one for one in _allowed(dev, "Verify") if one.startswith("cloudformation:Delete")]


def test_verifying_drops_exactly_the_file_of_make_verify(dev: Synthesized) -> None:
    dropped = canary()
    assert dropped
    for action in ("s3:PutObject", "s3:DeleteObjectVersion"):
        assert f"/{INCOMING_PREFIX}{dropped.key}" in _allowed(dev, "Verify")[action]


@pytest.mark.parametrize("name", OF_AN_ENVIRONMENT)
def test_no_role_reads_files_or_messages(name: str, dev: Synthesized) -> None:
    """AWS's policy for reading would let them, so it is denied."""
    denied = [one for one in dev.statements_of(STACK, f"DeliveryGitHub{name}Role") if one["Effect"] == "Deny"]
    assert denied, f"{name} denies nothing"
    assert {"s3:GetObject", "s3:GetObjectVersion", "sqs:ReceiveMessage"} <= set(denied[0]["Action"])
    has(name, denied[0], {"Resource": "*"})


def test_pull_requests_delete_temporary_environments_only(dev: Synthesized) -> None:
    allowed = _allowed(dev, "PullRequests")
    for action in allowed.keys() - {"sts:AssumeRole"}:
        assert f"{dev.environment.project}-pr-*" in allowed[action], action
    assert "s3:DeleteObjectVersion" in allowed


def test_without_pull_requests_no_role_deletes() -> None:
    prod = synthesize(SECOND_IN_ITS_ACCOUNT)
    assert len(prod.resources(STACK, ROLE)) == 2
    assert "cloudformation:DeleteStack" not in json.dumps(prod.templates[STACK])


def test_a_session_is_long_enough_for_a_change_of_the_database(dev: Synthesized) -> None:
    assert _role(dev, "Deploy")["MaxSessionDuration"] == 3 * 60 * 60


def test_a_temporary_environment_has_no_roles_of_its_own() -> None:
    assert STACK not in synthesize(copy_of(WITH_PULL_REQUESTS, "pr-12")).templates


def test_a_shipped_environment_trusts_nobody() -> None:
    assert STACK not in shipped("prod").templates


def test_it_can_be_deployed_to_the_local_cloud() -> None:
    local = synthesize(replace(LOCAL, delivery=WITH_PULL_REQUESTS.delivery))
    assert uncovered({resource["Type"] for resource in local.everything().values()}) == set()
