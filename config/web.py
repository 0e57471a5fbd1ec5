"""Configuration of the web app: who can reach it, which instances run it, and how it scales."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from config.capability import Capability
from config.checks import ConfigSection, require, require_log_days
from config.network import InterfaceEndpoint, NoNat
from config.regions import has_public_sign_in

if TYPE_CHECKING:
    from config.model import Environment

# Where a browser is that came through `make tunnel`, or to the local cloud: on some port of its own machine.
OWN_MACHINE = ("http://localhost:*", "http://127.0.0.1:*")
LONGEST_CERTIFIED_NAME = 64  # (AWS Certificate Manager User Guide, "Characteristics", on common names)
# What AWS WAF takes (AWS WAF API Reference, "RateBasedStatement").
RATE_LIMITS = range(10, 2_000_000_001)
# Cognito refuses prefixes with these (Amazon Cognito Developer Guide, "Using the Amazon Cognito domain").
RESERVED_WORDS = ("aws", "amazon", "cognito")
DATABASE_POOL = 8  # what web_src/database.py lets its pool grow to; a contract test compares the two
LOAD_BALANCER_ADDRESSES = 8  # free in each subnet (User Guide for Application Load Balancers, "Subnets")
# Signals and metrics of instances, and Session Manager.
ENDPOINTS_WITHOUT_NAT: frozenset[InterfaceEndpoint] = frozenset({"cloudformation", "monitoring", "ssm", "ssmmessages"})
REPLACED_PERCENT = 10  # of the group that Auto Scaling replaces at once, rounded up
GRAVITON = re.compile(r"^[a-z]+\d+g[a-z]*\.")  # m7g., t4g., c7gn.: the `g` after the generation


@dataclass(frozen=True, kw_only=True)
class Internal(ConfigSection):
    """The load balancer has no public address: it is reached from inside the VPC, or an instance by `make tunnel`.

    `origins` are the addresses under which browsers see the app, from which they may upload: `*` stands for any port.
    """

    PATH = "web.exposure."

    origins: tuple[str, ...] = OWN_MACHINE

    def check(self) -> None:
        for origin in self.origins:
            require(
                re.fullmatch(r"https?://[a-z0-9.-]+(:(\d+|\*))?", origin) is not None,
                "web.exposure.origins",
                "origins like 'http://localhost:*' or 'https://orders.internal.example.com'",
                origin,
                "an origin is what a browser's address line begins with: scheme, host and port, and no path",
            )


@dataclass(frozen=True, kw_only=True)
class Public(ConfigSection):
    """The load balancer faces the internet: TLS under `domain`, a sign-in before every page, and a firewall before all.

    `hosted_zone_id` is the public zone on Route 53, in the same account, that holds `domain`. The sign-in stands at
    `sign_in_domain_prefix`, which no other account may have in the region. `sign_in_plan` is Cognito's: "plus" has it
    judge how risky each sign-in is, for a price by the person. One address may send `requests_per_five_minutes`.
    """

    PATH = "web.exposure."

    domain: str
    hosted_zone_id: str
    sign_in_domain_prefix: str
    mfa: Literal["required", "optional"] = "required"
    sign_in_plan: Literal["essentials", "plus"] = "essentials"
    requests_per_five_minutes: int = 2000

    @property
    def origins(self) -> tuple[str, ...]:
        """The address under which browsers see the app, and from which they may upload."""
        return (f"https://{self.domain}",)

    def check(self) -> None:
        require(
            re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", self.domain) is not None
            and len(self.domain) <= LONGEST_CERTIFIED_NAME,
            "web.exposure.domain",
            f"a name like 'orders.example.com', in lower case, of at most {LONGEST_CERTIFIED_NAME} characters",
            self.domain,
            "the certificate is made for it, and the sign-in returns to it letter by letter",
        )
        require(
            re.fullmatch(r"Z[A-Z0-9]{1,31}", self.hosted_zone_id) is not None,
            "web.exposure.hosted_zone_id",
            "the id of a hosted zone, like 'Z0123456789ABCDEFGHIJ'",
            self.hosted_zone_id,
            "aws route53 list-hosted-zones shows it, after '/hostedzone/'",
        )
        require(
            re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", self.sign_in_domain_prefix) is not None
            and not any(word in self.sign_in_domain_prefix for word in RESERVED_WORDS),
            "web.exposure.sign_in_domain_prefix",
            "1 to 63 of lower-case letters, digits and inner '-', without 'aws', 'amazon' or 'cognito'",
            self.sign_in_domain_prefix,
            "the sign-in page's address begins with it; take one that nobody else will have, with your company's name",
        )
        require(
            self.requests_per_five_minutes in RATE_LIMITS,
            "web.exposure.requests_per_five_minutes",
            f"{RATE_LIMITS.start} or more",
            self.requests_per_five_minutes,
            "AWS WAF counts no fewer; an office behind one address shares them",
        )


Exposure = Internal | Public


@dataclass(frozen=True, kw_only=True)
class OnDemandInstances(ConfigSection):
    """Instances at the list price: the first of `types` that the zone has."""

    PATH = "web.capacity."

    types: tuple[str, ...]

    def check(self) -> None:
        _require_types(self.types, at_least=1)


@dataclass(frozen=True, kw_only=True)
class WithSpotInstances(ConfigSection):
    """The first `on_demand_base` at the list price, and of those above it `spot_percent` at the spot price.

    AWS takes spot instances back with two minutes' notice, and the group replaces them when it hears of a higher risk.
    """

    PATH = "web.capacity."

    types: tuple[str, ...]
    on_demand_base: int
    spot_percent: int

    def check(self) -> None:
        _require_types(self.types, at_least=3)
        require(
            self.on_demand_base >= 1,
            "web.capacity.on_demand_base",
            "at least 1",
            self.on_demand_base,
            "AWS may take all spot instances back at once",
        )
        require(
            1 <= self.spot_percent <= 100,
            "web.capacity.spot_percent",
            "1 to 100",
            self.spot_percent,
            "none is OnDemandInstances()",
        )


Capacity = OnDemandInstances | WithSpotInstances


def _require_types(types: tuple[str, ...], *, at_least: int) -> None:
    require(
        len(set(types)) == len(types) >= at_least,
        "web.capacity.types",
        f"{at_least} or more different instance types",
        types,
        "what one type lacks in a zone another may have; with spot instances there should be several to choose from",
    )
    for each in types:
        require(
            re.fullmatch(r"[a-z]+\d+[a-z-]*\.\w+", each) is not None,
            "web.capacity.types",
            "instance types like 't4g.small'",
            each,
            "see 'Amazon EC2 instance types'",
        )
    processors = {GRAVITON.match(each) is not None for each in types}
    require(
        len(processors) <= 1,
        "web.capacity.types",
        "of one processor",
        types,
        "Graviton types carry a 'g' after their generation (t4g, m7g); the app is built for one processor",
    )


@dataclass(frozen=True, kw_only=True)
class WebConfig(Capability):
    """The Auto Scaling group that shows the rows, and who can reach its load balancer.

    It grows while its instances get more than `requests_per_minute` each, or are busy. `warm_instances` that are set
    up and stopped wait for that moment, each billed for its disk. `log_days` are those of all logs of the tier.
    """

    PATH = "web."

    exposure: Exposure
    capacity: Capacity
    min_instances: int
    max_instances: int
    warm_instances: int = 0
    requests_per_minute: int = 3000
    deletion_protection: bool
    log_days: int

    @property
    def most_instances(self) -> int:
        """How many run at once at most: while Auto Scaling replaces some, or a release a group that has a warm pool."""
        replaced = ceil(self.max_instances * REPLACED_PERCENT / 100)
        return self.max_instances + (self.min_instances if self.warm_instances else replaced)

    @property
    def graviton(self) -> bool:
        """Whether its instances have AWS's own processor, which is an arm64."""
        return GRAVITON.match(self.capacity.types[0]) is not None

    @property
    def database_connections(self) -> int:
        """A pool in each instance, including those that are being replaced."""
        return self.most_instances * DATABASE_POOL

    @property
    def app_addresses(self) -> int:
        """Those of the instances and of the load balancer."""
        return self.most_instances + self.warm_instances + LOAD_BALANCER_ADDRESSES

    @property
    def endpoints_without_nat(self) -> frozenset[InterfaceEndpoint]:
        """What instances call."""
        return ENDPOINTS_WITHOUT_NAT

    def check_environment(self, environment: Environment) -> None:
        architecture = environment.runtime.architecture
        require(
            self.graviton == (architecture == "arm64"),
            "web.capacity.types",
            f"{architecture} types, the value of runtime.architecture",
            self.capacity.types,
            "Graviton types have a 'g' after their generation (t4g, m7g); the app is built for one architecture",
        )
        if not isinstance(self.exposure, Public):
            return
        require(
            not isinstance(environment.network.nat, NoNat),
            "network.nat",
            "NatPerZone(), SingleNat() or RegionalNat() where web.exposure is Public(...)",
            environment.network.nat,
            "the app verifies each sign-in with public keys that it fetches from the internet; use one of these, or "
            "Internal()",
        )
        require(
            has_public_sign_in(environment.region),
            "web.exposure",
            f"Internal() in {environment.region}",
            self.exposure,
            "China has no Amazon Cognito user pools, and GovCloud gives their sign-in pages another name",
        )

    def check(self) -> None:
        require(
            self.min_instances >= 1,
            "web.min_instances",
            "at least 1",
            self.min_instances,
            "with none in service nobody is served",
        )
        require(
            self.max_instances > self.min_instances,
            "web.max_instances",
            f"above web.min_instances ({self.min_instances})",
            self.max_instances,
            "a rolling update keeps the minimum in service and needs room for one more",
        )
        require(
            self.requests_per_minute >= 1,
            "web.requests_per_minute",
            "at least 1",
            self.requests_per_minute,
            "the group grows when each instance gets more",
        )
        self._require_a_pool_that_can_be_warm()
        require_log_days("web.log_days", self.log_days)

    def _require_a_pool_that_can_be_warm(self) -> None:
        require(
            self.warm_instances >= 0, "web.warm_instances", "0 or more", self.warm_instances, "0 keeps none waiting"
        )
        require(
            self.warm_instances == 0 or isinstance(self.capacity, OnDemandInstances),
            "web.warm_instances",
            "0 with a spot share (web.capacity)",
            self.warm_instances,
            "AWS keeps no spot instance waiting; take OnDemandInstances(...)",
        )
        require(
            self.warm_instances == 0 or len(self.capacity.types) == 1,
            "web.warm_instances",
            "0 with several types (web.capacity.types)",
            self.warm_instances,
            "not every region keeps instances of a mixed group waiting; take one type",
        )
