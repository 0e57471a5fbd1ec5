"""Who can reach whom, computed from the templates of every environment and NAT strategy."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any, Literal

import pytest

from checks.reachability import Reachability
from config.database import Direct
from config.network import DualStack, NatPerZone, NoNat, RegionalNat, SingleNat
from tests.support import databases
from tests.support.synthesis import ENVIRONMENTS, shipped, synthesize
from tests.support.web.variants import PUBLIC

DATABASE_PORT = 5433
PROXY_PORT = 5432
HTTP, HTTPS = 80, 443
# The network ACLs deny this port to RDP, and with it the replies to one client port in some 64,000.
TRADED = (3389,)

PROD = ENVIRONMENTS["prod"]
NETWORKS = {
    "prod, NAT per zone": replace(PROD.network, nat=NatPerZone()),
    "prod, single NAT": replace(PROD.network, nat=SingleNat()),
    "prod, regional NAT": replace(PROD.network, nat=RegionalNat()),
    "prod, no NAT": replace(PROD.network, nat=NoNat(), interface_endpoints=PROD.endpoints_without_nat),
    "prod, dual stack": replace(PROD.network, addressing=DualStack()),
}
VARIANTS = databases.VARIANTS | {name: replace(PROD, network=network) for name, network in NETWORKS.items()}
DIRECT, PROXIED = (
    [
        name
        for name, environment in (ENVIRONMENTS | VARIANTS).items()
        if isinstance(environment.database.connections, Direct) is direct
    ]
    for direct in (True, False)
)
CLIENTS = ("Ingestion", "Operations", "Housekeeping", "web instances")


@cache
def _reach(case: str) -> Reachability:
    if case in VARIANTS:
        return Reachability.of(synthesize(VARIANTS[case]).templates, traded=TRADED)
    return Reachability.of(shipped(case).templates, traded=TRADED)


@pytest.fixture(params=[*sorted(ENVIRONMENTS), *VARIANTS])
def reach(request: pytest.FixtureRequest) -> Reachability:
    """Each shipped environment, and prod with each other way out and each other database."""
    return _reach(request.param)


def _others(reach: Reachability, *but: str) -> Iterator[str]:
    return (name for name in reach.targets if name not in but)


def test_the_internet_reaches_nothing_while_the_load_balancer_is_internal(reach: Reachability) -> None:
    for target in _others(reach, "internet", "s3 gateway", "dynamodb gateway"):
        assert reach.ports("internet", target) == (), target


def _reached_by(reach: Reachability, target: str, port: int, *clients: str) -> None:
    for source in reach.sources:
        if source != target:
            found = reach.ports(source, target)
            wanted = ((port, port),) if source in clients else ()
            assert found == wanted, f"ports on which {source} reaches {target}: {found}, must be {wanted}"
    for client in clients:
        assert reach.certain(client, target, port), reach.why(client, target, port)


@pytest.mark.parametrize("case", DIRECT)
def test_our_functions_and_web_instances_alone_reach_the_database(case: str) -> None:
    _reached_by(_reach(case), "database", DATABASE_PORT, "SchemaMigration", *CLIENTS)


@pytest.mark.parametrize("case", PROXIED)
def test_clients_reach_only_the_proxy(case: str) -> None:
    reach = _reach(case)
    _reached_by(reach, "proxy", PROXY_PORT, *CLIENTS)
    _reached_by(reach, "database", DATABASE_PORT, "SchemaMigration", "proxy")


@pytest.mark.parametrize("case", PROXIED)
def test_the_proxy_reaches_nothing_but_the_database(case: str) -> None:
    for target in _others(_reach(case), "database", "proxy"):
        assert _reach(case).ports("proxy", target) == (), target


def test_the_database_reaches_nothing(reach: Reachability) -> None:
    for target in _others(reach, "database"):
        assert reach.ports("database", target) == (), target


def test_only_the_load_balancer_reaches_the_web_instances(reach: Reachability) -> None:
    for source in reach.sources:
        if source not in ("load balancer", "web instances"):
            assert reach.ports(source, "web instances") == (), source
    assert reach.certain("load balancer", "web instances", 8080)


def test_nothing_but_https_leaves(reach: Reachability) -> None:
    for source in ("Ingestion", "SchemaMigration", "web instances", "load balancer", "database"):
        assert set(reach.ports(source, "internet")) <= {(HTTPS, HTTPS)}, source


@pytest.mark.parametrize(
    "case", ["prod, NAT per zone", "prod, single NAT", "prod, regional NAT", *sorted(ENVIRONMENTS)]
)
def test_who_works_reaches_aws(case: str) -> None:
    for source in ("Ingestion", "SchemaMigration", "web instances"):
        assert _reach(case).certain(source, "internet", HTTPS), _reach(case).why(source, "internet", HTTPS)
        assert _reach(case).certain(source, "s3 gateway", HTTPS)


def test_without_nat_the_endpoints_are_the_only_way() -> None:
    reach = _reach("prod, no NAT")
    for source in ("Ingestion", "SchemaMigration", "web instances"):
        assert reach.ports(source, "internet") == ()
        for service in PROD.endpoints_without_nat:
            assert reach.certain(source, f"{service} endpoint", HTTPS), reach.why(
                source, f"{service} endpoint", HTTPS, certain=True
            )


def test_losing_any_zone_leaves_the_others_their_egress_under_nat_per_zone() -> None:
    reach = _reach("prod, NAT per zone")
    assert len(reach.zones) == 3
    for zone in reach.zones:
        for source in ("Ingestion", "web instances"):
            assert reach.without_zone(zone).certain(source, "internet", HTTPS), zone


def test_losing_the_zone_of_a_single_nat_takes_everybodys_egress() -> None:
    """What `SingleNat` saves, and what it costs: the model must see the difference."""
    reach = _reach("prod, single NAT")
    lost = [zone for zone in reach.zones if not reach.without_zone(zone).possible("Ingestion", "internet", HTTPS)]
    assert len(lost) == 1


def test_dual_stack_lets_app_out_over_ipv6_and_data_not() -> None:
    reach = _reach("prod, dual stack")
    asked = ("Ingestion", "internet", HTTPS)
    assert reach.certain(*asked, family=6), f"IPv6: {reach.why(*asked, certain=True, family=6)}"
    assert not reach.possible("database", "internet", HTTPS, family=6)
    assert not reach.possible("internet", "database", DATABASE_PORT, family=6)


@pytest.fixture(params=["prod", "dual stack", "single NAT", "regional NAT"], scope="module")
def public(request: pytest.FixtureRequest) -> Reachability:
    """Prod with its load balancer on the internet, over each IP version and way out that allow for one."""
    changes: dict[str, dict[str, Any]] = {
        "dual stack": {"addressing": DualStack()},
        "single NAT": {"nat": SingleNat()},
        "regional NAT": {"nat": RegionalNat()},
    }
    network = replace(PUBLIC.network, **changes.get(request.param, {}))
    return Reachability.of(synthesize(replace(PUBLIC, network=network)).templates, traded=TRADED)


def test_the_internet_reaches_only_a_public_load_balancer_on_443_and_80(public: Reachability) -> None:
    assert public.ports("internet", "load balancer") == ((HTTP, HTTP), (HTTPS, HTTPS))
    for target in _others(public, "internet", "load balancer", "s3 gateway", "dynamodb gateway"):
        assert public.ports("internet", target) == (), target


def test_every_visitor_reaches_a_public_load_balancer(public: Reachability) -> None:
    families: tuple[Literal[4, 6], ...] = (4, 6)
    for family in families:
        if any(subnet.addresses(family) for subnet in public.network.subnets.values()):
            for port in (HTTP, HTTPS):
                asked = ("internet", "load balancer", port)
                assert public.certain(*asked, family=family), public.why(*asked, certain=True, family=family)


def test_instances_are_reached_from_a_public_load_balancer_alone(public: Reachability) -> None:
    for source in public.sources:
        if source not in ("load balancer", "web instances"):
            assert public.ports(source, "web instances") == (), source
    asked = ("load balancer", "web instances", 8080)
    assert public.certain(*asked), public.why(*asked, certain=True)
    assert public.ports("load balancer", "web instances") == ((8080, 8080),)


def test_who_asks_the_sign_in_reaches_it(public: Reachability) -> None:
    """The load balancer asks Cognito, and the app fetches the keys with which the load balancer signs."""
    for source in ("load balancer", "web instances"):
        assert public.certain(source, "internet", HTTPS), public.why(source, "internet", HTTPS, certain=True)
        assert public.ports(source, "internet") == ((HTTPS, HTTPS),)


def test_the_database_is_as_far_from_a_public_load_balancer_as_from_an_internal_one(public: Reachability) -> None:
    for source in ("internet", "load balancer", "NAT"):
        assert public.ports(source, "database") == (), source
