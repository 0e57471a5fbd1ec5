"""The function that erases a person from the database, and withdraws files."""

from pathlib import Path

from aws_cdk import Duration
from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.common.python_function import PythonFunction
from components.database.database import Database
from components.ingestion.landing_bucket import LandingBucket
from config.datasets import declarations
from config.operations import ERASURES, OperationsConfig

SOURCE = Path("lambda_src/operations_erasure")
DATABASE_USER = "operations_erasure"


class Erasure(Construct):
    """Erases a person for `make forget`, and deletes the rows of a file for `make withdraw`.

    It is the only function for people whose database role may delete rows: that of `Operations` only reads.

    Callers need the permission to invoke it: it has no event source and no resource policy.
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
            description="Erases a person from the database",  # another one would replace the security group
            defaults=defaults,
            log_days=config.log_days,
            memory_mb=512,
            timeout=Duration.minutes(15),  # it reads whole tables
            reserved_concurrency=ERASURES,
            data=declarations(),
            environment=database.environment(DATABASE_USER) | {"LANDING_BUCKET": landing_bucket.bucket.bucket_name},
        )
        database.grant_connect(self.function, self.function, user=DATABASE_USER)
