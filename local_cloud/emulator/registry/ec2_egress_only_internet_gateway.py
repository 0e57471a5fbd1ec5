"""Egress-only internet gateways (IPv6)."""

from ..api import client
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    made = client("ec2").create_egress_only_internet_gateway(VpcId=properties["VpcId"])
    gateway = made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    return gateway, {"Id": gateway}


def _delete(physical_id: str, properties: Properties) -> None:
    client("ec2").delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=physical_id)


RESOURCE = Made(type="AWS::EC2::EgressOnlyInternetGateway", create=_create, delete=_delete)
