"""Log groups that are encrypted with a customer-managed key and have a retention."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct


def log_group(
    scope: Construct, id_: str, *, key: kms.IKey, days: int, removal: RemovalPolicy, name: str | None = None
) -> logs.LogGroup:
    """A log group that keeps logs for `days`. Pass `name` only where AWS requires a certain name."""
    group = logs.LogGroup(scope, id_, log_group_name=name, encryption_key=key, removal_policy=removal)
    # The construct takes an enum instead of the number; config/checks.py checks which numbers are allowed.
    cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = days
    return group
