"""NAT gateways, zonal and regional."""

from ..api import chosen, client, tags
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    wanted = chosen(properties, "SubnetId", "AllocationId", "ConnectivityType", "VpcId", "AvailabilityMode")
    made = client("ec2").create_nat_gateway(**wanted, **tags(properties, "natgateway"))["NatGateway"]
    return made["NatGatewayId"], {"NatGatewayId": made["NatGatewayId"]}


def _delete(physical_id: str, properties: Properties) -> None:
    client("ec2").delete_nat_gateway(NatGatewayId=physical_id)


RESOURCE = Made(type="AWS::EC2::NatGateway", create=_create, delete=_delete)
