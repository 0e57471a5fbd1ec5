"""The Foundation and Network stacks with each NAT strategy; `test_nat_strategies.py` deploys them."""

from dataclasses import replace

from aws_cdk import App
from constructs import Construct

from config.environments import LOCAL
from config.network import Nat, NatPerZone, NoNat, SingleNat
from stacks.foundation import FoundationStack
from stacks.network import NetworkStack

STRATEGIES: dict[str, Nat] = {"per-zone": NatPerZone(), "single": SingleNat(), "none": NoNat()}


def main() -> None:
    """Synthesize the two stacks with the strategy in the context."""
    app = App()
    name = app.node.try_get_context("nat")
    network = replace(LOCAL.network, nat=STRATEGIES[name])
    environment = replace(LOCAL, name=f"nat-{name}", network=network)
    scope = Construct(app, "Nat")
    foundation = FoundationStack(scope, "Foundation", environment=environment)
    NetworkStack(scope, "Network", environment=environment, foundation=foundation)
    app.synth()


if __name__ == "__main__":
    main()
