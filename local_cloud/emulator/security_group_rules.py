"""Shared code of the two types of stand-alone security group rules."""

from __future__ import annotations

from typing import Any

from .registration import Properties


def rule(properties: Properties, peer: str) -> dict[str, Any]:
    """The arguments of EC2's authorize and revoke calls; `peer` is "Source" or "Destination"."""
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
