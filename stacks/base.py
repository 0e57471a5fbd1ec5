"""The base class of all stacks: name, account, region, and the tags of resources."""

from aws_cdk import (
    CfnOutput,
    DefaultStackSynthesizer,
    IStackSynthesizer,
    PermissionsBoundary,
    RemovalPolicy,
    Stack,
    Tags,
)
from aws_cdk import Environment as Target
from constructs import Construct

from components.common.workload_role import AccessPolicy
from config.bootstrap import OwnBootstrap
from config.model import Environment, Removal

# Kept, except for what a failed first deployment made, which would be left behind with every attempt.
REMOVAL = {Removal.RETAIN: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, Removal.DESTROY: RemovalPolicy.DESTROY}


class PlatformStack(Stack):
    """One stack of one environment, named `<project>-<environment>-<stack>`."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment, description: str) -> None:
        super().__init__(
            scope,
            id_,
            stack_name=f"{environment.project}-{environment.name}-{id_.lower()}",
            description=description,
            env=Target(account=environment.account, region=environment.region),
            termination_protection=environment.termination_protection,
            synthesizer=self.synthesizer_for(environment),
            permissions_boundary=self.boundary_for(environment),
        )
        self.removal = REMOVAL[environment.removal]
        Tags.of(self).add("Project", environment.project)
        Tags.of(self).add("Environment", environment.name)
        Tags.of(self).add("Stack", id_)

    @staticmethod
    def synthesizer_for(environment: Environment) -> IStackSynthesizer:
        """With which roles the stack is deployed: those of the bootstrap."""
        return DefaultStackSynthesizer(qualifier=environment.qualifier)

    @staticmethod
    def boundary_for(environment: Environment) -> PermissionsBoundary | None:
        """The most that the stack's roles may do: the boundary of the environment's own bootstrap."""
        if isinstance(environment.bootstrap, OwnBootstrap):
            return PermissionsBoundary.from_name(environment.bootstrap_names.boundary)
        return None

    def allow_verify(self, policy: AccessPolicy) -> None:
        """Allows what the checks of `make verify` do in this stack besides reading settings: by default nothing."""

    def output(self, name: str, value: str, description: str) -> None:
        """Adds an output for people and for the commands in `ops/`. No stack reads it."""
        CfnOutput(self, name, value=value, description=description)
