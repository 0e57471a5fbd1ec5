"""The architecture on one page: every stack, in the order in which they depend on each other."""

from constructs import Construct

from config.model import Environment
from stacks.data import Data
from stacks.foundation import Foundation
from stacks.network import Network
from stacks.pipeline import Pipeline
from stacks.web import Web


class Platform(Construct):
    """One environment: files land, become rows, and are shown."""

    def __init__(self, scope: Construct, *, config: Environment) -> None:
        super().__init__(scope, config.name.capitalize())

        # Keys, the log bucket and the alerts topic: what everything else needs first.
        self.foundation = Foundation(self, "Foundation", config=config)

        # Public, app and data subnets over several zones; who can reach whom is decided here.
        self.network = Network(self, "Network", config=config, foundation=self.foundation)

        # The landing bucket and the database: what would hurt to lose.
        self.data = Data(self, "Data", config=config, foundation=self.foundation, network=self.network)

        # Landed file -> EventBridge -> queue -> function -> rows, on a schema migrated first.
        self.pipeline = Pipeline(
            self, "Pipeline", config=config, foundation=self.foundation, network=self.network, data=self.data
        )

        # Load balancer -> instances that show the rows. After the pipeline, which makes the tables they read.
        self.web = Web(self, "Web", config=config, foundation=self.foundation, network=self.network, data=self.data)
        self.web.add_stack_dependency(self.pipeline)
