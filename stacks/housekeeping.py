"""Deletes old rejected rows."""

from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.database.database import Database
from components.housekeeping.housekeeping import Housekeeping
from config.housekeeping import HousekeepingConfig
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack


class HousekeepingStack(PlatformStack):
    """Deletes old rejected rows, once a day."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        config: HousekeepingConfig,
        foundation: FoundationStack,
        function_defaults: FunctionDefaults,
        database: Database,
    ) -> None:
        super().__init__(scope, id_, environment=environment, description="Deletes old rejected rows")
        Housekeeping(
            self,
            "Housekeeping",
            config=config,
            defaults=function_defaults,
            database=database,
            alerts=foundation.alerts,
        )
