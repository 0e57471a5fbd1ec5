"""Two stacks, one of which uses a policy of the other unless the context says not to; `test_deploy.py` deploys them."""

import json
from pathlib import Path

from aws_cdk import App, Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from config.environments import LOCAL
from stacks.expansion import keep

NAME = f"{LOCAL.project}-{LOCAL.name}-shared"


def main() -> None:
    """Synthesize the stacks."""
    app = App()
    scope = Construct(app, "Shared")
    owner, user = (Stack(scope, id_, stack_name=f"{NAME}-{id_.lower()}") for id_ in ("Owner", "User"))
    Tags.of(scope).add("Project", LOCAL.project)
    Tags.of(scope).add("Environment", LOCAL.name)
    role = iam.Role(user, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    iam.CfnRole(owner, "Other", assume_role_policy_document={"Version": "2012-10-17", "Statement": []})
    if not app.node.try_get_context("removed"):
        statement = iam.PolicyStatement(actions=["sqs:ListQueues"], resources=["*"])
        role.add_managed_policy(iam.ManagedPolicy(owner, "Policy", statements=[statement]))
    if kept := app.node.try_get_context("kept"):
        keep(scope, json.loads(Path(kept).read_text()))
    app.synth()


if __name__ == "__main__":
    main()
