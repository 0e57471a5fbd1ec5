"""What every function has, and those that migrate, look up and keep house."""

from tests.mutants.mutant import Mutant

PIPELINE = "tests/stacks/ingestion/test_ingestion.py"
FUNCTIONS = "tests/stacks/test_functions.py"
FOUNDATION = "tests/stacks/foundation/test_foundation.py"
OPERATIONS = "tests/stacks/operations/test_operations.py"

MUTANTS = (
    Mutant(
        name="the migration runs before it may reach the database",
        file="components/database/schema_migration.py",
        old="run.node.add_dependency(self.function)",
        new="run.node.add_dependency(self.function.function)",
        test=f"{PIPELINE}::test_the_migration_waits_for_its_way_to_the_database[prod]",
        says="SecurityGroup",
    ),
    Mutant(
        name="CloudFormation gives a migration up while it runs",
        file="components/database/schema_migration.py",
        old="service_timeout=TIMEOUT.plus(Duration.minutes(1))",
        new="service_timeout=Duration.minutes(5)",
        test=f"{PIPELINE}::test_the_migration_waits_for_its_way_to_the_database[prod]",
        says="ServiceTimeout",
    ),
    Mutant(
        name="functions stand in the data subnets",
        file="components/common/python_function.py",
        old="vpc_subnets=network.app_subnets",
        new="vpc_subnets=network.data_subnets",
        test=f"{FUNCTIONS}::test_functions_run_in_the_app_subnets[prod]",
        says="VpcDataSubnet",
    ),
    Mutant(
        name="housekeeping runs before its role is there",
        file="stacks/pipeline.py",
        old="for construct in (self.operations, self.housekeeping):",
        new="for construct in (self.operations,):",
        test=f"{OPERATIONS}::test_both_wait_for_the_migration_that_makes_their_roles[prod-Housekeeping]",
        says="DependsOn",
    ),
    Mutant(
        name="old rejects are never removed",
        file="components/housekeeping/housekeeping.py",
        old='description="Old rejected rows are removed",',
        new='description="Old rejected rows are removed",\n            state="DISABLED",',
        test=f"{OPERATIONS}::test_old_rejects_are_removed_every_night[prod]",
        says="DISABLED",
    ),
    Mutant(
        name="the scheduler calls for any schedule of the account",
        file="components/housekeeping/housekeeping.py",
        old='"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self.group.attr_arn}',
        new='"aws:SourceAccount": Aws.ACCOUNT_ID}',
        test=f"{OPERATIONS}::"
        "test_the_scheduler_calls_as_a_role_that_serves_no_other_account_and_no_other_function[prod]",
        says="aws:SourceArn",
    ),
    Mutant(
        name="large files do not load in time",
        file="components/ingestion/ingestion.py",
        old="timeout=Duration.seconds(config.timeout_seconds),",
        new="timeout=Duration.minutes(1),",
        test=f"{PIPELINE}::test_the_intake_has_the_time_and_memory_of_the_configuration[prod]",
        says="Timeout",
    ),
    Mutant(
        name="functions log into groups that Lambda makes by itself",
        file="components/common/python_function.py",
        old="            log_group=self.log_group,\n",
        new="",
        test=f"{FUNCTIONS}::test_functions_log_as_json_down_to_lambdas_own_reports[prod]",
        says="LogGroup",
    ),
    Mutant(
        name="nobody sees where a function's time goes",
        file="components/common/python_function.py",
        old="lambda_.Tracing.ACTIVE if defaults.traced else lambda_.Tracing.DISABLED",
        new="lambda_.Tracing.DISABLED",
        test=f"{FUNCTIONS}::test_functions_are_traced[prod]",
        says="TracingConfig",
    ),
    Mutant(
        name="new migrations never run",
        file="components/database/schema_migration.py",
        old='properties={"Migrations": content(SOURCE)}',
        new='properties={"Migrations": "all"}',
        test=f"{PIPELINE}::test_a_new_migration_runs_with_the_next_deployment[prod]",
        says="Migrations",
    ),
    Mutant(
        name="calls that failed for good are lost",
        file="components/common/python_function.py",
        old="            dead_letter_queue=defaults.async_dead_letter_queue.queue,\n",
        new="",
        test=f"{FUNCTIONS}::test_invocations_that_exhausted_their_retries_are_kept_and_reported[prod]",
        says="DeadLetterConfig",
    ),
    Mutant(
        name="failed calls travel over plain HTTP",
        file="components/foundation/async_dead_letter_queue.py",
        old="enforce_ssl=True",
        new="enforce_ssl=False",
        test=f"{FOUNDATION}::test_failed_calls_are_kept_encrypted_for_as_long_as_sqs_keeps_anything[prod]",
        says="aws:SecureTransport",
    ),
    Mutant(
        name="failed calls are gone before anybody looks",
        file="components/foundation/async_dead_letter_queue.py",
        old="KEPT = Duration.days(14)",
        new="KEPT = Duration.days(1)",
        test=f"{FOUNDATION}::test_failed_calls_are_kept_encrypted_for_as_long_as_sqs_keeps_anything[prod]",
        says="MessageRetentionPeriod",
    ),
    Mutant(
        name="one function may use up all executions of prod's account",
        file="config/environments.py",
        old="reserve_concurrency=True",
        new="reserve_concurrency=False",
        test=f"{FUNCTIONS}::test_functions_of_what_must_not_stop_have_executions_of_their_own",
        says="ReservedConcurrentExecutions",
    ),
    Mutant(
        name="nobody hears of the first failed invocations",
        file="components/foundation/async_dead_letter_queue.py",
        old='            capability="foundation",\n',
        new='            capability="foundation",\n            threshold=100,\n',
        test=f"{FUNCTIONS}::test_invocations_that_exhausted_their_retries_are_kept_and_reported[prod]",
        says="Threshold",
    ),
)
