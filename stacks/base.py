"""What all stacks share: their name, where they go, and the tags on what they hold."""

from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack, Tags
from constructs import Construct

from config import model

# Retained, except what a failed first deployment made: a log group left behind would block the next try by its name.
REMOVAL = {model.Removal.RETAIN: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE, model.Removal.DESTROY: RemovalPolicy.DESTROY}


class PlatformStack(Stack):
    """One capability of one environment, named `<project>-<environment>-<capability>`."""

    def __init__(
        self, scope: Construct, id_: str, *, config: model.Environment, description: str, protected: bool = False
    ) -> None:
        super().__init__(
            scope,
            id_,
            stack_name=f"{config.project}-{config.name}-{id_.lower()}",
            description=description,
            env=Environment(account=config.account, region=config.region),
            termination_protection=protected,
        )
        self.removal = REMOVAL[config.removal]
        Tags.of(self).add("Project", config.project)
        Tags.of(self).add("Environment", config.name)
        Tags.of(self).add("Stack", id_)

    def output(self, name: str, value: str, description: str) -> None:
        """Shows a value after the deployment, for people and for the local cloud; no stack reads it."""
        CfnOutput(self, name, value=value, description=description)
