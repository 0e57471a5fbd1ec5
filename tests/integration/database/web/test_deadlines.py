"""The limits that PostgreSQL sets for the web app fit the time that a visitor waits."""

from __future__ import annotations

from tests.integration.database.conftest import Shop
from tests.support.contracts.deployed import deployed


def test_the_app_responds_before_the_load_balancer_closes_the_connection(shop: Shop) -> None:
    ((_, _, balancer),) = deployed("prod").resources("AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {pair["Key"]: pair["Value"] for pair in balancer["LoadBalancerAttributes"]}
    assert 0 < shop.seconds("web", "statement_timeout") < int(attributes["idle_timeout.timeout_seconds"]) / 2
