"""Which connections the network allows to and from the load balancer and the instances."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from checks.reachability import Reachability
from config.network import DualStack, RegionalNat, SingleNat
from tests.support.network_reach import HTTPS, database_clients, reachability
from tests.support.synthesis import ENVIRONMENTS
from tests.support.web.variants import PUBLIC

HTTP = 80
APP_PORT = 8080


@pytest.fixture(params=sorted(ENVIRONMENTS))
def internal(request: pytest.FixtureRequest) -> Reachability:
    """Each shipped environment, whose load balancer is internal."""
    return reachability(ENVIRONMENTS[request.param])


@pytest.fixture(params=["prod", "dual stack", "single NAT", "regional NAT"])
def public(request: pytest.FixtureRequest) -> Reachability:
    """Prod with a public load balancer, with each IP version and NAT strategy that allow one."""
    changes: dict[str, dict[str, Any]] = {
        "dual stack": {"addressing": DualStack()},
        "single NAT": {"nat": SingleNat()},
        "regional NAT": {"nat": RegionalNat()},
    }
    network = replace(PUBLIC.network, **changes.get(request.param, {}))
    return reachability(replace(PUBLIC, network=network))


def _only_the_load_balancer_reaches_instances(reach: Reachability) -> None:
    for source in reach.sources:
        if source not in ("load balancer", "instances"):
            assert reach.ports(source, "instances") == (), source
    asked = ("load balancer", "instances", APP_PORT)
    assert reach.certain(*asked), reach.why(*asked, certain=True)
    assert reach.ports("load balancer", "instances") == ((APP_PORT, APP_PORT),)


def test_only_an_internal_load_balancer_reaches_the_instances(internal: Reachability) -> None:
    _only_the_load_balancer_reaches_instances(internal)


def test_only_a_public_load_balancer_reaches_the_instances(public: Reachability) -> None:
    _only_the_load_balancer_reaches_instances(public)


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_instances_reach_the_database_or_its_proxy(name: str) -> None:
    environment = ENVIRONMENTS[name]
    target = "proxy" if "proxy" in reachability(environment).nodes else "database"
    assert "instances" in database_clients(environment, target)


def test_the_internet_reaches_only_a_public_load_balancer_on_443_and_80(public: Reachability) -> None:
    assert public.ports("internet", "load balancer") == ((HTTP, HTTP), (HTTPS, HTTPS))
    for target in public.targets:
        if target not in ("internet", "load balancer", "s3 gateway", "dynamodb gateway"):
            assert public.ports("internet", target) == (), target


def test_every_visitor_reaches_a_public_load_balancer(public: Reachability) -> None:
    families: tuple[Literal[4, 6], ...] = (4, 6)
    for family in families:
        if any(subnet.addresses(family) for subnet in public.vpc.subnets.values()):
            for port in (HTTP, HTTPS):
                asked = ("internet", "load balancer", port)
                assert public.certain(*asked, family=family), public.why(*asked, certain=True, family=family)


def test_the_load_balancer_and_the_app_reach_the_sign_in(public: Reachability) -> None:
    """The load balancer calls Cognito, and the app fetches the keys with which the load balancer signs."""
    for source in ("load balancer", "instances"):
        assert public.certain(source, "internet", HTTPS), public.why(source, "internet", HTTPS, certain=True)
        assert public.ports(source, "internet") == ((HTTPS, HTTPS),)


def test_the_internet_and_a_public_load_balancer_do_not_reach_the_database(public: Reachability) -> None:
    for source in ("internet", "load balancer", "NAT"):
        assert public.ports(source, "database") == (), source
