"""Whoever deploys with the roles of the bootstrap can't change what they are trusted with."""

import json
from pathlib import Path

import pytest
from aws_cdk import App

from components.delivery.delivery import BOOTSTRAP_ROLES
from config.bootstrap import DEFAULT_QUALIFIER
from config.temporary import copy_of
from stacks.delivery import DeliveryStack
from tests.support.delivery.variants import DELIVERY, WITH_PULL_REQUESTS
from tests.support.deployment.requests import ARN, boundary, execution_role
from tests.support.synthesis import synthesize

STACK = "Delivery"
ROLE, POLICY = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"
MAX_CHARACTERS = 51_200  # of a template that is in no bucket (AWS CloudFormation User Guide, "CloudFormation quotas")
NAMES = WITH_PULL_REQUESTS.bootstrap_names
CHANGES = {
    "role": (
        *("iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:PutRolePolicy"),
        *("iam:PutRolePermissionsBoundary", "iam:UpdateAssumeRolePolicy"),
    ),
    "policy": ("iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy"),
    "oidc-provider": ("iam:AddClientIDToOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider"),
}


def test_the_stack_is_deployed_without_the_bootstrap_and_its_roles_have_no_boundary(tmp_path: Path) -> None:
    """The CDK's command line then puts the template into its call, and uses the credentials of whoever calls it."""
    app = App(outdir=str(tmp_path))
    DeliveryStack(app, STACK, environment=WITH_PULL_REQUESTS, config=DELIVERY, verified=[])
    app.synth()
    properties = json.loads((tmp_path / "manifest.json").read_text())["artifacts"][STACK]["properties"]
    named = {
        name for name in properties if "Role" in name or "ootstrap" in name or name == "stackTemplateAssetObjectUrl"
    }
    assert not named, "it would be deployed with these"
    synthesized = synthesize(WITH_PULL_REQUESTS)
    template = synthesized.templates[STACK]
    assert "Parameters" not in template, "it checks the version of a bootstrap"
    assert len(json.dumps(template, indent=1)) < MAX_CHARACTERS
    for id_, role in synthesized.resources(STACK, ROLE).items():
        assert "PermissionsBoundary" not in role["Properties"], id_


def test_a_deployment_cannot_change_what_it_is_trusted_with() -> None:
    """Whatever name CloudFormation has made: the path keeps it apart from what a deployment may change."""
    synthesized = synthesize(WITH_PULL_REQUESTS)
    found = {**synthesized.resources(STACK, ROLE), **synthesized.resources(STACK, POLICY)}
    paths = {resource["Properties"].get("Path", "/") for resource in found.values()}
    context = {
        "iam:PermissionsBoundary": f"{ARN}iam::<AccountId>:policy/{NAMES.boundary}",
        "iam:PolicyARN": f"{ARN}iam::<AccountId>:policy/{NAMES.prefix}thing",
    }
    for kind, actions in CHANGES.items():
        for action in actions:
            for path in paths:
                arn = f"{ARN}iam::<AccountId>:{kind}{path}{NAMES.prefix}delivery-thing"
                assert not execution_role(NAMES).may(action, arn, context), f"a deployment may do {action} on {arn}"


@pytest.mark.parametrize("action", ["s3:DeleteBucketPolicy", "s3:AbortMultipartUpload"])
def test_the_boundary_of_other_roles_does_not_include_what_workflows_do(action: str) -> None:
    for resource in (f"{ARN}s3:::{NAMES.prefix}bucket", f"{ARN}s3:::{NAMES.prefix}bucket/incoming/orders.csv"):
        assert not boundary(NAMES).may(action, resource), f"every role may do {action}"


@pytest.mark.parametrize(("role", "qualifier"), [("Deploy", NAMES.qualifier), ("PullRequests", DEFAULT_QUALIFIER)])
def test_each_role_assumes_those_of_the_bootstrap_with_which_its_environment_is_deployed(
    role: str, qualifier: str
) -> None:
    """A pull request has no bootstrap of its own."""
    assert copy_of(WITH_PULL_REQUESTS, "pr-12").qualifier == DEFAULT_QUALIFIER
    statements = synthesize(WITH_PULL_REQUESTS).statements_of(STACK, f"DeliveryGitHub{role}Role")
    (assumed,) = (one["Resource"] for one in statements if one["Action"] == "sts:AssumeRole")
    for arn, name in zip(assumed, BOOTSTRAP_ROLES, strict=True):
        assert f":role/cdk-{qualifier}-{name}-" in json.dumps(arn)
