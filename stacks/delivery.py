"""Roles with which workflows on GitHub deploy and check this environment."""

from collections.abc import Iterable

from aws_cdk import IStackSynthesizer, LegacyStackSynthesizer, PermissionsBoundary
from constructs import Construct

from components.delivery.delivery import Delivery
from config.bootstrap import DEFAULT_QUALIFIER
from config.delivery import DeliveryConfig
from config.model import TEMPORARY_PREFIX, Environment
from stacks.base import PlatformStack


class DeliveryStack(PlatformStack):
    """Trusts environments of one repository on GitHub, and gives each what its workflows do.

    People deploy it with their own credentials. With the roles of the bootstrap, a workflow could change what it is
    itself trusted with.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        config: DeliveryConfig,
        verified: Iterable[PlatformStack],
    ) -> None:
        """`verified` are the stacks that `make verify` checks."""
        super().__init__(scope, id_, environment=environment, description="Roles for workflows on GitHub")
        delivery = Delivery(
            self,
            "Delivery",
            config=config,
            prefix=f"{environment.project}-{environment.name}-",
            qualifier=environment.qualifier,
        )
        for stack in verified:
            stack.allow_verify(delivery.verify_policy)
        self.output("DeployRoleArn", delivery.deploy_role.role_arn, f"Of {config.github_environment} on GitHub")
        self.output("VerifyRoleArn", delivery.verify_role.role_arn, f"Of {config.verify_environment} on GitHub")
        if config.pull_requests:
            name = config.pull_requests.github_environment
            role = delivery.pull_requests_role(
                name, prefix=f"{environment.project}-{TEMPORARY_PREFIX}", qualifier=DEFAULT_QUALIFIER
            )
            self.output("PullRequestsRoleArn", role.role_arn, f"Of {name} on GitHub")

    @staticmethod
    def synthesizer_for(environment: Environment) -> IStackSynthesizer:
        """None of the bootstrap's roles. `BootstraplessSynthesizer` names them: it only does without the bucket."""
        return LegacyStackSynthesizer()

    @staticmethod
    def boundary_for(environment: Environment) -> PermissionsBoundary | None:
        """None: the boundary denies what a deployment starts with."""
        return None
