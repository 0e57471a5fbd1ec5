"""Which network ACL a subnet has. Written into the emulator's own records: its API knows no subnet's present one."""

from __future__ import annotations

import secrets
from typing import Any

from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    association = f"aclassoc-{secrets.token_hex(8)}"
    _forget(properties["SubnetId"])
    _lists()[properties["NetworkAclId"]]["Associations"].append(
        {"NetworkAclAssociationId": association, "SubnetId": properties["SubnetId"]}
    )
    return association, {"AssociationId": association}


def _delete(physical_id: str, properties: Properties) -> None:
    _forget(properties["SubnetId"])


def _forget(subnet_id: str) -> None:
    for acl in _lists().values():
        acl["Associations"] = [each for each in acl["Associations"] if each["SubnetId"] != subnet_id]


def _lists() -> Any:
    from ministack.services import ec2  # noqa: PLC0415 - importable in the emulator's own process only

    return ec2._network_acls


RESOURCE = Made(type="AWS::EC2::SubnetNetworkAclAssociation", create=_create, delete=_delete)
