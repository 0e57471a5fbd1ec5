"""The stacks up to Data, with a database behind a proxy, and a client: what `test_database_proxy.py` deploys."""

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
    """Synthesizes them."""
    app = App()
    config = replace(LOCAL, name="proxied", database=replace(LOCAL.database, connections=PROD_DATABASE.connections))
    scope = Construct(app, "Proxied")
    foundation = FoundationStack(scope, "Foundation", config=config)
    network = NetworkStack(scope, "Network", config=config, foundation=foundation)
    data = DataStack(scope, "Data", config=config, foundation=foundation, network=network)
    client = PlatformStack(scope, "Client", config=config, description="A client of the database")
    role = WorkloadRole(client, "Identity", service="ec2.amazonaws.com", description="The client")
    group = ec2.SecurityGroup(client, "SecurityGroup", vpc=network.network.vpc, allow_all_outbound=False)
    data.database.allow_client(group, role, user="web")
    app.synth()


if __name__ == "__main__":
    main()
