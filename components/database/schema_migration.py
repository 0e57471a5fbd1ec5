"""Migrates the database's schema during the deployment."""

from pathlib import Path

from aws_cdk import CustomResource, Duration
from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.common.packaging import COMMON, content
from components.common.python_function import PythonFunction
from components.database.database import Database
from config import connections
from config.datasets import datasets

SOURCE = Path("lambda_src/schema_migration")
TIMEOUT = Duration.minutes(15)  # Lambda's maximum; split a migration that takes longer
LOG_DAYS = 365  # to know for a year what changed the schema, and when


class SchemaMigration(Construct):
    """Runs the migrations inside the VPC. Whatever depends on this construct is deployed after them.

    The function itself is the custom resource's provider; the CDK's provider framework would add two more functions.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        defaults: FunctionDefaults,
        database: Database,
    ) -> None:
        super().__init__(scope, id_)
        self.function = PythonFunction(
            self,
            "Function",
            source=SOURCE,
            description="Migrates the database schema",
            defaults=defaults,
            log_days=LOG_DAYS,
            memory_mb=512,
            timeout=TIMEOUT,
            reserved_concurrency=connections.CALLS,
            environment=database.environment(),
        )
        secret = database.allow_migrations(self.function)
        self.function.resource.add_environment("DATABASE_SECRET_ARN", secret)
        run = CustomResource(
            self,
            "Run",
            resource_type="Custom::SchemaMigration",
            service_token=self.function.arn,
            # CloudFormation calls again only when a property changes.
            properties={"Migrations": content(SOURCE, COMMON), "Datasets": list(datasets())},
            service_timeout=TIMEOUT.plus(Duration.minutes(1)),
        )
        # Not before the rules that open the database's port to the function.
        run.node.add_dependency(self.function)
