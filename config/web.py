"""Configuration of the web app: who can reach it, which instances run it, and how it scales."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Literal

from config.capability import Capability
from config.checks import ConfigSection, require
from config.network import InterfaceEndpoint, NoNat
from config.regions import has_public_sign_in

if TYPE_CHECKING:
    from config.model import Environment

# Origins of pages opened through `make tunnel` or on the local cloud: any port of the user's own machine.
OWN_MACHINE = ("http://localhost:*", "http://127.0.0.1:*")
MAX_COMMON_NAME_LENGTH = 64  # AWS Certificate Manager User Guide, "Characteristics"
# AWS WAF API Reference, "RateBasedStatement".
RATE_LIMITS = (10, 2_000_000_000)
# Cognito refuses prefixes with these words (Amazon Cognito Developer Guide, "Using the Amazon Cognito domain").
RESERVED_WORDS = ("aws", "amazon", "cognito")
DATABASE_POOL = 8  # the maximum pool size in web_src/database.py; a contract test compares both numbers
LOAD_BALANCER_ADDRESSES = 8  # free in each subnet (User Guide for Application Load Balancers, "Subnets")
# Instances need these endpoints for signals, logs, metrics and Session Manager.
ENDPOINTS_WITHOUT_NAT: frozenset[InterfaceEndpoint] = frozenset(
    {"cloudformation", "logs", "monitoring", "ssm", "ssmmessages"}
)
REPLACED_PERCENT = 10  # Auto Scaling replaces this share of the group at once, rounded up
GRAVITON = re.compile(r"^[a-z]+\d+g[a-z]*\.")  # m7g., t4g., c7gn.: the `g` after the generation


@dataclass(frozen=True, kw_only=True)
class Internal(ConfigSection):
    """The load balancer is reachable only from inside the VPC. `make tunnel` connects to an instance.

    `origins` are the addresses at which browsers open the app. Only pages of these origins may upload, and the app
    answers only to their names and that of the load balancer. `*` means any port.
    """

    PATH = "web.exposure."

    origins: tuple[str, ...] = OWN_MACHINE

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names of the origins, each once."""
        return tuple(dict.fromkeys(each.partition("://")[2].partition(":")[0] for each in self.origins))

    def check(self) -> None:
        for origin in self.origins:
            require(
                re.fullmatch(r"https?://[a-z0-9.-]+(:(\d+|\*))?", origin) is not None,
                "web.exposure.origins",
                "origins like 'http://localhost:*' or 'https://orders.internal.example.com'",
                origin,
                "an origin is the start of a browser's address: scheme, host and port, without a path",
            )


