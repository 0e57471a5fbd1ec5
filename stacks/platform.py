"""The architecture on one page: every stack, in the order in which they depend on each other."""

from constructs import Construct

from config.model import Environment
from stacks.data import DataStack
from stacks.foundation import FoundationStack
from stacks.network import NetworkStack
from stacks.pipeline import PipelineStack
from stacks.web import WebStack


class Platform(Construct):
    """One environment: files land, become rows, and are shown."""

    def __init__(self, scope: Construct, *, config: Environment) -> None:
        super().__init__(scope, config.name.capitalize())

        # Keys, the log bucket and the alerts topic: what everything else needs first.
        self.foundation = FoundationStack(self, "Foundation", config=config)

        # Public, app and data subnets over several zones; who can reach whom is decided here.
        self.network = NetworkStack(self, "Network", config=config, foundation=self.foundation)

        # The landing bucket and the database: what would hurt to lose.
        self.data = DataStack(self, "Data", config=config, foundation=self.foundation, network=self.network)

        # Landed file -> EventBridge -> queue -> function -> rows, on a schema migrated first.
        self.pipeline = PipelineStack(
            self, "Pipeline", config=config, foundation=self.foundation, network=self.network, data=self.data
        )

        # Load balancer -> instances that show the rows. After the pipeline, which makes the tables they read.
        self.web = WebStack(
            self, "Web", config=config, foundation=self.foundation, network=self.network, data=self.data
        )
        self.web.add_stack_dependency(self.pipeline)
