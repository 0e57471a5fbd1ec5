"""Network ACLs."""

from ..api import client, tags
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    made = client("ec2").create_network_acl(VpcId=properties["VpcId"], **tags(properties, "network-acl"))
    acl = made["NetworkAcl"]["NetworkAclId"]
    return acl, {"Id": acl}


def _delete(physical_id: str, properties: Properties) -> None:
    client("ec2").delete_network_acl(NetworkAclId=physical_id)


RESOURCE = Made(type="AWS::EC2::NetworkAcl", create=_create, delete=_delete)
