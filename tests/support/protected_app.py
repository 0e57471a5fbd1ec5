"""A stack with a protected database, whose creation fails if the context says so; `test_deploy.py` deploys it."""

from aws_cdk import App, CustomResource, Stack, Tags
from aws_cdk import aws_rds as rds
from constructs import Construct

from config.environments import LOCAL
from stacks.protection import leave_unprotected

NAME = f"{LOCAL.project}-{LOCAL.name}-protected"


def main() -> None:
    """Synthesize the stack."""
    app = App()
    scope = Construct(app, "Protected")
    stack = Stack(scope, "Data", stack_name=NAME, termination_protection=True)
    Tags.of(stack).add("Project", LOCAL.project)
    Tags.of(stack).add("Environment", LOCAL.name)
    database = rds.CfnDBInstance(
        stack,
        "Database",
        engine="postgres",
        db_instance_class="db.t4g.small",
        allocated_storage="20",
        master_username="administrator",
        manage_master_user_password=True,
        deletion_protection=True,
    )
    if app.node.try_get_context("fails"):
        missing = f"arn:{stack.partition}:lambda:{stack.region}:{stack.account}:function:missing"
        CustomResource(stack, "Failure", service_token=missing).node.add_dependency(database)
    leave_unprotected(scope, (app.node.try_get_context("unprotected") or "").split(","))
    app.synth()


if __name__ == "__main__":
    main()
