"""Associations of subnets with network ACLs, in the emulator's own records: its API does not return the current one."""

from __future__ import annotations

import secrets
from typing import Any

from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    association = f"aclassoc-{secrets.token_hex(8)}"
    _remove(properties["SubnetId"])
    _acls()[properties["NetworkAclId"]]["Associations"].append(
        {"NetworkAclAssociationId": association, "SubnetId": properties["SubnetId"]}
    )
    return association, {"AssociationId": association}


def _delete(physical_id: str, properties: Properties) -> None:
    _remove(properties["SubnetId"])


def _remove(subnet_id: str) -> None:
    for acl in _acls().values():
        acl["Associations"] = [each for each in acl["Associations"] if each["SubnetId"] != subnet_id]


def _acls() -> Any:
    from ministack.services import ec2  # noqa: PLC0415 - importable in the emulator's own process only

    return ec2._network_acls


RESOURCE = Made(type="AWS::EC2::SubnetNetworkAclAssociation", create=_create, delete=_delete)
