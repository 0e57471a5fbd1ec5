"""Finds a deployed environment, and the outputs of its stacks."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from config.model import Environment
from config.temporary import is_temporary
from ops.common.errors import CommandError

DEFAULT_ENVIRONMENT = "dev"
# Of every client. A function that a command invokes may take a minute to answer.
_CLIENT_CONFIG = Config(connect_timeout=5, read_timeout=90, retries={"mode": "standard", "total_max_attempts": 4})
_LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True, kw_only=True)
class DeployedEnvironment:
    """One environment, and the session that reaches it."""

    name: str
    project: str
    is_local: bool  # on this machine
    account: str = ""  # that it must be in; empty if any is right
    session: boto3.session.Session

    @property
    def label(self) -> str:
        """How messages name it."""
        if self.is_local:
            return "the local cloud"
        region = self.session.region_name
        return f"{self.name} in {region}" if region else self.name

    def outputs(self, stack: str) -> StackOutputs:
        """The outputs of `<project>-<name>-<stack>`. Raises CommandError if the stack does not exist."""
        stack_name = f"{self.project}-{self.name}-{stack}"
        deploy = "run `make up`" if self.is_local else f"run `make deploy ENV={self.name}`"
        cloudformation = self.session.client("cloudformation")
        try:
            (found,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            raise CommandError(
                f"the stack {stack_name} is not deployed in {self.session.region_name}: {deploy}, "
                f"or choose another ENV or REGION (config/environments.py says what {self.name} consists of)"
            ) from error
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        return StackOutputs(outputs, missing=f"an older version of this code deployed the stack {stack_name}: {deploy}")


class StackOutputs(dict[str, str]):
    """Outputs by name. Reading one that the stack lacks raises CommandError, which says `missing`."""

    def __init__(self, outputs: Mapping[str, str], *, missing: str) -> None:
        super().__init__(outputs)
        self._missing = missing

    def __missing__(self, name: str) -> str:
        raise CommandError(f"the output {name} is missing; {self._missing}")


def configuration(name: str) -> Environment:
    """The values of the environment of that name. Raises ConfigError if those of any environment are invalid."""
    # Here, because the import raises ConfigError, which command lines report in one line.
    from config.environments import named  # noqa: PLC0415 - see above

    return named(name)


def find(environment: str, region: str, variables: Mapping[str, str] = os.environ) -> DeployedEnvironment:
    """The environment of that name. An empty name means the local cloud if the shell is set up for it, otherwise dev.

    An empty region means the environment's own, or the shell's if it has none. Raises CommandError or ConfigError;
    calls nothing in AWS.
    """
    # Here, because importing the environments raises ConfigError if one of them is invalid.
    from config.environments import ENVIRONMENTS, LOCAL  # noqa: PLC0415 - see above

    endpoint = variables.get("AWS_ENDPOINT_URL", "")
    shell_is_local = urlsplit(endpoint).hostname in _LOOPBACK
    name = environment or (LOCAL.name if shell_is_local else DEFAULT_ENVIRONMENT)
    is_local = name == LOCAL.name
    if name not in ENVIRONMENTS and not is_temporary(name):
        raise CommandError(f"ENV must be one of {', '.join(ENVIRONMENTS)}, got {name!r}: see config/environments.py")
    if is_local and not shell_is_local:
        raise CommandError("this shell is not set up for the local cloud: run `make up`, then `source .local/env.sh`")
    if shell_is_local and not is_local:
        raise CommandError(
            f"this shell is set up for the local cloud (AWS_ENDPOINT_URL={endpoint}), but ENV={name} is on AWS: "
            "use a new shell, or ENV=local"
        )
    # boto3 itself reads only AWS_DEFAULT_REGION. The local cloud has one region, that of its shell.
    configured = None if is_local else region or configuration(name).region
    chosen = configured or variables.get("AWS_REGION")
    core = botocore.session.Session()
    core.set_default_client_config(_CLIENT_CONFIG)
    session = boto3.session.Session(region_name=chosen, botocore_session=core)
    return DeployedEnvironment(
        name=name,
        project=configuration(name).project,
        is_local=is_local,
        account=configuration(name).account or "",
        session=session,
    )
