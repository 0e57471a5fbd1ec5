"""One environment: the values of every capability, checked against each other.

Every check names the field, its value, what is allowed and how to fix it.
"""

import re
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Literal, get_args

from config.address_plan import usable_addresses
from config.bootstrap import DEFAULT_QUALIFIER, Bootstrap, BootstrapNames, OwnBootstrap, SharedBootstrap
from config.capability import Capability
from config.checks import ConfigSection, require
from config.connections import CALLS, free_connections
from config.cost_guard import CostGuardConfig
from config.database import Engine, PostgresInstance, ThroughProxy
from config.delivery import DeliveryConfig
from config.housekeeping import HousekeepingConfig
from config.ingestion import IngestionConfig, LandingBucketConfig, SnapStart
from config.instance_classes import families_in
from config.network import (
    CORE_ENDPOINTS_WITHOUT_NAT,
    InterfaceEndpoint,
    ListedZones,
    NatPerZone,
    NetworkConfig,
    NoNat,
    RegionalNat,
    SingleNat,
)
from config.operations import OperationsConfig
from config.project_name import check_name, check_project_name
from config.regions import (
    ZONES_WITHOUT_DATABASE_PROXY,
    ZONES_WITHOUT_NAT,
    has_database_proxy,
    has_regional_nat,
    has_snap_start,
    zone_letters,
)
from config.web import WebConfig

Architecture = Literal["arm64", "x86_64"]
# cdk-nag's rule packs, by the names that its findings carry.
RulePack = Literal["AwsSolutions", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321", "Serverless"]
RULE_PACKS: tuple[RulePack, ...] = get_args(RulePack)

TEMPORARY_PREFIX = "pr-"  # of the names of temporary environments (config/temporary.py)
SNAP_START_MINOR = 12  # of Python (Lambda Developer Guide, "Improving startup performance with Lambda SnapStart")


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig(ConfigSection):
    """The processor architecture and Python version of functions and instances: their code is built for these.

    With `reserve_concurrency` each function has reserved concurrency, which is also its maximum. An account must keep
    100 unreserved, and a new account has 10 in all (AWS Lambda Developer Guide, "Configuring reserved concurrency for a
    function").

    `compiled` code starts a quarter to half a second sooner. Only the same Python version can compile it, so
    `make deploy` refuses every other: it would replace all functions. Without it every version builds the same code.
    """

    PATH = "runtime."

    architecture: Architecture = "arm64"
    python: str = "3.14"
    reserve_concurrency: bool = False
    compiled: bool = True

    def check(self) -> None:
        self.require(
            re.fullmatch(r"3\.(1[1-9]|[2-9]\d)", self.python) is not None,
            "python",
            "3.11 or newer, written like '3.14'",
            "name a minor version that AWS Lambda and Amazon Linux 2023 offer",
        )


@dataclass(frozen=True, kw_only=True)
class FoundationConfig(ConfigSection):
    """How long access logs are kept, and who receives alarms by e-mail."""

    PATH = "foundation."

    log_bucket_days: int
    alert_emails: tuple[str, ...] = ()

    def check(self) -> None:
        self.require_at_least("log_bucket_days", 1, "S3 counts whole days")
        for email in self.alert_emails:
            require(
                re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) is not None,
                "foundation.alert_emails",
                "addresses like ops@example.com",
                email,
                "alarms are sent there",
            )


class Removal(Enum):
    """The removal policy of buckets, keys and log groups: applies when their stack is deleted."""

    RETAIN = "retain"
    DESTROY = "destroy"


