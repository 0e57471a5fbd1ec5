"""The Lambda function behind the custom resource `Custom::SchemaMigration`."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast

import botocore.session
import psycopg.conninfo
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from . import answer
from .migrate import MigrationError, connect, migrate
from .settings import Settings, SettingsError

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

RESOURCE_ID = "schema-migration"  # never changes: a new one would make CloudFormation delete the old "resource"
_ANSWER_SECONDS = 20.0  # what is left of the function's time for answering
_CONNECT_SECONDS = 120.0  # a database that RDS calls available answers long before

_log = logging.getLogger(__name__)
logging.getLogger(__package__).setLevel(logging.INFO)


class Context(Protocol):
    """What is used of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Migrate on Create and Update, do nothing on Delete, and always answer."""
    succeeded, reason, data = False, "", {}
    try:
        if event["RequestType"] == "Delete":
            succeeded, reason = True, "the schema and its data stay: they go with the database"
        else:
            revision = _migrate(Settings.from_env(os.environ), context)
            succeeded, reason, data = True, f"the schema is at revision {revision}", {"Revision": revision}
    except (MigrationError, SettingsError) as error:
        reason = str(error)
    except (BotoCoreError, ClientError) as error:
        reason = f"the database's secret can't be read: {error}"
    except Exception as error:  # CloudFormation must have its answer, or it waits for the whole timeout
        _log.exception("unexpected")
        reason = f"unexpected {type(error).__name__}; the function's log group has the details"
    _log.log(logging.INFO if succeeded else logging.ERROR, "%s: %s", event.get("RequestType"), reason)
    response = answer.body(event, succeeded=succeeded, reason=reason, resource_id=_resource_id(event), data=data)
    answer.send(event["ResponseURL"], response)


def _migrate(settings: Settings, context: Context) -> str:
    secret = json.loads(_secrets().get_secret_value(SecretId=settings.database_secret_arn)["SecretString"])
    # A new database takes the password only. Once the migrations have made roles that belong to rds_iam, their maker
    # counts as a member too (PostgreSQL 16 and later), and RDS takes members of rds_iam by token only.
    passwords = (secret["password"], _token(settings, secret["username"]))
    ways = [
        psycopg.conninfo.make_conninfo(
            host=settings.database_host,
            port=settings.database_port,
            dbname=settings.database_name,
            user=secret["username"],
            password=password,
            sslmode="verify-full",
            sslrootcert=settings.ca_bundle,
        )
        for password in passwords
    ]
    connection = connect(ways, seconds=min(_CONNECT_SECONDS, _seconds_left(context)))
    return migrate(connection, seconds=_seconds_left(context))


def _token(settings: Settings, user: str) -> str:
    client = cast("RDSClient", botocore.session.get_session().create_client("rds"))
    return client.generate_db_auth_token(
        DBHostname=settings.database_host, Port=settings.database_port, DBUsername=user
    )


def _seconds_left(context: Context) -> float:
    return max(0.0, context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS)


def _resource_id(event: Mapping[str, Any]) -> str:
    return str(event.get("PhysicalResourceId") or RESOURCE_ID)


@cache
def _secrets() -> SecretsManagerClient:
    timeouts = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    client = botocore.session.get_session().create_client("secretsmanager", config=timeouts)
    return cast("SecretsManagerClient", client)
