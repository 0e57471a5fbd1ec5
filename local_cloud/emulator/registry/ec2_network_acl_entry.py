"""Rules of network ACLs."""

from typing import Any

from ..api import as_bool, chosen, client
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    wanted: dict[str, Any] = chosen(properties, "CidrBlock", "Ipv6CidrBlock")
    if properties.get("PortRange"):
        wanted["PortRange"] = {end: int(properties["PortRange"][end]) for end in ("From", "To")}
    if properties.get("Icmp"):
        wanted["IcmpTypeCode"] = {part: int(properties["Icmp"][part]) for part in ("Type", "Code")}
    client("ec2").create_network_acl_entry(
        **_identity(properties), Protocol=str(properties["Protocol"]), RuleAction=properties["RuleAction"], **wanted
    )
    return name, {"Id": name}


def _delete(physical_id: str, properties: Properties) -> None:
    client("ec2").delete_network_acl_entry(**_identity(properties))


def _identity(properties: Properties) -> dict[str, Any]:
    return {
        "NetworkAclId": properties["NetworkAclId"],
        "RuleNumber": int(properties["RuleNumber"]),
        "Egress": as_bool(properties.get("Egress", False)),
    }


RESOURCE = Made(type="AWS::EC2::NetworkAclEntry", create=_create, delete=_delete)
