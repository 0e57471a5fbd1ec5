"""The function that looks up files."""

from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.common.workload_role import AccessPolicy
from components.database.database import Database
from components.ingestion.landing_bucket import LandingBucket
from components.operations.erasure import Erasure
from components.operations.operations import Operations
from config.model import Environment
from config.operations import OperationsConfig
from stacks.base import PlatformStack


class OperationsStack(PlatformStack):
    """Lets people look up what the database knows about a file, withdraw it, and erase a person."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        config: OperationsConfig,
        function_defaults: FunctionDefaults,
        landing_bucket: LandingBucket,
        database: Database,
    ) -> None:
        super().__init__(scope, id_, environment=environment, description="Looks up what happened to files")
        self._operations = Operations(
            self,
            "Operations",
            config=config,
            defaults=function_defaults,
            landing_bucket=landing_bucket,
            database=database,
        )
        self.output("OperationsFunctionName", self._operations.function.name, "The function that looks up files")
        erasure = Erasure(
            self,
            "OperationsErasure",
            config=config,
            defaults=function_defaults,
            landing_bucket=landing_bucket,
            database=database,
        )
        self.output("ErasureFunctionName", erasure.function.name, "The function that erases and withdraws")

    def allow_verify(self, policy: AccessPolicy) -> None:
        """Allows it to ask for its own file."""
        self._operations.allow_questions(policy)
