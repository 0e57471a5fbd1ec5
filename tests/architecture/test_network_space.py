"""The configuration as a whole space: whatever it accepts synthesizes, keeps the promises, and lints."""

import json
import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner
from hypothesis import given, settings
from hypothesis import strategies as st

from config.checks import ConfigError
from config.environments import DEV
from config.network import (
    NEEDED_WITHOUT_NAT,
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
    Network,
    NoNat,
    RegionalNat,
    SingleNat,
)
from tests.synthesis import synthesize
from tools.reachability import Reachability

# Each synthesizes and lints, about a second; `make test-slow` draws many more.
EXAMPLES = int(os.environ.get("NETWORK_EXAMPLES", "8"))
ENDPOINTS: list[InterfaceEndpoint] = sorted(get_args(InterfaceEndpoint))
NATS: list[Nat] = [NatPerZone(), SingleNat(), RegionalNat(), NoNat()]
ADDRESSINGS: list[Addressing] = [Ipv4(), DualStack()]
FLOW_LOGS: list[FlowLog] = [FlowLogToCloudWatch(days=7), FlowLogToS3()]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Networks that the configuration should accept: zones, ways out, endpoints, sizes, addresses."""
    nat = draw(st.sampled_from(NATS))
    zones = draw(st.integers(2, 6))
    vpc = draw(st.integers(16, 19))
    sizes = st.integers(vpc + 5, 28)
    endpoints = frozenset(draw(st.sets(st.sampled_from(ENDPOINTS))))
    return Network(
        nat=nat,
        zones=AnyZones(count=zones) if draw(st.booleans()) else NamedZones(count=zones),
        addressing=draw(st.sampled_from(ADDRESSINGS)),
        cidr=f"10.0.0.0/{vpc}",
        public_prefix=draw(sizes),
        app_prefix=draw(st.integers(vpc + 5, 26)),
        data_prefix=draw(sizes),
        interface_endpoints=endpoints | NEEDED_WITHOUT_NAT if isinstance(nat, NoNat) else endpoints,
        flow_log=draw(st.sampled_from(FLOW_LOGS)),
        dns_log_days=7,
    )


@settings(deadline=None, max_examples=EXAMPLES)
@given(network=networks())
def test_every_accepted_network_synthesizes_and_keeps_its_promises(network: Network) -> None:
    synthesized = synthesize(replace(DEV, network=network))
    reach = Reachability.of(synthesized.templates, traded=[3389])
    assert len(reach.zones) == network.zones.count
    for target in reach.targets:
        if target not in ("internet", "s3 gateway", "dynamodb gateway"):
            assert not reach.ports("internet", target), target
        if target != "database":
            assert not reach.ports("database", target), target
    for client in ("FileIntake", "SchemaMigration", "web instances"):
        assert reach.certain(client, "database", 5433), reach.why(client, "database", 5433, certain=True)
        assert reach.certain(client, "internet", 443) is not isinstance(network.nat, NoNat)
    if isinstance(network.nat, NatPerZone):
        for zone in reach.zones:
            assert reach.without_zone(zone).certain("FileIntake", "internet", 443)
    assert _findings(synthesized.templates["Network"]) == []


def _findings(template: dict[str, Any]) -> list[str]:
    with TemporaryDirectory() as folder:
        file = Path(folder, "network.json")
        file.write_text(json.dumps(template))
        return [str(match) for match in Runner(ConfigMixIn(["--template", str(file)])).run()]


BAD_VALUES = st.sampled_from(
    [
        ("zones", "network.zones", {"zones": 7}),
        ("zones", "network.zones", {"zones": "three"}),
        ("nat", "network.nat", {"nat": "single"}),
        ("cidr", "network.cidr", {"cidr": "10.0.0.0/29"}),
        ("cidr", "network.cidr", {"cidr": "52.0.0.0/16"}),
        ("cidr", "network.cidr", {"cidr": "10.0.0.7/16"}),
        ("app", "network.app_prefix", {"app_prefix": 29}),
        ("public", "network.public_prefix", {"public_prefix": 16}),
        ("tiers", "network.cidr", {"app_prefix": 19, "data_prefix": 19}),
        ("dns", "network.dns_log_days", {"dns_log_days": 8}),
        ("endpoints", "network.interface_endpoints", {"interface_endpoints": frozenset({"s3"})}),
        ("endpoints", "network.interface_endpoints", {"nat": NoNat(), "interface_endpoints": frozenset({"sqs"})}),
    ]
)


@settings(deadline=None)
@given(network=networks(), bad=BAD_VALUES)
def test_every_refused_network_names_the_field(network: Network, bad: tuple[str, str, dict[str, Any]]) -> None:
    _, field, values = bad
    try:
        replace(network, **values)
    except ConfigError as error:
        assert str(error).startswith(f"{field} must ")
        assert ", got " in str(error)
    else:
        raise AssertionError(f"{values} was accepted")
