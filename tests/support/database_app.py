"""The stacks up to Data with a database behind RDS Proxy, and a client; `test_database_proxy.py` deploys them."""

from dataclasses import replace

from aws_cdk import App
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from components.common.workload_role import WorkloadRole
from config.environments import LOCAL, PROD_DATABASE
from stacks.base import PlatformStack
from stacks.data import DataStack
from stacks.foundation import FoundationStack
from stacks.network import NetworkStack


def main() -> None:
    """Synthesize them."""
    app = App()
    environment = replace(
        LOCAL, name="proxied", database=replace(LOCAL.database, connections=PROD_DATABASE.connections)
    )
    scope = Construct(app, "Proxied")
    foundation = FoundationStack(scope, "Foundation", environment=environment)
    network = NetworkStack(scope, "Network", environment=environment, foundation=foundation).network
    data = DataStack(scope, "Data", environment=environment, foundation=foundation, network=network)
    client = PlatformStack(scope, "Client", environment=environment, description="A client of the database")
    role = WorkloadRole(client, "Identity", service="ec2.amazonaws.com", description="The client")
    group = ec2.SecurityGroup(client, "SecurityGroup", vpc=network.vpc, allow_all_outbound=False)
    data.database.grant_connect(group, role, user="ingestion")
    app.synth()


if __name__ == "__main__":
    main()
