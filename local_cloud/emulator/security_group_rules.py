"""Shared code of the two types of stand-alone security group rules."""

from __future__ import annotations

from typing import Any

from .api import client
from .registration import Created, Made, Properties


def stand_alone_rule(resource_type: str, *, direction: str, peer: str) -> Made:
    """A type of rule: `direction` is "ingress" or "egress", `peer` the start of its properties ("Source" or so)."""

    def create(name: str, properties: Properties) -> Created:
        authorize = getattr(client("ec2"), f"authorize_security_group_{direction}")
        rule_id = authorize(**_rule(properties, peer))["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return rule_id, {"Id": rule_id}

    def delete(physical_id: str, properties: Properties) -> None:
        getattr(client("ec2"), f"revoke_security_group_{direction}")(**_rule(properties, peer))

    return Made(type=resource_type, create=create, delete=delete)


def _rule(properties: Properties, peer: str) -> dict[str, Any]:
    permission: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
    for end in ("FromPort", "ToPort"):
        if properties.get(end) is not None:
            permission[end] = int(properties[end])
    note = {"Description": properties["Description"]} if properties.get("Description") else {}
    for name, ranges, key in (
        ("CidrIp", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        (f"{peer}SecurityGroupId", "UserIdGroupPairs", "GroupId"),
        (f"{peer}PrefixListId", "PrefixListIds", "PrefixListId"),
    ):
        if properties.get(name):
            permission[ranges] = [{key: properties[name], **note}]
    return {"GroupId": properties["GroupId"], "IpPermissions": [permission]}
