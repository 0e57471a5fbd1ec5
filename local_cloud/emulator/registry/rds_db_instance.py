"""RDS instances: the emulator keeps only a record; this creates the master user and the database in PostgreSQL.

The emulator's provisioner also deletes instances that are protected.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import Any

from local_cloud.database_roles import create_master_user, drop_database

from ..api import as_bool, chosen, client
from ..registration import Attributes, Completed, Properties
from ..settings import settings

# All instances are one server here, so those with the same master user share its password.
_passwords: dict[str, str] = {}


def _complete(physical_id: str, properties: Properties, attributes: Attributes) -> Attributes:
    record = _record(physical_id)
    if "MasterUserSecret" not in record:
        user = properties["MasterUsername"]
        password = properties.get("MasterUserPassword") or _passwords.setdefault(user, secrets.token_urlsafe(24))
        create_master_user(
            settings().database_superuser_url,
            username=user,
            password=password,
            database=properties.get("DBName"),
        )
        if as_bool(properties.get("ManageMasterUserPassword", False)):
            record["MasterUserSecret"] = _secret(record, properties, password)
    # The emulator's own address is an invented name.
    record["Endpoint"] |= {"Address": settings().database_host, "Port": settings().database_port}
    completed = {"Endpoint.Address": settings().database_host, "Endpoint.Port": str(settings().database_port)}
    if "MasterUserSecret" in record:
        completed["MasterUserSecret.SecretArn"] = record["MasterUserSecret"]["SecretArn"]
    return completed


def _secret(record: dict[str, Any], properties: Properties, password: str) -> dict[str, str]:
    """The secret that RDS creates when it manages the master user's password."""
    key = (properties.get("MasterUserSecret") or {}).get("KmsKeyId")
    made = client("secretsmanager").create_secret(
        Name=f"rds!{record['DbiResourceId'].lower()}",
        SecretString=json.dumps({"username": properties["MasterUsername"], "password": password}),
        **chosen({"KmsKeyId": key}, "KmsKeyId"),
    )
    return {"SecretArn": made["ARN"], "SecretStatus": "active", "KmsKeyId": key or ""}


def _record(identifier: str) -> dict[str, Any]:
    from ministack.services import rds  # noqa: PLC0415 - importable in the emulator's own process only

    record: dict[str, Any] = rds._instances[identifier]
    return record


def _delete(physical_id: str, properties: Properties) -> None:
    rds = client("rds")
    with contextlib.suppress(rds.exceptions.DBInstanceNotFoundFault):
        rds.delete_db_instance(DBInstanceIdentifier=physical_id, SkipFinalSnapshot=True)
        if properties.get("DBName"):
            drop_database(settings().database_superuser_url, properties["DBName"])


RESOURCE = Completed(type="AWS::RDS::DBInstance", complete=_complete, delete=_delete)
