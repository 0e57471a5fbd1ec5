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
        test=f"{DATA}::test_what_holds_data_or_opens_it_outlives_its_stack[prod]",
        says="'Delete'",
    ),
    Mutant(
        name="prod's stacks have no termination protection",
        file="config/environments.py",
        old="termination_protection=True",
        new="termination_protection=False",
        test=f"{EVERY_STACK}::test_what_must_not_be_lost_cannot_be_deleted_by_a_click[prod]",
        says="Foundation",
    ),
    Mutant(
        name="the data stack has no termination protection",
        file="stacks/data.py",
        old="protected=True, ",
        new="",
        test=f"{EVERY_STACK}::test_what_must_not_be_lost_cannot_be_deleted_by_a_click[prod]",
        says="Data",
    ),
    Mutant(
        name="resources have no environment tag",
        file="stacks/base.py",
        old='        Tags.of(self).add("Environment", environment.name)\n',
        new="",
        test=f"{EVERY_STACK}::test_everything_is_tagged_with_where_it_belongs[prod]",
        says="Environment",
    ),
    Mutant(
        name="dev retains resources when its stacks are deleted",
        file="config/environments.py",
        old="removal=Removal.DESTROY",
        new="removal=Removal.RETAIN",
        test=f"{DATA}::test_dev_keeps_no_resource_when_its_stacks_go",
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
