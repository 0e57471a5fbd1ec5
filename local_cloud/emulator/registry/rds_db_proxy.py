"""RDS proxies: a record whose endpoint is the local database itself."""

from ..api import as_bool, chosen, client
from ..registration import Created, Made, Properties
from ..settings import settings


def _create(name: str, properties: Properties) -> Created:
    wanted = chosen(
        properties, "EngineFamily", "RoleArn", "VpcSubnetIds", "VpcSecurityGroupIds", "Auth", "DefaultAuthScheme"
    )
    made = client("rds").create_db_proxy(
        DBProxyName=properties["DBProxyName"], RequireTLS=as_bool(properties.get("RequireTLS", False)), **wanted
    )["DBProxy"]
    return made["DBProxyName"], {
        "DBProxyArn": made["DBProxyArn"],
        "Endpoint": settings().database_host,
        "VpcId": made.get("VpcId", ""),
    }


def _delete(physical_id: str, properties: Properties) -> None:
    client("rds").delete_db_proxy(DBProxyName=physical_id)


RESOURCE = Made(type="AWS::RDS::DBProxy", create=_create, delete=_delete)
