"""Outputs, tags, removal and protection of every stack."""

from tests.mutants.mutant import Mutant

DATA = "tests/stacks/test_data.py"
EVERY_STACK = "tests/stacks/test_every_stack.py"

MUTANTS = (
    Mutant(
        name="prod's data is deleted with its stacks",
        file="config/environments.py",
        old="removal=Removal.RETAIN",
        new="removal=Removal.DESTROY",
        test=f"{DATA}::test_buckets_keys_and_log_groups_are_retained_when_their_stack_is_deleted[prod]",
        says="'Delete'",
    ),
    Mutant(
        name="prod's stacks have no termination protection",
        file="config/environments.py",
        old="termination_protection=True",
        new="termination_protection=False",
        test=f"{EVERY_STACK}::test_staging_and_prod_have_termination_protection[prod]",
        says="Foundation",
    ),
    Mutant(
        name="no stack has termination protection",
        file="stacks/base.py",
        old="termination_protection=environment.termination_protection",
        new="termination_protection=False",
        test=f"{EVERY_STACK}::test_staging_and_prod_have_termination_protection[prod]",
        says="no termination protection",
    ),
    Mutant(
        name="resources have no environment tag",
        file="stacks/base.py",
        old='        Tags.of(self).add("Environment", environment.name)\n',
        new="",
        test=f"{EVERY_STACK}::test_everything_is_tagged_with_its_project_environment_and_stack[prod]",
        says="Environment",
    ),
    Mutant(
        name="dev retains resources when its stacks are deleted",
        file="config/environments.py",
        old="removal=Removal.DESTROY",
        new="removal=Removal.RETAIN",
        test=f"{DATA}::test_dev_retains_no_resource_when_its_stacks_are_deleted",
        says="KeysData",
    ),
    Mutant(
        name="outputs are exported",
        file="stacks/base.py",
        old="CfnOutput(self, name, value=value, description=description)",
        new='CfnOutput(self, name, value=value, description=description, export_name=f"{self.stack_name}-{name}")',
        test=f"{EVERY_STACK}::test_stacks_export_nothing[prod]",
        says="Export",
    ),
)
