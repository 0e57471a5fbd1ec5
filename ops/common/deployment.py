"""Finds the deployment that is meant, by the outputs of its stacks, and how to speak to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud.cloud import LocalCloud
from local_cloud.state import CHECKOUT
from ops.common.errors import OperationsError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

DEFAULT_ENVIRONMENT = "dev"
# Longer than the operations function may take, which is a minute.
_TIMEOUTS = Config(connect_timeout=5, read_timeout=90, retries={"mode": "standard", "total_max_attempts": 4})
STATE = CHECKOUT / ".local"  # where `make up` keeps the local cloud
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One environment, deployed: what its parts are called, and the clients that reach them."""

    name: str
    place: str
    landing_bucket: str
    incoming_prefix: str
    queue_url: str
    dead_letter_queue_url: str
    undelivered_queue_url: str
    operations_function: str
    rule_arn: str
    archive_arn: str | None  # a fork may do without
    s3: S3Client
    sqs: SQSClient
    events: EventBridgeClient
    functions: LambdaClient


def find(environment: str | None, region: str | None, variables: Mapping[str, str] = os.environ) -> Deployment:
    """The deployment of `environment`; where none is named, the local cloud that the shell speaks to, or else dev.

    Raises OperationsError, LocalCloudError, ConfigError or botocore's errors where it can't be found.
    """
    # Here, because a value of the configuration that isn't allowed stops this import.
    from config.environments import ENVIRONMENTS, LOCAL  # noqa: PLC0415 - see above

    endpoint = variables.get("AWS_ENDPOINT_URL", "")
    shell_is_local = urlsplit(endpoint).hostname in _LOOPBACK
    name = environment or (LOCAL.name if shell_is_local else DEFAULT_ENVIRONMENT)
    if name not in ENVIRONMENTS:
        raise OperationsError(
            f"ENV must be one of {', '.join(ENVIRONMENTS)}, got {name!r}: config/environments.py has them"
        )
    project = ENVIRONMENTS[name].project
    if name == LOCAL.name:
        session = boto3.session.Session() if shell_is_local else _local_session()
    elif shell_is_local:
        raise OperationsError(
            f"this shell speaks to the local cloud (AWS_ENDPOINT_URL={endpoint}, from .local/env.sh), "
            f"and ENV={name} is on AWS: use a new shell, or ENV=local"
        )
    else:
        session = boto3.session.Session(region_name=region)
    stack = f"{project}-{name}"
    data, pipeline, operations = (
        _outputs(session, f"{stack}-{each}", name) for each in ("data", "pipeline", "operations")
    )
    try:
        return Deployment(
            name=name,
            place="the local cloud" if name == LOCAL.name else f"{name} in {session.region_name}",
            landing_bucket=data["LandingBucketName"],
            incoming_prefix=data["IncomingPrefix"],
            queue_url=pipeline["QueueUrl"],
            dead_letter_queue_url=pipeline["DeadLetterQueueUrl"],
            undelivered_queue_url=pipeline["UndeliveredQueueUrl"],
            operations_function=operations["OperationsFunctionName"],
            rule_arn=pipeline["RuleArn"],
            archive_arn=pipeline.get("ArchiveArn"),
            s3=session.client("s3", config=_TIMEOUTS),
            sqs=session.client("sqs", config=_TIMEOUTS),
            events=session.client("events", config=_TIMEOUTS),
            functions=session.client("lambda", config=_TIMEOUTS),
        )
    except KeyError as error:
        raise OperationsError(
            f"the stacks of {stack} have no output {error}: they are older than this checkout; {_deploy(name)}"
        ) from error


def _local_session() -> boto3.session.Session:
    cloud = LocalCloud(STATE)
    cloud.outputs()  # raises LocalCloudError, which names the command to run, where nothing is up
    return cloud.session()


def _outputs(session: boto3.session.Session, stack: str, name: str) -> dict[str, str]:
    try:
        (found,) = session.client("cloudformation", config=_TIMEOUTS).describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise OperationsError(f"the stack {stack} is not deployed in {session.region_name}: {_deploy(name)}") from error
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _deploy(name: str) -> str:
    return "run `make up`" if name == "local" else f"run `make deploy ENV={name}`, or name another ENV or REGION"
