"""The VPC and all that decides who can reach whom."""

from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.network.default_security_group import EmptyDefaultSecurityGroup
from components.network.network import Network as NetworkComponent
from components.network.network import zone_names
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack


class NetworkStack(PlatformStack):
    """Three tiers of subnets over several zones."""

    def __init__(self, scope: Construct, id_: str, *, config: Environment, foundation: FoundationStack) -> None:
        super().__init__(
            scope,
            id_,
            config=config,
            description="VPC, subnets, NAT, endpoints, flow log",
            protected=config.termination_protection,
        )
        self._config = config
        self.network = NetworkComponent(
            self,
            "Network",
            settings=config.network,
            exposure=config.web.exposure,
            log_bucket=foundation.log_bucket.bucket,
            logs_key=foundation.keys.logs,
            removal=self.removal,
        )
        EmptyDefaultSecurityGroup(
            self,
            "DefaultSecurityGroup",
            network=self.network,
            defaults=FunctionDefaults(
                self,
                "Functions",
                platform=config.runtime,
                network=None,
                logs_key=foundation.keys.logs,
                async_dead_letter_queue=foundation.async_dead_letter_queue,
                removal=self.removal,
            ),
        )

    @property
    def availability_zones(self) -> list[str]:
        """The zones that the configuration names. The CDK would look them up, or take two."""
        return zone_names(self._config.network.zones, self._config.region)
