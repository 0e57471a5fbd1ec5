"""`make deploy` on the local cloud: a first deployment that fails can be repeated."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.deploy import CdkDeployment
from local_cloud.errors import LocalCloudError
from ops.environment import assembly, deploy
from tests.support import protected_app, shared_app
from tests.support.ops.local import deployed_environment


def _command_line(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, folder: Path, app: str) -> list[str]:
    """Makes `make deploy` deploy this app to the cloud, with the context that the returned list has at that time.

    The assembly is below `folder`.
    """
    deployment = CdkDeployment(cloud.state, cloud.services(), print, list)
    context: list[str] = []

    def cdk(command: str, *arguments: str) -> int:
        options = ("--app", f"{shlex.quote(sys.executable)} -m {app}", *context)
        if command == "deploy":
            options += ("--require-approval", "never", "--method", "direct")
        try:
            deployment.run(f"{app.rpartition('.')[2]}-{command}", command, *arguments, *options)
        except LocalCloudError as error:
            print(error)
            return 1
        return 0

    monkeypatch.setattr(deploy, "_cdk", cdk)
    monkeypatch.setattr(assembly, "ASSEMBLIES", folder)
    monkeypatch.setattr(deploy, "KEPT", folder.parent / "kept.json")
    monkeypatch.setattr(deploy, "require_compiling_python", lambda *_: None)
    return context


def test_a_first_deployment_that_failed_can_be_repeated_and_ends_protected(
    empty_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = _command_line(empty_cloud, monkeypatch, tmp_path / "cdk.out", "tests.support.protected_app")
    context += ["--context", "fails=yes"]
    environment = deployed_environment(empty_cloud)
    cloudformation: Any = empty_cloud.session().client("cloudformation")
    rds: Any = empty_cloud.session().client("rds")

    assert deploy.run(environment, account="", region="") == 1
    (stack,) = cloudformation.describe_stacks(StackName=protected_app.NAME)["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE", "a protected database can't be rolled back"
    assert not stack["EnableTerminationProtection"]

    context.clear()
    assert deploy.run(environment, account="", region="") == 0
    (stack,) = cloudformation.describe_stacks(StackName=protected_app.NAME)["Stacks"]
    assert stack["EnableTerminationProtection"]
    (made,) = cloudformation.describe_stack_resources(StackName=protected_app.NAME, LogicalResourceId="Database")[
        "StackResources"
    ]
    (database,) = rds.describe_db_instances(DBInstanceIdentifier=made["PhysicalResourceId"])["DBInstances"]
    assert database["DeletionProtection"]

    cloudformation.update_termination_protection(StackName=protected_app.NAME, EnableTerminationProtection=False)
    rds.modify_db_instance(DBInstanceIdentifier=made["PhysicalResourceId"], DeletionProtection=False)
    cloudformation.delete_stack(StackName=protected_app.NAME)


def test_a_policy_that_a_later_stack_uses_is_removed_in_a_second_run(
    empty_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    context = _command_line(empty_cloud, monkeypatch, tmp_path / "cdk.out", "tests.support.shared_app")
    environment = deployed_environment(empty_cloud)
    cloudformation: Any = empty_cloud.session().client("cloudformation")

    def policies() -> list[str]:
        resources = cloudformation.describe_stack_resources(StackName=f"{shared_app.NAME}-owner")["StackResources"]
        return [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == "AWS::IAM::ManagedPolicy"]

    assert deploy.run(environment, account="", region="") == 0
    (policy,) = policies()

    context += ["--context", "removed=yes"]
    capsys.readouterr()
    assert deploy.run(environment, account="", region="") == 0
    output = capsys.readouterr().out
    assert f"Keeping until the stacks that use it are updated: {shared_app.NAME}-owner/Policy" in output
    assert policies() == []
    iam: Any = empty_cloud.session().client("iam")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_policy(PolicyArn=policy)
    for name in ("user", "owner"):
        cloudformation.delete_stack(StackName=f"{shared_app.NAME}-{name}")
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=f"{shared_app.NAME}-{name}")
