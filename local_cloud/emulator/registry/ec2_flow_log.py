"""VPC flow logs."""

from ..api import chosen, client, tags
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    wanted = chosen(
        properties, "ResourceType", "TrafficType", "LogDestinationType", "LogDestination", "LogGroupName", "LogFormat",
        "DeliverLogsPermissionArn",
    )  # fmt: skip
    if properties.get("MaxAggregationInterval"):
        wanted["MaxAggregationInterval"] = int(properties["MaxAggregationInterval"])
    made = client("ec2").create_flow_logs(
        ResourceIds=[properties["ResourceId"]], **wanted, **tags(properties, "vpc-flow-log")
    )
    if made.get("Unsuccessful"):
        raise ValueError(f"flow log refused: {made['Unsuccessful']}")
    return made["FlowLogIds"][0], {"Id": made["FlowLogIds"][0]}


def _delete(physical_id: str, properties: Properties) -> None:
    client("ec2").delete_flow_logs(FlowLogIds=[physical_id])


RESOURCE = Made(type="AWS::EC2::FlowLog", create=_create, delete=_delete)
