"""The Lambda function behind the custom resource `Custom::SchemaMigration`."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import botocore.session
import psycopg.conninfo
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from common.cloudformation import respond
from common.database import iam_token, parameters
from common.permissions import LIMIT_SECONDS, retry_while_denied
from common.settings import SettingsError

from .migrate import MigrationError, connect, migrate
from .settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from common.context import Context

RESOURCE_ID = "schema-migration"
_RESPONSE_SECONDS = 20.0  # reserved for responding before Lambda ends the function
_CONNECT_SECONDS = 120.0  # an available database accepts connections much sooner

_log = logging.getLogger(__name__)
logging.getLogger(__package__).setLevel(logging.INFO)


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Migrate on Create and Update, do nothing on Delete, and always respond."""
    succeeded, reason, data = False, "", {}
    try:
        if event["RequestType"] == "Delete":
            succeeded, reason = True, "the schema and its data are kept until the database is deleted"
        else:
            datasets = event["ResourceProperties"]["Datasets"]
            revision = _migrate(Settings.from_env(os.environ), datasets, context)
            succeeded, reason, data = True, f"the schema is at revision {revision}", {"Revision": revision}
    except (MigrationError, SettingsError) as error:
        reason = str(error)
    except (BotoCoreError, ClientError) as error:
        reason = f"reading the database's secret failed: {error}"
    except Exception as error:  # without a response CloudFormation waits for its whole timeout
        _log.exception("unexpected error")
        reason = f"unexpected {type(error).__name__}; the function's log group has the details"
    _log.log(logging.INFO if succeeded else logging.ERROR, "%s: %s", event.get("RequestType"), reason)
    respond(event, succeeded=succeeded, reason=reason, resource_id=RESOURCE_ID, data=data)


def _migrate(settings: Settings, datasets: Sequence[str], context: Context) -> str:
    answer = retry_while_denied(
        lambda: _secrets().get_secret_value(SecretId=settings.secret_arn),
        seconds=min(LIMIT_SECONDS, _seconds_left(context)),
    )
    secret = json.loads(answer["SecretString"])
    user = secret["username"]
    # A new database accepts only the password. After the migrations have created roles that are members of rds_iam,
    # PostgreSQL 16 and later count the creator as a member too, and RDS accepts only tokens from members.
    passwords = (secret["password"], iam_token(settings.database, user=user, session=botocore.session.get_session()))
    candidates = [
        psycopg.conninfo.make_conninfo(**parameters(settings.database, user=user, password=password))
        for password in passwords
    ]
    connection = connect(candidates, seconds=min(_CONNECT_SECONDS, _seconds_left(context)))
    return migrate(connection, seconds=_seconds_left(context), datasets=datasets)


def _seconds_left(context: Context) -> float:
    return max(0.0, context.get_remaining_time_in_millis() / 1000 - _RESPONSE_SECONDS)


@cache
def _secrets() -> SecretsManagerClient:
    timeouts = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
    client = botocore.session.get_session().create_client("secretsmanager", config=timeouts)
    return cast("SecretsManagerClient", client)