@dataclass(frozen=True, kw_only=True)
class Environment(ConfigSection):
    """One deployment of the whole platform. An optional capability that is None is not deployed.

    `account` and `region` may be left open until `cdk deploy`. An environment with an `account` is pinned to it:
    commands and the CDK refuse credentials for every other account before they change anything. A finding of one of
    the `rule_packs` stops the synthesis.
    """

    name: str
    project: str = "shop"
    account: str | None = None
    region: str | None = None
    bootstrap: Bootstrap = field(default_factory=SharedBootstrap)
    runtime: RuntimeConfig = RuntimeConfig()
    foundation: FoundationConfig
    network: NetworkConfig
    database: Engine
    landing_bucket: LandingBucketConfig
    ingestion: IngestionConfig
    operations: OperationsConfig | None = None
    housekeeping: HousekeepingConfig | None = None
    web: WebConfig | None = None
    cost_guard: CostGuardConfig | None = None
    delivery: DeliveryConfig | None = None
    removal: Removal
    termination_protection: bool
    rule_packs: tuple[RulePack, ...] = RULE_PACKS

    @property
    def bootstrap_names(self) -> BootstrapNames:
        """The names of what `make bootstrap` makes for it."""
        return BootstrapNames(project=self.project, environment=self.name)

    @property
    def qualifier(self) -> str:
        """What the CDK tells the bootstrap that it is deployed with from others in its account by."""
        return self.bootstrap_names.qualifier if isinstance(self.bootstrap, OwnBootstrap) else DEFAULT_QUALIFIER

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """The optional capabilities that this environment has."""
        values = (getattr(self, each.name) for each in fields(self))
        return tuple(value for value in values if isinstance(value, Capability))

    @property
    def endpoints_without_nat(self) -> frozenset[InterfaceEndpoint]:
        """The AWS services that functions and instances call; without NAT each gets an interface endpoint."""
        return CORE_ENDPOINTS_WITHOUT_NAT.union(*(each.endpoints_without_nat for each in self.capabilities))

    @property
    def interface_endpoints(self) -> frozenset[InterfaceEndpoint]:
        """Those of `network.interface_endpoints` and, without NAT, all that functions and instances need."""
        needed = self.endpoints_without_nat if isinstance(self.network.nat, NoNat) else frozenset()
        return self.network.interface_endpoints | needed

    def check(self) -> None:
        check_name("name", self.name)
        require(
            re.fullmatch(rf"(?!{TEMPORARY_PREFIX}).*|{TEMPORARY_PREFIX}[1-9][0-9]*", self.name) is not None,
            "name",
            f"{TEMPORARY_PREFIX}<number> if it starts with {TEMPORARY_PREFIX}",
            self.name,
            "such an environment is temporary, and is deleted with all others whose names start like that",
        )
        check_project_name(self.project)
        require(
            self.account is None or re.fullmatch(r"\d{12}", self.account) is not None,
            "account",
            "twelve digits or left open",
            self.account,
            "pass it as -c account=111122223333",
        )
        require(
            self.region is None or re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region) is not None,
            "region",
            "an AWS region like eu-central-1, or left open",
            self.region,
            "pass it as -c region=eu-central-1",
        )
        self._check_zones()
        self._check_database_in_region()
        self._check_nat_in_region()
        self._check_endpoints_with_prefix_list()
        self._check_app_subnet_size()
        self._check_replayed_files_are_readable()
        self._check_snap_start()
        self._check_database_connections()
        for capability in self.capabilities:
            capability.check_environment(self)

    def _check_zones(self) -> None:
        letters = zone_letters(self.region)
        require(
            self.network.zones.count <= len(letters),
            "network.zones",
            f"at most {len(letters)} in {self.region} ({', '.join(letters)})",
            self.network.zones.count,
            "use fewer zones, or a region that has more",
        )
        zones = self.network.zones
        if not isinstance(zones, ListedZones):
            return
        unknown = [zone for zone in zones.zones if not zones.are_ids and zone not in letters]
        require(
            not unknown,
            "network.zones.zones",
            f"letters that {self.region or 'a region'} has ({', '.join(letters)})",
            ", ".join(unknown),
            "`aws ec2 describe-availability-zones` lists those of your account",
        )
        # The proxy is in the first two zones.
        for zone in set(zones.zones[:2]) & ZONES_WITHOUT_DATABASE_PROXY:
            require(
                not isinstance(self.database.connections, ThroughProxy),
                "database.connections",
                f"Direct() with {zone} among the first two of network.zones",
                self.database.connections,
                f"RDS Proxy is not available in {zone}; list that zone later",
            )
        with_nat = {NatPerZone: zones.zones, SingleNat: zones.zones[:1]}.get(type(self.network.nat), ())
        for zone in set(with_nat) & ZONES_WITHOUT_NAT:
            require(
                not with_nat,
                "network.nat",
                f"one that needs no gateway in {zone}",
                self.network.nat,
                f"new accounts get no NAT gateway in {zone}; SingleNat() has its gateway in the first of network.zones",
            )

    def _check_database_in_region(self) -> None:
        if isinstance(self.database, PostgresInstance):
            families = families_in(self.region)
            require(
                self.database.instance_type.partition(".")[0] in families,
                "database.instance_type",
                f"of a family that RDS offers in {self.region} ({', '.join(families)})",
                self.database.instance_type,
                "use one of these, or another region; `aws rds describe-orderable-db-instance-options` lists more",
            )
        require(
            has_database_proxy(self.region) or not isinstance(self.database.connections, ThroughProxy),
            "database.connections",
            f"Direct() in {self.region}",
            self.database.connections,
            "RDS Proxy is not available in this region",
        )

    def _check_nat_in_region(self) -> None:
        require(
            has_regional_nat(self.region) or not isinstance(self.network.nat, RegionalNat),
            "network.nat",
            f"NatPerZone(), SingleNat() or NoNat() in {self.region}",
            self.network.nat,
            "GovCloud and China have no regional NAT gateways",
        )

    def _check_endpoints_with_prefix_list(self) -> None:
        needed = self.endpoints_without_nat
        missing = needed - self.interface_endpoints
        require(
            self.network.s3_prefix_list is None or not missing,
            "network.interface_endpoints",
            f"at least {', '.join(sorted(needed))} with network.s3_prefix_list",
            sorted(self.network.interface_endpoints),
            f"without its endpoint a service can't be reached then; add {', '.join(sorted(missing))}",
        )

    def _check_app_subnet_size(self) -> None:
        needed = (
            self.ingestion.max_concurrency
            + CALLS  # migrations
            + len(self.interface_endpoints)
            + sum(each.app_addresses for each in self.capabilities)
        )
        require(
            usable_addresses(self.network.app_prefix) >= needed,
            "network.app_prefix",
            f"short enough for {needed} addresses (functions, endpoints, optional capabilities)",
            self.network.app_prefix,
            "one subnet must hold them all while the other zones are down; use larger app subnets",
        )

    def _check_replayed_files_are_readable(self) -> None:
        readable = self.landing_bucket.readable_days
        require(
            self.ingestion.archive_days < readable,
            "ingestion.archive_days",
            f"below {readable}, the days a file can be read (landing_bucket.noncurrent_days, .storage, .expire_days)",
            self.ingestion.archive_days,
            "a replay reads files again, and files in Deep Archive must be restored first; archive events for less "
            "time, or keep files readable for longer",
        )

    def _check_snap_start(self) -> None:
        if not isinstance(self.ingestion.start, SnapStart):
            return
        require(
            int(self.runtime.python.partition(".")[2]) >= SNAP_START_MINOR,
            "runtime.python",
            f"3.{SNAP_START_MINOR} or newer with ingestion.start = SnapStart()",
            self.runtime.python,
            "SnapStart needs a newer Python; use OnDemand() or a newer Python",
        )
        require(
            has_snap_start(self.region),
            "ingestion.start",
            f"OnDemand() or ProvisionedConcurrency(...) in {self.region}",
            self.ingestion.start,
            "SnapStart is not available in this region",
        )

    def _check_database_connections(self) -> None:
        proxy = self.database.connections
        free = free_connections(
            self.database.max_connections,
            capabilities=sum(each.database_connections for each in self.capabilities),
            proxy_percent=proxy.connections_percent if isinstance(proxy, ThroughProxy) else None,
        )
        require(
            free.direct >= 0,
            "database.connections.connections_percent",
            f"small enough to leave {-free.direct} more connections beside the proxy",
            self.database.connections,
            "migrations and RDS itself don't use the proxy; lower it, or use a larger database",
        )
        require(
            self.ingestion.max_concurrency <= free.ingestion,
            "ingestion.max_concurrency",
            f"at most {max(free.ingestion, 0)} with this database of {self.database.max_connections} connections",
            self.ingestion.max_concurrency,
            "each file that is being loaded holds a connection; use a larger database, or fewer connections elsewhere",
        )
