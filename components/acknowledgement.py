"""The one way to accept a finding: recorded, narrow, and with a reason that says what would change our mind."""

import json

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import Construct

NIST = "NIST.800.53.R5"


def acknowledge(construct: Construct, *rules: str, reason: str, pack: str = "AwsSolutions") -> None:
    """Accepts `rules` of `pack` on `construct` and what is below it.

    Granular rules name the one finding they mean: "AwsSolutions-IAM5[Resource::*]".
    """
    for rule in rules:
        # Only with the pack's name before it does cdk-nag record the acknowledgement in the validation report.
        Validations.of(construct).acknowledge(Acknowledgment(id=f"{pack}::{rule}", reason=reason))


def in_another_stack(construct: Construct, output: str) -> str:
    """How cdk-nag writes, in another stack's findings, a value that `construct`'s stack publishes as `output`.

    The CDK makes that name from the value; where it changes, synth fails and prints the id it wants.
    """
    producer = Stack.of(construct)
    reference = {"StackName": producer.stack_name, "Region": producer.resolve(producer.region), "OutputName": output}
    return json.dumps({"Fn::GetStackOutput": reference}, separators=(",", ":"))
