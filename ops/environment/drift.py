"""Checks that nothing was changed by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.environment import deployed

DRIFT_SECONDS = 900.0
_POLL_SECONDS = 3.0


def nothing_was_changed_by_hand(environment: DeployedEnvironment) -> Iterator[str]:
    """CloudFormation's drift detection, as `cdk drift` uses it. All stacks are examined at the same time."""
    cloudformation = deployed.client(environment, "cloudformation")
    detections = {
        stack.name: cloudformation.detect_stack_drift(StackName=stack.name)["StackDriftDetectionId"]
        for stack in deployed.stacks(environment)
        if stack.status in deployed.SUCCEEDED
    }
    deadline = time.monotonic() + DRIFT_SECONDS
    for stack, detection in detections.items():
        if reason := _failure(cloudformation, stack, detection, deadline):
            yield f"the drift detection of {stack} failed: {reason} (docs/runbook/README.md lists the permissions)"
        for drift in _drifts(cloudformation, stack):
            differences = _differences(environment, drift)
            if drift["StackResourceDriftStatus"] == "MODIFIED" and not differences:
                continue
            changed = ", ".join(
                f"{each['PropertyPath']} is {each['ActualValue']} instead of {each['ExpectedValue']}"
                for each in differences
            )
            yield (
                f"{drift['LogicalResourceId']} ({drift['ResourceType']} {drift.get('PhysicalResourceId', '')}) of "
                f"{stack} was {drift['StackResourceDriftStatus'].lower()} outside CloudFormation"
                f"{': ' + changed if changed else ''}. Change it back, or make the code say the same: "
                f"`aws cloudformation describe-stack-resource-drifts --stack-name {stack}` shows all of it"
            )


def _differences(environment: DeployedEnvironment, drift: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Without what RDS itself makes different: changes that wait for the maintenance window, and storage that grew."""
    differences = list(drift.get("PropertyDifferences", []))
    if drift["ResourceType"] != "AWS::RDS::DBInstance" or not differences:
        return differences
    rds = deployed.client(environment, "rds")
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier=drift["PhysicalResourceId"])["DBInstances"]
    pending = set(map(str, instance.get("PendingModifiedValues", {}).values()))
    return [
        each
        for each in differences
        if each["ExpectedValue"] not in pending
        and not (each["PropertyPath"] == "/AllocatedStorage" and int(each["ActualValue"]) > int(each["ExpectedValue"]))
    ]


def _failure(cloudformation: Any, stack: str, detection: str, deadline: float) -> str:
    """Wait for the detection, and return why it failed for some resources; it has examined the others."""
    while True:
        answer = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if answer["DetectionStatus"] == "DETECTION_FAILED":
            return str(answer.get("DetectionStatusReason", "no reason given"))
        if answer["DetectionStatus"] == "DETECTION_COMPLETE":
            return ""
        if time.monotonic() > deadline:
            raise CommandError(
                f"the drift detection of {stack} did not end within {DRIFT_SECONDS / 60:.0f} minutes: run this again"
            )
        time.sleep(_POLL_SECONDS)


def _drifts(cloudformation: Any, stack: str) -> Iterator[Mapping[str, Any]]:
    """The resources that differ, of all pages; boto3 has no paginator for them."""
    token: dict[str, str] = {}
    while True:
        page = cloudformation.describe_stack_resource_drifts(
            StackName=stack, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"], **token
        )
        yield from page["StackResourceDrifts"]
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
