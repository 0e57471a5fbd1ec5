"""Random network configurations: every accepted one synthesizes, has the promised connections and passes cfn-lint."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.checks import ConfigError
from config.environments import DEV, require_apart
from config.network import (
    Addressing,
    AnyZones,
    DualStack,
    FlowLog,
    FlowLogToCloudWatch,
    FlowLogToS3,
    InterfaceEndpoint,
    Ipv4,
    NamedZones,
    Nat,
    NatPerZone,
    NetworkConfig,
    NoNat,
    RegionalNat,
    SingleNat,
)
from tests.support.lint import findings
from tests.support.network_reach import database_clients, reachability
from tests.support.synthesis import synthesize

# Each takes about a second; `make test-slow` draws many more.
EXAMPLES = int(os.environ.get("NETWORK_EXAMPLES", "8"))
ENDPOINTS: list[InterfaceEndpoint] = sorted(get_args(InterfaceEndpoint))
NATS: list[Nat] = [NatPerZone(), SingleNat(), RegionalNat(), NoNat()]
ADDRESSINGS: list[Addressing] = [Ipv4(), DualStack()]
FLOW_LOGS: list[FlowLog] = [FlowLogToCloudWatch(days=7), FlowLogToS3()]


@st.composite
def networks(draw: st.DrawFn) -> NetworkConfig:
    """Networks that the configuration should accept: zones, NAT, endpoints, sizes, addressing."""
    nat = draw(st.sampled_from(NATS))
    zones = draw(st.integers(2, 6))
    vpc = draw(st.integers(16, 19))
    sizes = st.integers(vpc + 5, 28)
    endpoints = frozenset(draw(st.sets(st.sampled_from(ENDPOINTS))))
    return NetworkConfig(
        nat=nat,
        zones=AnyZones(count=zones) if draw(st.booleans()) else NamedZones(count=zones),
        addressing=Ipv4() if isinstance(nat, NoNat) else draw(st.sampled_from(ADDRESSINGS)),
        cidr=f"10.0.0.0/{vpc}",
        public_prefix=draw(sizes),
        app_prefix=draw(st.integers(vpc + 5, 26)),
        data_prefix=draw(sizes),
        interface_endpoints=endpoints,
        flow_log=draw(st.sampled_from(FLOW_LOGS)),
        dns_log_days=7,
    )


@pytest.mark.thorough
@settings(deadline=None, max_examples=EXAMPLES)
@given(network=networks())
def test_every_accepted_network_synthesizes_and_keeps_its_promises(network: NetworkConfig) -> None:
    environment = replace(DEV, network=network)
    reach = reachability(environment)
    assert len(reach.zones) == network.zones.count
    for target in reach.targets:
        if target not in ("internet", "s3 gateway", "dynamodb gateway"):
            assert not reach.ports("internet", target), target
        if target != "database":
            assert not reach.ports("database", target), target
    clients = database_clients(environment, "database")
    assert {"Ingestion", "SchemaMigration"} <= clients
    for client in clients:
        assert reach.certain(client, "database", 5433), reach.why(client, "database", 5433, certain=True)
        if isinstance(network.nat, NoNat):
            assert reach.ports(client, "internet") == ()
        else:
            assert reach.certain(client, "internet", 443), reach.why(client, "internet", 443, certain=True)
    if isinstance(network.nat, NatPerZone):
        for zone in reach.zones:
            assert reach.without_zone(zone).certain("Ingestion", "internet", 443)
    assert findings({"Network": synthesize(environment).templates["Network"]}) == []


@st.composite
def mistakes(draw: st.DrawFn) -> tuple[str, Callable[[], object]]:
    """The field that an error must name, and a function that causes the error with a random wrong value."""
    count = draw(st.integers(-3, 1) | st.integers(7, 99))
    prefix = draw(st.integers(-3, 18) | st.integers(29, 40))
    needed = DEV.endpoints_without_nat
    lacking = needed - draw(st.sets(st.sampled_from(sorted(needed)), min_size=1))
    public = draw(st.integers(11, 99))
    region, too_many = draw(st.sampled_from([("eu-central-1", 4), ("us-west-1", 3), ("us-west-2", 5)]))
    network = DEV.network
    cases: list[tuple[str, Callable[[], object]]] = [
        ("network.zones.count", lambda: AnyZones(count=count)),
        ("network.zones.count", lambda: NamedZones(count=count)),
        (
            "network.zones",
            lambda: replace(DEV, region=region, network=replace(network, zones=AnyZones(count=too_many))),
        ),
        ("network.cidr", lambda: replace(network, cidr=f"{public}.0.0.0/16")),
        ("network.cidr", lambda: replace(network, cidr=f"169.254.0.0/{16 + count % 8}")),
        ("network.cidr", lambda: replace(network, cidr=f"10.0.0.{count % 200 + 1}/16")),
        ("network.app_prefix", lambda: replace(network, app_prefix=prefix)),
        ("network.public_prefix", lambda: replace(network, public_prefix=prefix)),
        ("network.data_prefix", lambda: replace(network, data_prefix=prefix)),
        ("network.cidr", lambda: replace(network, app_prefix=19, data_prefix=19)),
        (
            "network.interface_endpoints",
            lambda: replace(DEV, network=replace(network, s3_prefix_list="pl-0123abcd", interface_endpoints=lacking)),
        ),
        ("network.addressing", lambda: replace(network, nat=NoNat(), addressing=DualStack())),
        ("network.cidr", lambda: require_apart(DEV, replace(DEV, name="twin"))),
    ]
    return draw(st.sampled_from(cases))


@settings(deadline=None)
@given(mistake=mistakes())
def test_every_refused_network_names_the_field(mistake: tuple[str, Callable[[], object]]) -> None:
    field, make = mistake
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value).startswith(f"{field} must ")
    assert ", got " in str(caught.value)
