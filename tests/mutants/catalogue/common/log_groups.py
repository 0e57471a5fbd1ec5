"""Retention, encryption and removal of log groups."""

from tests.mutants.mutant import Mutant

DATA = "tests/stacks/test_data.py"
EVERY_STACK = "tests/stacks/test_every_stack.py"

MUTANTS = (
    Mutant(
        name="log groups have no retention",
        file="components/common/log_group.py",
        old="retention_in_days = days",
        new="retention_in_days = None",
        test=f"{EVERY_STACK}::test_every_log_group_is_encrypted_and_expires[prod]",
        says="RetentionInDays",
    ),
    Mutant(
        name="log groups are not encrypted with our key",
        file="components/common/log_group.py",
        old="encryption_key=key, ",
        new="",
        test=f"{EVERY_STACK}::test_every_log_group_is_encrypted_and_expires[prod]",
        says="KmsKeyId",
    ),
    Mutant(
        name="log groups are deleted with their stack",
        file="components/common/log_group.py",
        old="removal_policy=removal",
        new="removal_policy=RemovalPolicy.DESTROY",
        test=f"{DATA}::test_buckets_keys_and_log_groups_are_retained_when_their_stack_is_deleted[prod]",
        says="AWS::Logs::LogGroup",
    ),
    Mutant(
        name="a retention of one year becomes six months",
        file="components/common/log_group.py",
        old="retention_in_days = days",
        new="retention_in_days = 180 if days == 365 else days",
        test=f"{EVERY_STACK}::test_a_log_group_has_the_given_retention",
        says="RetentionInDays",
    ),
)
