"""Elastic IP addresses."""

from ..api import client, tags
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    made = client("ec2").allocate_address(Domain="vpc", **tags(properties, "elastic-ip"))
    return made["PublicIp"], {"AllocationId": made["AllocationId"], "PublicIp": made["PublicIp"]}


def _delete(physical_id: str, properties: Properties) -> None:
    for address in client("ec2").describe_addresses(PublicIps=[physical_id])["Addresses"]:
        client("ec2").release_address(AllocationId=address["AllocationId"])


RESOURCE = Made(type="AWS::EC2::EIP", create=_create, delete=_delete)
