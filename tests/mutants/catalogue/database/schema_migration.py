"""When the schema migration runs, and what it may do."""

from tests.mutants.mutant import Mutant

EVERY_STACK = "tests/stacks/test_every_stack.py"
INGESTION = "tests/stacks/ingestion/test_ingestion.py"

MUTANTS = (
    Mutant(
        name="the schema migration runs before it can reach the database",
        file="components/database/schema_migration.py",
        old="run.node.add_dependency(self.function)",
        new="run.node.add_dependency(self.function.resource)",
        test=f"{INGESTION}::test_the_migration_runs_after_its_rules_and_policies_exist[prod]",
        says="SecurityGroup",
    ),
    Mutant(
        name="CloudFormation times out while a migration runs",
        file="components/database/schema_migration.py",
        old="service_timeout=TIMEOUT.plus(Duration.minutes(1))",
        new="service_timeout=Duration.minutes(5)",
        test=f"{INGESTION}::test_the_migration_runs_after_its_rules_and_policies_exist[prod]",
        says="ServiceTimeout",
    ),
    Mutant(
        name="new migrations never run",
        file="components/database/schema_migration.py",
        old='"Migrations": content(SOURCE, COMMON)',
        new='"Migrations": "all"',
        test=f"{INGESTION}::test_a_new_migration_runs_with_the_next_deployment[prod]",
        says="Migrations",
    ),
    Mutant(
        name="the schema migration may read every secret of the account",
        file="components/database/database.py",
        old='"secretsmanager:GetSecretValue", resources=[secret]',
        new='"secretsmanager:GetSecretValue", resources=["*"]',
        test=f"{EVERY_STACK}::test_only_actions_that_aws_cannot_limit_are_allowed_on_all_resources[prod]",
        says="secretsmanager:GetSecretValue",
    ),
    Mutant(
        name="the schema migration may decrypt everything under the data key",
        file="components/database/database.py",
        old='            conditions={"StringEquals": {"kms:EncryptionContext:SecretARN": secret}},\n',
        new="",
        test=f"{EVERY_STACK}::test_workloads_use_keys_through_one_service_or_for_one_secret[prod]",
        says="SchemaMigration",
    ),
)
