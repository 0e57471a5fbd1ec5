"""How an account and region are prepared for `cdk deploy`, and what the result is named."""

import hashlib
from dataclasses import dataclass

DEFAULT_QUALIFIER = "hnb659fds"  # of the CDK: part of the names of everything that `cdk bootstrap` makes
# CloudFormation makes a name of the stack's name, the logical id and a random tail. Names of 63 or 64 characters
# have room for 25 of the stack's name (undocumented, seen in accounts).
_STACK_NAME_IN_NAMES = 25


@dataclass(frozen=True)
class SharedBootstrap:
    """`cdk bootstrap`, which all projects of the account and region share: CloudFormation may do everything."""


@dataclass(frozen=True)
class OwnBootstrap:
    """`make bootstrap`, for this environment alone.

    CloudFormation may do what the templates need, and each role has a permissions boundary.
    """


Bootstrap = SharedBootstrap | OwnBootstrap


@dataclass(frozen=True, kw_only=True)
class BootstrapNames:
    """The names of what `make bootstrap` makes for an environment, or would make.

    None starts with `prefix`: a deployment may change what does.
    """

    project: str
    environment: str

    @property
    def prefix(self) -> str:
        """The start of the names of the environment's resources."""
        return f"{self.project}-{self.environment}-"[:_STACK_NAME_IN_NAMES]

    @property
    def qualifier(self) -> str:
        """What the CDK tells bootstraps in one account apart by: up to ten letters and digits."""
        return hashlib.sha256(f"{self.project}-{self.environment}".encode()).hexdigest()[:10]

    @property
    def toolkit_stack(self) -> str:
        """The stack of `cdk bootstrap`."""
        return f"CDKToolkit-{self.project}-{self.environment}"

    @property
    def policies_stack(self) -> str:
        """The stack with the policies and the boundary."""
        return f"CDKPolicies-{self.project}-{self.environment}"

    @property
    def boundary(self) -> str:
        """The policy that limits each role of the environment."""
        return f"cdk-{self.qualifier}-boundary"

    def execution_policy(self, number: int) -> str:
        """One of the policies of CloudFormation's role."""
        return f"cdk-{self.qualifier}-execution-{number}"
