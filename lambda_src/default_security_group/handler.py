"""The Lambda function behind the custom resource `Custom::EmptyDefaultSecurityGroup`."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

# What AWS puts into each default group (Amazon VPC User Guide, "Default security groups for your VPCs"). These rules
# are taken out without looking: the right to look can't be narrowed to one group, the right to revoke can.
ANY_IPV4: Any = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ANY_IPV6: Any = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
NOT_THERE = "InvalidPermission.NotFound"
RESOURCE_ID = "empty-default-security-group"
TIMEOUT_SECONDS = 10

_log = logging.getLogger(__name__)
_ec2 = cast("EC2Client", botocore.session.get_session().create_client("ec2"))


def handler(event: Mapping[str, Any], _: object) -> None:
    """Empty the group on Create and Update, leave it empty on Delete, and always answer."""
    reason = None
    try:
        if event["RequestType"] != "Delete":
            empty(_ec2, event["ResourceProperties"]["GroupId"])
    except (BotoCoreError, ClientError, KeyError) as error:
        _log.exception("failed")
        reason = f"the default security group could not be emptied: {error}"[:1000]
    answer(event, reason)


def empty(ec2: EC2Client, group: str) -> None:
    """Revoke the rules that AWS made; those that are gone already are no error."""
    own_members: Any = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    for revoke, rule in (
        (ec2.revoke_security_group_ingress, own_members),
        (ec2.revoke_security_group_egress, ANY_IPV4),
        (ec2.revoke_security_group_egress, ANY_IPV6),
    ):
        try:
            revoke(GroupId=group, IpPermissions=[rule])
        except ClientError as error:
            if error.response["Error"]["Code"] != NOT_THERE:
                raise


def answer(event: Mapping[str, Any], reason: str | None) -> None:
    """Tell CloudFormation, which waits for it; `reason` is what went wrong, if anything did."""
    body = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    body |= {
        "Status": "FAILED" if reason else "SUCCESS",
        "Reason": reason or "the group has no rules",
        "PhysicalResourceId": RESOURCE_ID,
    }
    # The address is CloudFormation's own, signed for no content type, which urllib would otherwise add.
    request = urllib.request.Request(  # noqa: S310
        event["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
        pass
