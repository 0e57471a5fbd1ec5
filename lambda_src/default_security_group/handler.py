"""The Lambda function behind the custom resource `Custom::EmptyDefaultSecurityGroup`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from common.cloudformation import respond

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

# The rules that AWS puts into every default group (Amazon VPC User Guide, "Default security groups for your VPCs").
# They are revoked without listing them first: IAM can limit revoking to one group, but not listing.
ANY_IPV4: Any = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ANY_IPV6: Any = {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
NOT_FOUND = "InvalidPermission.NotFound"
RESOURCE_ID = "empty-default-security-group"

_log = logging.getLogger(__name__)
_ec2 = cast("EC2Client", botocore.session.get_session().create_client("ec2"))


def handler(event: Mapping[str, Any], _: object) -> None:
    """Empty the group on Create and Update, leave it empty on Delete, and always respond."""
    succeeded, reason = True, "the group has no rules"
    try:
        if event["RequestType"] != "Delete":
            empty(_ec2, event["ResourceProperties"]["GroupId"])
    except (BotoCoreError, ClientError, KeyError) as error:
        _log.exception("emptying the default security group failed")
        succeeded, reason = False, f"emptying the default security group failed: {error}"
    respond(event, succeeded=succeeded, reason=reason, resource_id=RESOURCE_ID)


def empty(ec2: EC2Client, group: str) -> None:
    """Revoke the rules that AWS made; a rule that is already gone is no error."""
    own_members: Any = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    for revoke, rule in (
        (ec2.revoke_security_group_ingress, own_members),
        (ec2.revoke_security_group_egress, ANY_IPV4),
        (ec2.revoke_security_group_egress, ANY_IPV6),
    ):
        try:
            revoke(GroupId=group, IpPermissions=[rule])
        except ClientError as error:
            if error.response["Error"]["Code"] != NOT_FOUND:
                raise
