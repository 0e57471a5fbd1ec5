"""The architecture on one page: every stack, in the order in which they depend on each other."""

from constructs import Construct

from config.model import Environment
from stacks.base import PlatformStack
from stacks.cost_guard import CostGuardStack
from stacks.data import DataStack
from stacks.delivery import DeliveryStack
from stacks.foundation import FoundationStack
from stacks.housekeeping import HousekeepingStack
from stacks.network import NetworkStack
from stacks.operations import OperationsStack
from stacks.pipeline import PipelineStack
from stacks.web import WebStack


class Platform(Construct):
    """One environment: files land in S3, become rows in PostgreSQL, and are shown."""

    def __init__(self, scope: Construct, *, environment: Environment) -> None:
        super().__init__(scope, environment.name.capitalize())

        # KMS keys, the log bucket, the alerts topic: every other stack uses them.
        foundation = FoundationStack(self, "Foundation", environment=environment)

        # The VPC with public, app and data subnets, their routes, NAT, endpoints and network ACLs.
        network = NetworkStack(self, "Network", environment=environment, foundation=foundation).network

        # The landing bucket and the database: the data that must not be lost.
        data = DataStack(self, "Data", environment=environment, foundation=foundation, network=network)

        # Landed file -> EventBridge -> queue -> function -> rows. Migrates the database's schema first.
        # Only stacks that get `database=` can connect to the database: this one and some of those below.
        pipeline = PipelineStack(
            self,
            "Pipeline",
            environment=environment,
            foundation=foundation,
            network=network,
            landing_bucket=data.landing_bucket,
            database=data.database,
        )

        # Optional capabilities. Each depends on the pipeline, whose schema migration creates its database role.
        # `function_defaults` are what all functions in the VPC share: network, keys and runtime.

        # Functions in the VPC: one looks up files, for `make inspect` and `make reconcile`; one erases a person or
        # withdraws a file, for `make forget` and `make withdraw`.
        if environment.operations:
            OperationsStack(
                self,
                "Operations",
                environment=environment,
                config=environment.operations,
                function_defaults=pipeline.function_defaults,
                landing_bucket=data.landing_bucket,
                database=data.database,
            ).add_stack_dependency(pipeline)

        # Every night, a function in the VPC deletes rejected rows that were kept for long enough.
        if environment.housekeeping:
            HousekeepingStack(
                self,
                "Housekeeping",
                environment=environment,
                config=environment.housekeeping,
                foundation=foundation,
                function_defaults=pipeline.function_defaults,
                database=data.database,
            ).add_stack_dependency(pipeline)

        # Load balancer -> Auto Scaling group: the web app shows the rows, and takes uploads for the landing bucket.
        if environment.web:
            WebStack(
                self,
                "Web",
                environment=environment,
                config=environment.web,
                foundation=foundation,
                network=network,
                landing_bucket=data.landing_bucket,
                database=data.database,
            ).add_stack_dependency(pipeline)

        # Sends alerts to the alerts topic if the account's costs pass a budget, or are unusual.
        if environment.cost_guard:
            CostGuardStack(
                self, "CostGuard", environment=environment, config=environment.cost_guard, foundation=foundation
            )

        # GitHub's workflows -> roles that deploy all stacks, and check those above.
        if environment.delivery:
            DeliveryStack(
                self,
                "Delivery",
                environment=environment,
                config=environment.delivery,
                verified=[stack for stack in self.node.children if isinstance(stack, PlatformStack)],
            )
