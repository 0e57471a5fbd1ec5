"""Which network ACL a subnet has; without this it has the VPC's default one."""

from ..api import client
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    made = client("ec2").replace_network_acl_association(
        AssociationId=_current(properties["SubnetId"])["NetworkAclAssociationId"],
        NetworkAclId=properties["NetworkAclId"],
    )
    return made["NewAssociationId"], {"AssociationId": made["NewAssociationId"]}


def _delete(physical_id: str, properties: Properties) -> None:
    subnet = client("ec2").describe_subnets(SubnetIds=[properties["SubnetId"]])["Subnets"][0]
    filters = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "default", "Values": ["true"]}]
    default = client("ec2").describe_network_acls(Filters=filters)["NetworkAcls"][0]
    client("ec2").replace_network_acl_association(AssociationId=physical_id, NetworkAclId=default["NetworkAclId"])


def _current(subnet_id: str) -> dict[str, str]:
    filters = [{"Name": "association.subnet-id", "Values": [subnet_id]}]
    for acl in client("ec2").describe_network_acls(Filters=filters)["NetworkAcls"]:
        for association in acl["Associations"]:
            if association["SubnetId"] == subnet_id:
                return dict(association)
    raise ValueError(f"subnet {subnet_id} has no network ACL")


RESOURCE = Made(type="AWS::EC2::SubnetNetworkAclAssociation", create=_create, delete=_delete)
