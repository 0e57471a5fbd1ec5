"""Finds the operations function of a deployed environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.common.environment import DeployedEnvironment
from ops.ingestion import deployed
from ops.ingestion.deployed import DeployedIngestion

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True, kw_only=True)
class DeployedOperations:
    """The operations functions of one environment, and the ingestion whose files they know."""

    ingestion: DeployedIngestion
    function_name: str
    erasure_function_name: str
    functions: LambdaClient


def find(environment: DeployedEnvironment) -> DeployedOperations:
    """Reads the outputs of the stacks. Raises CommandError if one is missing."""
    operations = environment.outputs("operations")
    return DeployedOperations(
        ingestion=deployed.find(environment),
        function_name=operations["OperationsFunctionName"],
        erasure_function_name=operations["ErasureFunctionName"],
        functions=environment.session.client("lambda"),
    )