@dataclass(frozen=True, kw_only=True)
class Public(ConfigSection):
    """The load balancer faces the internet, with TLS for `domain`, a web ACL, and a sign-in before every page.

    `hosted_zone_id` is the public hosted zone on Route 53, in the same account, that contains `domain`. The sign-in
    page's address starts with `sign_in_domain_prefix`, which must be unique in the region. `sign_in_plan` is Cognito's
    feature plan; "plus" adds threat protection and is billed per person. An IP address that sends more than
    `requests_per_five_minutes` is blocked.
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
        """The address at which browsers open the app. Only pages of this origin may upload."""
        return (f"https://{self.domain}",)

    def check(self) -> None:
        self.require(
            re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", self.domain) is not None
            and len(self.domain) <= MAX_COMMON_NAME_LENGTH,
            "domain",
            f"a name like 'orders.example.com', in lower case, of at most {MAX_COMMON_NAME_LENGTH} characters",
            "the certificate is issued for exactly this name, and the sign-in returns to this name",
        )
        self.require(
            re.fullmatch(r"Z[A-Z0-9]{1,31}", self.hosted_zone_id) is not None,
            "hosted_zone_id",
            "the id of a hosted zone, like 'Z0123456789ABCDEFGHIJ'",
            "aws route53 list-hosted-zones shows the id, after '/hostedzone/'",
        )
        self.require(
            re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", self.sign_in_domain_prefix) is not None
            and not any(word in self.sign_in_domain_prefix for word in RESERVED_WORDS),
            "sign_in_domain_prefix",
            "1 to 63 of lower-case letters, digits and inner '-', without 'aws', 'amazon' or 'cognito'",
            "the sign-in page's address starts with this prefix; use a unique prefix, such as your company's name",
        )
        fix = "AWS WAF accepts no other limit; people in an office behind one address share this limit"
        self.require_between("requests_per_five_minutes", *RATE_LIMITS, fix)


Exposure = Internal | Public


@dataclass(frozen=True, kw_only=True)
class OnDemandInstances(ConfigSection):
    """On-demand instances. Auto Scaling uses the first of `types` that is available in the zone."""

    PATH = "web.capacity."

    types: tuple[str, ...]

    def check(self) -> None:
        _require_types(self.types, at_least=1)


@dataclass(frozen=True, kw_only=True)
class WithSpotInstances(ConfigSection):
    """On-demand instances up to `on_demand_base`; above it, `spot_percent` of the instances are spot instances.

    AWS reclaims spot instances with two minutes' notice. The group replaces them when AWS reports a higher risk.
    """

    PATH = "web.capacity."

    types: tuple[str, ...]
    on_demand_base: int
    spot_percent: int

    def check(self) -> None:
        _require_types(self.types, at_least=3)
        self.require_at_least("on_demand_base", 1, "AWS may reclaim all spot instances at once")
        self.require_between("spot_percent", 1, 100, "without spot instances, use OnDemandInstances(...)")


Capacity = OnDemandInstances | WithSpotInstances


def _require_types(types: tuple[str, ...], *, at_least: int) -> None:
    require(
        len(set(types)) == len(types) >= at_least,
        "web.capacity.types",
        f"{at_least} or more different instance types",
        types,
        "if a type is unavailable, another type may be available; spot instances need several types to choose from",
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
        "of one architecture",
        types,
        "Graviton types carry a 'g' after their generation (t4g, m7g); the app is built for one processor",
    )


@dataclass(frozen=True, kw_only=True)
class WebConfig(Capability):
    """The web app: an Auto Scaling group behind an Application Load Balancer.

    The group adds instances when each instance gets more than `requests_per_minute`, or when CPUs are busy. A warm pool
    keeps `warm_instances` set up and stopped, each billed for its disk. All logs of the web app are kept for
    `log_days`.
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
        """The maximum number of instances while instances, or a whole group with a warm pool, are replaced."""
        replaced = ceil(self.max_instances * REPLACED_PERCENT / 100)
        return self.max_instances + (self.min_instances if self.warm_instances else replaced)

    @property
    def graviton(self) -> bool:
        """Whether the instances have a Graviton processor (arm64)."""
        return GRAVITON.match(self.capacity.types[0]) is not None

    @property
    def database_connections(self) -> int:
        """The connections of one pool per instance, including instances that are being replaced."""
        return self.most_instances * DATABASE_POOL

    @property
    def app_addresses(self) -> int:
        """The addresses of the instances and of the load balancer."""
        return self.most_instances + self.warm_instances + LOAD_BALANCER_ADDRESSES

    @property
    def endpoints_without_nat(self) -> frozenset[InterfaceEndpoint]:
        """The interface endpoints that instances call. A public app needs NAT in any case."""
        return frozenset() if isinstance(self.exposure, Public) else ENDPOINTS_WITHOUT_NAT

    def temporary(self) -> WebConfig:
        """Internal and without protection: a domain and its sign-in exist once."""
        exposure = self.exposure if isinstance(self.exposure, Internal) else Internal()
        return replace(self, exposure=exposure, deletion_protection=False)

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
        self.require(
            has_public_sign_in(environment.region),
            "exposure",
            f"Internal() in {environment.region}",
            "China has no Amazon Cognito user pools, and sign-in pages in GovCloud have another domain name",
        )
        require(
            not isinstance(environment.network.nat, NoNat),
            "network.nat",
            "NatPerZone(), SingleNat() or RegionalNat() where web.exposure is Public(...)",
            environment.network.nat,
            "the app verifies each sign-in with public keys from the internet; use one of these values, or Internal()",
        )

    def check(self) -> None:
        self.require_at_least("min_instances", 1, "without an instance in service, every request fails")
        self.require(
            self.max_instances > self.min_instances,
            "max_instances",
            f"above web.min_instances ({self.min_instances})",
            "a rolling update keeps the minimum in service and needs room for one more instance",
        )
        self.require_at_least("requests_per_minute", 1, "the group adds instances when each one gets more")
        self._check_warm_pool()
        self.require_log_days()

    def _check_warm_pool(self) -> None:
        self.require_at_least("warm_instances", 0, "0 means no warm pool")
        self.require(
            self.warm_instances == 0 or isinstance(self.capacity, OnDemandInstances),
            "warm_instances",
            "0 with a spot share (web.capacity)",
            "a warm pool can't have spot instances; use OnDemandInstances(...)",
        )
        self.require(
            self.warm_instances == 0 or len(self.capacity.types) == 1,
            "warm_instances",
            "0 with several types (web.capacity.types)",
            "not every region offers warm pools for several instance types; use one type",
        )
