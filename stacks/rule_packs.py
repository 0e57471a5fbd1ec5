"""The rule packs of cdk-nag, by the names that configuration and findings give them."""

from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, PCIDSS321Checks, ServerlessChecks
from constructs import Construct

from config.model import RulePack

CHECKS: dict[RulePack, type] = {
    "AwsSolutions": AwsSolutionsChecks,
    "NIST.800.53.R5": NIST80053R5Checks,
    "HIPAA.Security": HIPAASecurityChecks,
    "PCI.DSS.321": PCIDSS321Checks,
    "Serverless": ServerlessChecks,
}


def add_rule_packs(packs: tuple[RulePack, ...], scope: Construct) -> None:
    """Adds the rule packs to `scope`: each finding there that is not acknowledged fails the synthesis."""
    Validations.of(scope).add_plugins(*(CHECKS[pack](scope, verbose=True) for pack in packs))
