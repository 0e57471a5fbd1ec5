"""Prod with a load balancer on the internet, which no shipped environment has: each company has its own domain."""

from dataclasses import replace

from config.environments import PROD, PROD_WEB
from config.network import CORE_ENDPOINTS_WITHOUT_NAT, DualStack, NatPerZone
from config.web import OnDemandInstances, Public, WebConfig, WithSpotInstances
from tests.support.synthesis import Synthesized, synthesize

DOMAIN = "orders.example.com"
PUBLIC_EXPOSURE = Public(domain=DOMAIN, hosted_zone_id="Z0123456789ABCDEFGHIJ", sign_in_domain_prefix="example-orders")
PUBLIC_WEB = replace(PROD_WEB, exposure=PUBLIC_EXPOSURE)
# The app fetches public keys from the internet. Functions need nothing there, so their security groups end at S3's
# prefix list, whose id is invented.
PUBLIC_NETWORK = replace(
    PROD.network,
    nat=NatPerZone(),
    interface_endpoints=CORE_ENDPOINTS_WITHOUT_NAT,
    s3_prefix_list="pl-0123456789abcdef0",
)
PUBLIC = replace(PROD, network=PUBLIC_NETWORK, web=PUBLIC_WEB)
VARIANTS = {"web-public": PUBLIC}
UNUSUAL = {
    "web-public, plus": replace(
        PUBLIC, web=replace(PUBLIC_WEB, exposure=replace(PUBLIC_EXPOSURE, sign_in_plan="plus", mfa="optional"))
    ),
    "web-public, dual stack, spot": replace(
        PUBLIC,
        network=replace(PUBLIC.network, addressing=DualStack()),
        web=replace(
            PUBLIC_WEB,
            capacity=WithSpotInstances(
                types=("m7g.large", "m6g.large", "c7g.large"), on_demand_base=1, spot_percent=50
            ),
        ),
    ),
    "web-public, warm pool": replace(
        PUBLIC,
        web=replace(PUBLIC_WEB, capacity=OnDemandInstances(types=("m7g.large",)), warm_instances=1),
    ),
}


def public() -> Synthesized:
    """`PUBLIC` with everything validated."""
    return synthesize(PUBLIC, validate=True)


def web_of(synthesized: Synthesized) -> WebConfig:
    """The web configuration of its environment, which has one."""
    web = synthesized.environment.web
    assert web
    return web
