"""The web tier's configuration refuses what AWS refuses and what is unsafe, and says how to fix it."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from config.checks import ConfigError
from config.environments import DEV, DEV_WEB, LOCAL, PROD, PROD_WEB
from config.model import RuntimeConfig
from config.network import NoNat
from config.web import Internal, OnDemandInstances, Public, WithSpotInstances
from tests.support.variants import core_of

PUBLIC = Public(domain="orders.example.com", hosted_zone_id="Z0123456789", sign_in_domain_prefix="example-orders")
SPOT = WithSpotInstances(types=("m7g.large", "m6g.large", "c7g.large"), on_demand_base=1, spot_percent=50)

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "no instance in service": (lambda: replace(DEV_WEB, min_instances=0), "web.min_instances must be at least 1"),
    "no instances above the minimum for an update": (
        lambda: replace(DEV_WEB, min_instances=2),
        "web.max_instances must be above",
    ),
    "scaling at 0 requests": (lambda: replace(DEV_WEB, requests_per_minute=0), "web.requests_per_minute"),
    "an unsupported log retention": (lambda: replace(DEV_WEB, log_days=8), "web.log_days must be one of"),
    "no instance type": (lambda: OnDemandInstances(types=()), "web.capacity.types must be 1 or more different"),
    "a repeated instance type": (lambda: OnDemandInstances(types=("t4g.small", "t4g.small")), "web.capacity.types"),
    "an unknown instance type": (
        lambda: OnDemandInstances(types=("small",)),
        "web.capacity.types must be instance types",
    ),
    "two architectures": (
        lambda: OnDemandInstances(types=("m7g.large", "m7i.large")),
        "web.capacity.types must be of one architecture",
    ),
    "another architecture than the runtime's": (
        lambda: replace(DEV, web=replace(DEV_WEB, capacity=OnDemandInstances(types=("t3.small",)))),
        "web.capacity.types must be arm64 types",
    ),
    "spot capacity with one instance type": (
        lambda: replace(SPOT, types=("m7g.large",)),
        "web.capacity.types must be 3 or more",
    ),
    "spot capacity without an on-demand base": (
        lambda: replace(SPOT, on_demand_base=0),
        "web.capacity.on_demand_base must be at least 1",
    ),
    "a spot share of 0 percent": (lambda: replace(SPOT, spot_percent=0), "web.capacity.spot_percent must be 1 to 100"),
    "a spot share above 100 percent": (
        lambda: replace(SPOT, spot_percent=101),
        "web.capacity.spot_percent must be 1 to 100",
    ),
    "a warm pool with spot instances": (
        lambda: replace(PROD_WEB, capacity=SPOT, warm_instances=1),
        "web.warm_instances must be 0 with a spot share",
    ),
    "a warm pool with several instance types": (
        lambda: replace(PROD_WEB, warm_instances=1),
        "web.warm_instances must be 0 with several types",
    ),
    "a negative number of warm instances": (
        lambda: replace(DEV_WEB, warm_instances=-1),
        "web.warm_instances must be at least 0",
    ),
    "too few addresses for a warm pool": (
        lambda: replace(
            core_of(DEV),
            network=replace(DEV.network, app_prefix=28),
            web=replace(DEV_WEB, max_instances=2, warm_instances=1),
        ),
        "network.app_prefix must be short enough for 16 addresses",
    ),
    "an origin with a path": (lambda: Internal(origins=("http://localhost:8080/",)), "web.exposure.origins"),
    "every origin": (lambda: Internal(origins=("*",)), "web.exposure.origins must be origins like"),
    "a URL as the domain": (lambda: replace(PUBLIC, domain="https://example.com"), "web.exposure.domain"),
    "a domain with capitals": (lambda: replace(PUBLIC, domain="Orders.example.com"), "web.exposure.domain"),
    "a domain that is too long for a certificate": (
        lambda: replace(PUBLIC, domain=f"{'a' * 60}.example.com"),
        "web.exposure.domain must be a name like 'orders.example.com', in lower case, of at most 64",
    ),
    "the hosted zone's name instead of its id": (
        lambda: replace(PUBLIC, hosted_zone_id="example.com"),
        "web.exposure.hosted_zone_id",
    ),
    "a sign-in prefix that Cognito reserves": (
        lambda: replace(PUBLIC, sign_in_domain_prefix="laws"),
        "web.exposure.sign_in_domain_prefix must be 1 to 63 of lower-case letters, digits and inner '-', without 'aws'",
    ),
    "a sign-in prefix with a dot": (
        lambda: replace(PUBLIC, sign_in_domain_prefix="a.b"),
        "web.exposure.sign_in_domain_prefix",
    ),
    "an unknown second-factor setting": (
        lambda: replace(PUBLIC, mfa="off"),  # type: ignore[arg-type] # refused
        "web.exposure.mfa must be one of 'required'",
    ),
    "a rate limit below the minimum of AWS WAF": (
        lambda: replace(PUBLIC, requests_per_five_minutes=9),
        "web.exposure.requests_per_five_minutes must be 10 to 2,000,000,000",
    ),
    "public without NAT": (
        lambda: replace(
            PROD,
            network=replace(PROD.network, nat=NoNat()),
            web=replace(PROD_WEB, exposure=PUBLIC),
        ),
        "network.nat must be NatPerZone(), SingleNat() or RegionalNat() where web.exposure is Public(...)",
    ),
    "a runtime with another architecture": (
        lambda: replace(DEV, runtime=RuntimeConfig(architecture="x86_64")),
        "web.capacity.types must be x86_64 types",
    ),
    "more instances than a subnet has addresses": (
        lambda: replace(DEV, network=replace(DEV.network, app_prefix=28), web=replace(DEV_WEB, max_instances=10)),
        "network.app_prefix must be short enough for ",
    ),
    "more instances than the database has connections": (
        lambda: replace(DEV, web=replace(DEV_WEB, max_instances=50)),
        "ingestion.max_concurrency must be at most 0",
    ),
    "a prefix list without the endpoints that instances need": (
        lambda: replace(
            DEV,
            network=replace(
                DEV.network, s3_prefix_list="pl-0123abcd", interface_endpoints=DEV.endpoints_without_nat - {"ssm"}
            ),
        ),
        "network.interface_endpoints must be at least cloudformation, logs, monitoring, secretsmanager, sqs, ssm",
    ),
    "public in China": (
        lambda: replace(PROD, region="cn-north-1", web=replace(PROD_WEB, exposure=PUBLIC)),
        "web.exposure must be Internal() in cn-north-1",
    ),
    "public in GovCloud": (
        lambda: replace(PROD, region="us-gov-west-1", web=replace(PROD_WEB, exposure=PUBLIC)),
        "web.exposure must be Internal() in us-gov-west-1",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_values_that_cannot_be_deployed_are_refused(case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(ConfigError) as caught:
        build()
    assert str(caught.value).startswith(message)
    assert ", got " in str(caught.value), "the value is named"
    assert ": " in str(caught.value).partition(", got ")[2], "and how to fix it"


@pytest.mark.parametrize("part", [DEV_WEB, DEV_WEB.exposure, DEV_WEB.capacity], ids=lambda part: part.PATH)
@pytest.mark.parametrize(
    "value", [1.5, object(), ["x"], ("x", 1), b"x"], ids=["float", "object", "list", "tuple", "bytes"]
)
def test_a_value_of_another_type_is_refused_and_named(part: Any, value: object) -> None:
    for field in fields(part):
        with pytest.raises(ConfigError) as caught:
            replace(part, **{field.name: value})
        assert str(caught.value).startswith(f"{part.PATH}{field.name} must be ")


def test_local_differs_from_dev_only_in_the_instance_type() -> None:
    local = LOCAL.web
    assert local
    assert {name for name in vars(DEV_WEB) if getattr(DEV_WEB, name) != getattr(local, name)} <= {"capacity"}


def test_a_domain_needs_a_hosted_zone_and_a_sign_in_prefix() -> None:
    with pytest.raises(TypeError, match="hosted_zone_id"):
        Public(domain="orders.example.com", sign_in_domain_prefix="example-orders")  # type: ignore[call-arg] # refused
    with pytest.raises(TypeError, match="sign_in_domain_prefix"):
        Public(domain="orders.example.com", hosted_zone_id="Z0123456789")  # type: ignore[call-arg] # refused


def test_uploads_come_only_from_the_apps_own_address() -> None:
    assert PUBLIC.origins == ("https://orders.example.com",)
    assert all("localhost" in origin or "127.0.0.1" in origin for origin in Internal().origins)


def test_instances_that_run_during_a_replacement_are_counted() -> None:
    web = replace(PROD_WEB, capacity=OnDemandInstances(types=("m7g.large",)), min_instances=4, max_instances=15)
    assert web.most_instances == 17, "a tenth, rounded up"
    assert replace(web, warm_instances=2).most_instances == 19, "an update creates a second group"


def test_a_temporary_copy_of_public_pages_is_internal_and_unprotected() -> None:
    """A domain and a sign-in page exist once."""
    copy = replace(PROD_WEB, exposure=PUBLIC).temporary()
    assert (copy.exposure, copy.deletion_protection) == (Internal(), False)
    own = Internal(origins=("https://orders.internal.example.com",))
    assert replace(PROD_WEB, exposure=own).temporary().exposure == own
