"""The one way to accept a finding: recorded, narrow, and with a reason that says what would change our mind."""

from aws_cdk import Acknowledgment, Validations
from constructs import Construct

AWS_SOLUTIONS = "AwsSolutions"
NIST, HIPAA, PCI = "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"
SERVERLESS = "Serverless"
# Between the two halves of a recorded reason: why, and what would change our mind.
WOULD_CHANGE = "; would change "
ANNOTATION = "Annotation"  # what the CDK itself warns of


def acknowledge(construct: Construct, *findings: str, reason: str, would_change: str) -> None:
    """Accepts `findings` on `construct` and what is below it, for one cause: one entry of docs/acknowledgements.md.

    Name them with `by`, one call for each rule. `would_change` completes "we would change our mind ...".
    """
    for finding in findings:
        Validations.of(construct).acknowledge(
            Acknowledgment(id=finding, reason=f"{reason}{WOULD_CHANGE}{would_change}")
        )


def by(*packs: str, rule: str) -> list[str]:
    """What those packs find under the name `rule`.

    A granular rule names the one finding it means: "IAM5[Resource::*]".
    """
    # With the pack's name before it: else cdk-nag keeps no record of the acknowledgement in the validation report.
    return [f"{pack}::{rule if pack == ANNOTATION else f'{pack}-{rule}'}" for pack in packs]
