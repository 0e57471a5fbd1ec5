"""Acknowledges findings of rule packs, each with a reason and with what would change the decision."""

from aws_cdk import Acknowledgment, Validations
from constructs import Construct

AWS_SOLUTIONS = "AwsSolutions"
NIST, HIPAA, PCI = "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"
SERVERLESS = "Serverless"
# Separates the two parts of a recorded reason: why, and what would change the decision.
WOULD_CHANGE = "; would change "
ANNOTATION = "Annotation"  # warnings of the CDK itself


def acknowledge(construct: Construct, *findings: str, reason: str, would_change: str) -> None:
    """Accepts `findings` on `construct` and its children, for one reason: one entry of docs/acknowledgements.md.

    Name the findings with `by`, one call for each rule. `would_change` completes "we would change this decision ...".
    """
    for finding in findings:
        Validations.of(construct).acknowledge(
            Acknowledgment(id=finding, reason=f"{reason}{WOULD_CHANGE}{would_change}")
        )


def by(*packs: str, rule: str) -> list[str]:
    """The finding `rule` of each of those packs.

    A granular rule names one finding: "IAM5[Resource::*]".
    """
    # With the pack's name as a prefix. Without it cdk-nag leaves no record in the validation report.
    return [f"{pack}::{rule if pack == ANNOTATION else f'{pack}-{rule}'}" for pack in packs]
