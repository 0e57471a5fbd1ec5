"""`make bootstrap` on the local cloud, whose IAM enforces what it made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from config.bootstrap import OwnBootstrap
from config.environments import ENVIRONMENTS, LOCAL
from local_cloud.cloud import LocalCloud
from local_cloud.deploy import CdkDeployment
from local_cloud.emulator.settings import ACCOUNT, REGION
from ops.environment import bootstrap
from tests.support.ops.local import deployed_environment
from tests.support.privileges.identities import ANYONE_HERE, Deployed, StandIn, refusal

NAMES = LOCAL.bootstrap_names
ROLE = f"cdk-{NAMES.qualifier}-cfn-exec-role-{ACCOUNT}-{REGION}"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [ANYONE_HERE]})
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/{NAMES.boundary}"


@pytest.fixture(scope="module")
def bootstrapped(empty_cloud: LocalCloud) -> Deployed:
    """Prepared twice: the second run changes nothing."""
    deployment = CdkDeployment(empty_cloud.state, empty_cloud.services(), print, list)

    def cdk(command: str, *arguments: str) -> int:
        deployment.run(f"own-{command}", command, *arguments)
        return 0

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bootstrap, "_cdk", cdk)
        patched.setitem(ENVIRONMENTS, LOCAL.name, replace(LOCAL, bootstrap=OwnBootstrap()))
        for _ in range(2):
            assert bootstrap.run(deployed_environment(empty_cloud), account="") == 0
    return Deployed(cloud=empty_cloud, session=empty_cloud.session(), roles={"Execution": ROLE})


def test_what_is_made_is_protected_and_apart_from_the_common_bootstrap(bootstrapped: Deployed) -> None:
    stacks: Any = bootstrapped.client("cloudformation").describe_stacks()["Stacks"]
    made = {stack["StackName"]: stack for stack in stacks}
    assert {"CDKToolkit", NAMES.toolkit_stack, NAMES.policies_stack} <= made.keys()
    for name in (NAMES.toolkit_stack, NAMES.policies_stack):
        assert made[name]["StackStatus"] == "CREATE_COMPLETE"
        assert made[name]["EnableTerminationProtection"], name


def test_the_role_for_deployments_may_not_do_everything(bootstrapped: Deployed) -> None:
    attached = bootstrapped.held()[ROLE]
    assert attached
    assert all(NAMES.qualifier in arn for arn in attached), "AdministratorAccess is attached"


def test_iam_refuses_the_role_for_deployments_what_it_does_not_need(bootstrapped: Deployed) -> None:
    name = f"{NAMES.prefix}made"
    with bootstrapped.stand_in("Execution") as role:
        assert _allowed(role, "sqs", "create_queue", QueueName=name)
        assert _allowed(
            role, "sqs", "delete_queue", QueueUrl=role.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        )
        assert not _allowed(role, "sqs", "create_queue", QueueName="other")
        assert not _allowed(role, "s3", "create_bucket", Bucket="other")
        assert not _allowed(role, "iam", "create_role", RoleName=name, AssumeRolePolicyDocument=TRUST)
        assert not _allowed(role, "iam", "create_user", UserName=name)
        assert not _allowed(role, "iam", "delete_policy", PolicyArn=BOUNDARY)


def test_the_boundary_stops_a_role_that_could_do_everything(bootstrapped: Deployed) -> None:
    iam, name = bootstrapped.client("iam"), f"{NAMES.prefix}administrator"
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, PermissionsBoundary=BOUNDARY)["Role"]
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=json.dumps(everything))
    session = bootstrapped.client("sts").assume_role(RoleArn=made["Arn"], RoleSessionName="eve")
    role = StandIn(deployed=bootstrapped, role=name, credentials=session["Credentials"])
    try:
        assert not _allowed(role, "iam", "create_user", UserName="eve")
        assert not _allowed(role, "s3", "create_bucket", Bucket=f"{NAMES.prefix}other")
        assert not _allowed(role, "sqs", "send_message", QueueUrl=_queue("other"), MessageBody="x")
        # Allowed, so the answer is another: there is no such queue.
        assert _allowed(role, "sqs", "send_message", QueueUrl=_queue(f"{NAMES.prefix}none"), MessageBody="x")
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="everything")
        iam.delete_role(RoleName=name)


def _queue(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def _allowed(role: StandIn, service: str, method: str, **arguments: Any) -> bool:
    try:
        getattr(role.client(service), method)(**arguments)
    except ClientError as error:
        return not refusal(error)
    return True
