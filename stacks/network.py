"""The VPC, and everything that decides who can reach whom."""

from constructs import Construct

from components.common.function_defaults import FunctionDefaults
from components.network.default_security_group import EmptyDefaultSecurityGroup
from components.network.network import Network, zone_names
from config.model import Environment
from stacks.base import PlatformStack
from stacks.foundation import FoundationStack


class NetworkStack(PlatformStack):
    """Three tiers of subnets over several availability zones."""

    def __init__(self, scope: Construct, id_: str, *, environment: Environment, foundation: FoundationStack) -> None:
        super().__init__(scope, id_, environment=environment, description="VPC, subnets, NAT, endpoints, flow log")
        self._environment_config = environment
        self.network = Network(
            self,
            "Network",
            settings=environment.network,
            interface_endpoints=environment.interface_endpoints,
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
                "FunctionDefaults",
                runtime=environment.runtime,
                network=None,
                logs_key=foundation.keys.logs,
                async_dead_letter_queue=foundation.async_dead_letter_queue,
                removal=self.removal,
            ),
        )

    @property
    def availability_zones(self) -> list[str]:
        """The zones that the configuration names. The CDK would look them up, or use two."""
        return zone_names(self._environment_config.network.zones, self._environment_config.region)
