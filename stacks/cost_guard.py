"""Alerts about the account's costs."""

from constructs import Construct

from components.cost_guard.cost_guard import CostGuard
from config.cost_guard import CostGuardConfig
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack


class CostGuardStack(PlatformStack):
    """A monthly budget, and the detection of unusual costs."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        config: CostGuardConfig,
        foundation: FoundationStack,
    ) -> None:
        super().__init__(scope, id_, environment=environment, description="Alerts about the account's costs")
        CostGuard(self, "CostGuard", config=config, alerts=foundation.alerts)
