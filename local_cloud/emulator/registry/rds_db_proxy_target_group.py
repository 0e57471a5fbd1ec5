"""Target groups of RDS proxies."""

from ..api import chosen, client
from ..registration import Created, Made, Properties


def _create(name: str, properties: Properties) -> Created:
    client("rds").register_db_proxy_targets(**_targets(properties))
    proxy = properties["DBProxyName"]
    group = client("rds").describe_db_proxy_target_groups(DBProxyName=proxy)["TargetGroups"][0]["TargetGroupArn"]
    return group, {"TargetGroupArn": group}


def _delete(physical_id: str, properties: Properties) -> None:
    client("rds").deregister_db_proxy_targets(**_targets(properties))


def _targets(properties: Properties) -> Properties:
    return {
        "DBProxyName": properties["DBProxyName"],
        "TargetGroupName": properties.get("TargetGroupName", "default"),
        **chosen(properties, "DBInstanceIdentifiers", "DBClusterIdentifiers"),
    }


RESOURCE = Made(type="AWS::RDS::DBProxyTargetGroup", create=_create, delete=_delete)
