"""The CDK's command line, with the role of a job, reads the stack of that role and can't change it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from stacks.delivery import DeliveryStack
from tests.integration.delivery.test_trust import delete_with_provider, token
from tests.support.delivery.variants import DELIVERY

ENVIRONMENT = replace(LOCAL, delivery=DELIVERY)
NAME = f"{LOCAL.project}-{LOCAL.name}-delivery"


def _assembly(folder: Path, **changes: Any) -> Path:
    app = App(outdir=str(folder), analytics_reporting=False)
    config = replace(DELIVERY, **changes)
    DeliveryStack(app, "Delivery", environment=ENVIRONMENT, config=config, verified=[])
    app.synth()
    return folder


def _deploy(assembly: Path, variables: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = ["cdk", "deploy", "--all", "--app", str(assembly), "--require-approval", "never", "--no-notices"]
    return subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | variables
    )


@pytest.fixture
def job(empty_cloud: LocalCloud, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables with which the CDK's command line runs in a job, after a person has deployed the stack."""
    variables = empty_cloud.services().variables()
    assert _deploy(_assembly(tmp_path / "first"), variables).returncode == 0
    cloudformation: Any = empty_cloud.session().client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    assert "RoleARN" not in stack, "CloudFormation would use that role for each later deployment"
    roles = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    sts: Any = empty_cloud.session().client("sts")
    got = sts.assume_role_with_web_identity(
        RoleArn=roles["DeployRoleArn"], RoleSessionName="job", WebIdentityToken=token()
    )["Credentials"]
    yield variables | {
        "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
        "AWS_SESSION_TOKEN": got["SessionToken"],
    }
    delete_with_provider(empty_cloud, NAME)


def test_a_job_passes_over_the_stack_of_its_role_and_is_refused_a_change(job: dict[str, str], tmp_path: Path) -> None:
    unchanged = _deploy(_assembly(tmp_path / "same"), job)
    assert unchanged.returncode == 0, unchanged.stdout
    assert "(no changes)" in unchanged.stdout
    changed = _deploy(_assembly(tmp_path / "other", github_environment="other"), job)
    assert changed.returncode
    assert "not authorized to perform: cloudformation:CreateChangeSet" in changed.stdout
