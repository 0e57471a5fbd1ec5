"""`make deploy` on the local cloud: a first deployment that fails can be repeated."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from local_cloud.deploy import CdkDeployment
from local_cloud.errors import LocalCloudError
from ops.environment import deploy
from tests.support.ops.local import deployed_environment
from tests.support.protected_app import NAME

APP = f"{shlex.quote(sys.executable)} -m tests.support.protected_app"


def test_a_first_deployment_that_failed_can_be_repeated_and_ends_protected(
    empty_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    deployment = CdkDeployment(empty_cloud.state, empty_cloud.services(), print, list)
    context: list[str] = ["--context", "fails=yes"]

    def cdk(command: str, *arguments: str) -> int:
        options = ("--app", APP, *context)
        if command == "deploy":
            options += ("--output", str(tmp_path), "--require-approval", "never", "--method", "direct")
        try:
            deployment.run(f"protected-{command}", command, *arguments, *options)
        except LocalCloudError as error:
            print(error)
            return 1
        return 0

    monkeypatch.setattr(deploy, "_cdk", cdk)
    monkeypatch.setattr(deploy, "ASSEMBLY", tmp_path)
    monkeypatch.setattr(deploy, "require_compiling_python", lambda *_: None)
    environment = deployed_environment(empty_cloud)
    cloudformation: Any = empty_cloud.session().client("cloudformation")
    rds: Any = empty_cloud.session().client("rds")

    assert deploy.run(environment, account="", region="") == 1
    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE", "a protected database can't be rolled back"
    assert not stack["EnableTerminationProtection"]

    context.clear()
    assert deploy.run(environment, account="", region="") == 0
    (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
    assert stack["EnableTerminationProtection"]
    (made,) = cloudformation.describe_stack_resources(StackName=NAME, LogicalResourceId="Database")["StackResources"]
    (database,) = rds.describe_db_instances(DBInstanceIdentifier=made["PhysicalResourceId"])["DBInstances"]
    assert database["DeletionProtection"]

    cloudformation.update_termination_protection(StackName=NAME, EnableTerminationProtection=False)
    rds.modify_db_instance(DBInstanceIdentifier=made["PhysicalResourceId"], DeletionProtection=False)
    cloudformation.delete_stack(StackName=NAME)
