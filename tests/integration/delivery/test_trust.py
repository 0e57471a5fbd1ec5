"""The local cloud's STS evaluates the trust of the roles. It doesn't verify a token's signature, which AWS does."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from config.delivery import AUDIENCE, ISSUER
from local_cloud.cloud import LocalCloud
from tests.support.delivery.variants import REPOSITORY, WITH_PULL_REQUESTS
from tests.support.synthesis import synthesize

STACK = "github"
ROLES = {"Deploy": "dev", "Verify": "dev-verify", "PullRequests": "pull-requests"}
OF_DEV = f"repo:{REPOSITORY}:environment:dev"
REFUSED: dict[str, dict[str, str | None]] = {
    "another repository": {"sub": "repo:acme@1234/other@99:environment:dev"},
    "a repository that took over the name": {"sub": "repo:acme@99/platform@98:environment:dev"},
    "the repository's name without its numbers": {"sub": "repo:acme/platform:environment:dev"},
    "another environment": {"sub": f"repo:{REPOSITORY}:environment:staging"},
    "an environment whose name starts alike": {"sub": f"{OF_DEV}-verify"},
    "a pull request": {"sub": f"repo:{REPOSITORY}:pull_request"},
    "a branch": {"sub": f"repo:{REPOSITORY}:ref:refs/heads/main"},
    "a pattern": {"sub": f"repo:{REPOSITORY}:*"},
    "another audience": {"aud": "https://github.com/acme"},
    "another issuer": {"iss": "https://token.actions.example.com"},
    "no subject": {"sub": None},
}


@pytest.fixture(scope="module")
def roles(empty_cloud: LocalCloud) -> Iterator[dict[str, str]]:
    """The ARN of each role, deployed without its policies, which refer to other stacks."""
    resources = synthesize(WITH_PULL_REQUESTS).templates["Delivery"]["Resources"]
    kept = {id_: one for id_, one in resources.items() if one["Type"] in ("AWS::IAM::OIDCProvider", "AWS::IAM::Role")}
    trusts = {
        id_: {**one, "Properties": {k: v for k, v in one["Properties"].items() if k != "ManagedPolicyArns"}}
        for id_, one in kept.items()
    }
    outputs = {
        name: {"Value": {"Fn::GetAtt": [id_, "Arn"]}} for name in ROLES for id_ in trusts if f"{name}Role" in id_
    }
    cloudformation: Any = empty_cloud.session().client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps({"Resources": trusts, "Outputs": outputs}),
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    yield {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    delete_with_provider(empty_cloud, STACK)


def delete_with_provider(cloud: LocalCloud, stack: str) -> None:
    """Deletes the stack, and the identity provider that it leaves, because others sign in with it too."""
    cloudformation: Any = cloud.session().client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    iam: Any = cloud.session().client("iam")
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])


def token(**changes: str | None) -> str:
    """A token as GitHub gives it to a job of dev, with these changes."""
    claims = {"iss": f"https://{ISSUER}", "aud": AUDIENCE, "sub": OF_DEV, **changes}
    given = {name: value for name, value in claims.items() if value is not None}
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "RS256"}, given)
    ]
    return ".".join((*parts, "c2lnbmF0dXJl"))


def _assume(cloud: LocalCloud, role: str, **changes: str | None) -> str:
    """The ARN of the session that a token gets."""
    sts: Any = cloud.session().client("sts")
    answer = sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="job", WebIdentityToken=token(**changes))
    return str(answer["AssumedRoleUser"]["Arn"])


@pytest.mark.parametrize("role", ROLES)
def test_a_job_in_the_environment_gets_its_role(role: str, roles: dict[str, str], empty_cloud: LocalCloud) -> None:
    session = _assume(empty_cloud, roles[role], sub=f"repo:{REPOSITORY}:environment:{ROLES[role]}")
    assert roles[role].rpartition("/")[2] in session


@pytest.mark.parametrize("token", REFUSED)
def test_every_other_token_is_refused(token: str, roles: dict[str, str], empty_cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdentity"):
        _assume(empty_cloud, roles["Deploy"], **REFUSED[token])
