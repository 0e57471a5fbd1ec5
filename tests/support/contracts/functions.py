"""Lambda functions as the templates deploy them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from tests.support.contracts.rights import ANY, ENCRYPT, LOGS, arn, key_of_queue, via
from tests.support.contracts.runtimes import Right, Runtime

if TYPE_CHECKING:
    from tests.support.contracts.deployed import Deployed

FUNCTIONS = Path("lambda_src")
# Lambda attaches a function to its VPC with the function's role (AWS Lambda Developer Guide, "Giving Lambda functions
# access to resources in an Amazon VPC").
NETWORK_INTERFACES = {
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}
TRACES = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
# An event source mapping receives messages with the function's role (AWS Lambda Developer Guide, "Using Lambda with
# Amazon SQS").
CONSUMER = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


@dataclass(frozen=True, kw_only=True)
class Function(Runtime):
    """A function."""

    # AWS Lambda Developer Guide, "Defined runtime environment variables".
    FROM_AWS: ClassVar[Mapping[str, str]] = {"AWS_REGION": "eu-central-1"}
    IN_VPC: ClassVar[bool] = False  # Lambda makes these calls

    @property
    def node(self) -> str:
        """Its name in `checks.reachability`."""
        return "".join(word.capitalize() for word in self.package.split("_"))

    @property
    def timeout(self) -> int:
        """Seconds after which Lambda ends it."""
        return int(self.properties["Timeout"])

    def rights_beyond_calls(self, platform: Deployed) -> Iterator[Right]:
        """The calls that Lambda makes with the function's role, depending on the function's configuration."""
        stack = self.resource.stack
        group = platform.text(self.properties["LoggingConfig"]["LogGroup"], stack)
        yield from (Right(action, arn(group)) for action in LOGS)
        if self.properties.get("TracingConfig", {}).get("Mode") == "Active":
            yield from (Right(action, ANY) for action in TRACES)
        if "VpcConfig" in self.properties:
            yield from (Right(action, ANY) for action in NETWORK_INTERFACES)
        if "DeadLetterConfig" in self.properties:
            # AWS Lambda Developer Guide, "Adding a dead-letter queue".
            queue = platform.text(self.properties["DeadLetterConfig"]["TargetArn"], stack)
            yield Right("sqs:SendMessage", queue)
            yield from (Right(each, key_of_queue(platform, queue), via("sqs")) for each in ENCRYPT)
        for queue in platform.event_sources(self):
            yield from (Right(action, queue) for action in CONSUMER)
            yield Right("kms:Decrypt", key_of_queue(platform, queue), via("sqs"))
