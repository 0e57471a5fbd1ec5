"""The function that looks up files in the database for people, who cannot connect to it."""

from pathlib import Path

from aws_cdk import Duration
from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.common.python_function import PythonFunction
from components.common.workload_role import AccessPolicy
from components.database.database import Database
from components.ingestion.landing_bucket import LandingBucket
from config import connections
from config.operations import OperationsConfig

SOURCE = Path("lambda_src/operations")
DATABASE_USER = "operations"


class Operations(Construct):
    """Looks up files for `make inspect` and `make reconcile`, because only a function in the VPC reaches the database.

    Callers need the permission to invoke it: it has no event source and no resource policy (docs/runbook/README.md).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        config: OperationsConfig,
        defaults: FunctionDefaults,
        landing_bucket: LandingBucket,
        database: Database,
    ) -> None:
        super().__init__(scope, id_)
        self.function = PythonFunction(
            self,
            "Function",
            source=SOURCE,
            description="Looks up what happened to files",
            defaults=defaults,
            log_days=config.log_days,
            memory_mb=512,
            timeout=Duration.minutes(1),  # twice the statement timeout of its database role
            reserved_concurrency=connections.CALLS,
            environment=database.environment(DATABASE_USER) | {"LANDING_BUCKET": landing_bucket.bucket.bucket_name},
        )
        database.grant_connect(self.function, self.function, user=DATABASE_USER)

    def allow_questions(self, policy: AccessPolicy) -> None:
        """Allows to invoke the function, which also shows rejected rows of any file."""
        policy.allow("lambda:InvokeFunction", resources=[self.function.resource.function_arn])
