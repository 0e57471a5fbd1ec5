"""The words in which an environment is described. Each checks itself and says how to mend what is wrong."""

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Literal, get_args

from config.address_plan import MAX_ZONES, AddressPlan, usable_addresses

Architecture = Literal["arm64", "x86_64"]
OnRemoval = Literal["retain", "destroy"]

# What CloudWatch Logs accepts (CloudWatch Logs API Reference, "PutRetentionPolicy").
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
LAMBDA_MAX_TIMEOUT_SECONDS = 900
LAMBDA_MEMORY_MB = range(128, 10_241)
# A mapping's maximum concurrency (Lambda Developer Guide, "Configuring maximum concurrency for SQS event sources").
EVENT_SOURCE_CONCURRENCY = range(2, 1001)
GRAVITON = re.compile(r"^[a-z]+\d+g[a-z]*\.")  # m7g., t4g., c7gn.: the `g` after the generation


class ConfigError(ValueError):
    """A value that no environment may have: names the field, the value, what is allowed and how to mend it."""


def _require(condition: bool, field: str, allowed: str, value: object, mend: str) -> None:
    if not condition:
        raise ConfigError(f"{field} must be {allowed}, got {value!r}: {mend}")


def _require_log_days(field: str, days: int) -> None:
    allowed = "one of " + ", ".join(map(str, LOG_RETENTION_DAYS))
    _require(days in LOG_RETENTION_DAYS, field, allowed, days, "CloudWatch Logs accepts no other number of days")


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What functions and instances run on: processor and Python, for which assets are built."""

    architecture: Architecture = "arm64"
    python: str = "3.14"

    def __post_init__(self) -> None:
        architectures = get_args(Architecture)
        _require(
            self.architecture in architectures,
            "platform.architecture",
            f"one of {', '.join(architectures)}",
            self.architecture,
            "name the processor that functions and instances run on",
        )
        _require(
            re.fullmatch(r"3\.(1[1-9]|[2-9]\d)", self.python) is not None,
            "platform.python",
            "3.11 or newer, written like '3.14'",
            self.python,
            "name a minor version that AWS Lambda and Amazon Linux 2023 offer",
        )


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """What everything else needs first: where logs are kept, and who hears of alarms."""

    log_bucket_days: int
    alert_emails: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require(
            self.log_bucket_days >= 1,
            "foundation.log_bucket_days",
            "at least 1",
            self.log_bucket_days,
            "S3 counts whole days",
        )
        for email in self.alert_emails:
            _require(
                re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) is not None,
                "foundation.alert_emails",
                "addresses like ops@example.com",
                email,
                "alarms are sent there",
            )


@dataclass(frozen=True, kw_only=True)
class AnyZones:
    """The region's first `count` availability zones, in whatever order AWS lists them for the account."""

    count: int = 3

    def __post_init__(self) -> None:
        _require(
            2 <= self.count <= MAX_ZONES,
            "network.zones",
            f"2 to {MAX_ZONES} zones",
            self.count,
            "one zone survives no outage, and the address plan has room for six",
        )


@dataclass(frozen=True, kw_only=True)
class NamedZones:
    """Zones by their letter in the region, for example ("a", "b", "c"): their order never changes."""

    letters: tuple[str, ...]

    def __post_init__(self) -> None:
        well_formed = all(re.fullmatch("[a-z]", letter) for letter in self.letters)
        _require(
            well_formed and len(set(self.letters)) == len(self.letters) and 2 <= len(self.letters) <= MAX_ZONES,
            "network.zones",
            f"2 to {MAX_ZONES} different zone letters",
            self.letters,
            "write letters such as ('a', 'b', 'c')",
        )

    @property
    def count(self) -> int:
        """How many zones there are."""
        return len(self.letters)


Zones = AnyZones | NamedZones


@dataclass(frozen=True)
class NatPerZone:
    """A NAT gateway in each zone: a zone that fails takes only its own egress with it."""


@dataclass(frozen=True)
class SingleNat:
    """One NAT gateway for all zones: the cheapest egress, lost for all when its zone fails."""


@dataclass(frozen=True)
class RegionalNat:
    """One regional NAT gateway that AWS spreads over the zones in use, with no public subnet of its own."""


Nat = NatPerZone | SingleNat | RegionalNat


@dataclass(frozen=True, kw_only=True)
class Network:
    """The VPC: its addresses (prefix lengths are those of one subnet), zones and way out."""

    nat: Nat
    zones: Zones
    cidr: str = "10.0.0.0/16"
    public_prefix: int = 24
    app_prefix: int = 20
    data_prefix: int = 22
    flow_log_days: int

    def __post_init__(self) -> None:
        for tier in ("public", "app", "data"):
            prefix = getattr(self, f"{tier}_prefix")
            _require(
                isinstance(prefix, int) and 19 <= prefix <= 28,
                f"network.{tier}_prefix",
                "19 to 28",
                prefix,
                "AWS allows subnets down to /28, and eight of them must fit into a VPC of at most /16",
            )
        _require_log_days("network.flow_log_days", self.flow_log_days)
        _ = self.addresses

    @property
    def addresses(self) -> AddressPlan:
        """Where each tier's subnets lie."""
        try:
            vpc = IPv4Network(self.cidr)
        except (AddressValueError, NetmaskValueError, ValueError) as error:
            raise ConfigError(
                f"network.cidr must be an IPv4 network like 10.0.0.0/16, got {self.cidr!r}: {error}"
            ) from error
        _require(
            16 <= vpc.prefixlen <= 28,
            "network.cidr",
            "a network from /16 to /28",
            self.cidr,
            "AWS accepts no other size (Amazon VPC User Guide, 'VPC CIDR blocks')",
        )
        try:
            return AddressPlan(
                vpc=vpc,
                public_prefix=self.public_prefix,
                app_prefix=self.app_prefix,
                data_prefix=self.data_prefix,
            )
        except ValueError as error:
            raise ConfigError(
                f"network.cidr must hold all three tiers, got {self.cidr!r}: {error}; "
                "take a larger network or smaller subnets (a larger network.*_prefix)"
            ) from error


@dataclass(frozen=True, kw_only=True)
class PostgresInstance:
    """RDS for PostgreSQL on one instance class, with a standby in another zone where `multi_az`."""

    instance_type: str
    multi_az: bool
    storage_gib: int
    max_storage_gib: int
    backup_days: int
    deletion_protection: bool
    on_removal: Literal["snapshot", "destroy"]
    log_days: int
    major_version: str = "18"

    def __post_init__(self) -> None:
        _require(
            re.fullmatch(r"[a-z]+\d+[a-z]*\.\w+", self.instance_type) is not None,
            "database.instance_type",
            "an instance class without its 'db.' prefix, like 't4g.medium'",
            self.instance_type,
            "see 'DB instance classes' in the Amazon RDS User Guide",
        )
        _require(
            1 <= self.backup_days <= 35,
            "database.backup_days",
            "1 to 35",
            self.backup_days,
            "0 would switch backups off, and RDS keeps them for 35 days at most",
        )
        _require(
            self.storage_gib >= 20,
            "database.storage_gib",
            "at least 20",
            self.storage_gib,
            "gp3 volumes for PostgreSQL start at 20 GiB",
        )
        _require(
            self.max_storage_gib >= self.storage_gib * 1.1,
            "database.max_storage_gib",
            f"at least 10 % above database.storage_gib ({self.storage_gib})",
            self.max_storage_gib,
            "RDS refuses a smaller ceiling for storage autoscaling",
        )
        _require(
            re.fullmatch(r"1[6-9]|[2-9]\d", self.major_version) is not None,
            "database.major_version",
            "a major version from '16' on, with no minor",
            self.major_version,
            "minor versions disappear from RDS; the major alone takes the newest of them",
        )
        _require_log_days("database.log_days", self.log_days)


Engine = PostgresInstance


@dataclass(frozen=True, kw_only=True)
class LandingZone:
    """The bucket in which partners drop files; replaced and deleted versions stay for `noncurrent_days`."""

    noncurrent_days: int

    def __post_init__(self) -> None:
        _require(
            self.noncurrent_days >= 1,
            "landing.noncurrent_days",
            "at least 1",
            self.noncurrent_days,
            "S3 counts whole days",
        )


@dataclass(frozen=True, kw_only=True)
class FileIntake:
    """The function that turns each landed file into rows."""

    memory_mb: int
    timeout_seconds: int
    max_concurrency: int
    max_file_mb: int
    log_days: int

    def __post_init__(self) -> None:
        _require(
            self.memory_mb in LAMBDA_MEMORY_MB,
            "intake.memory_mb",
            "128 to 10,240",
            self.memory_mb,
            "AWS Lambda accepts no other memory size",
        )
        _require(
            30 <= self.timeout_seconds <= LAMBDA_MAX_TIMEOUT_SECONDS,
            "intake.timeout_seconds",
            f"30 to {LAMBDA_MAX_TIMEOUT_SECONDS}",
            self.timeout_seconds,
            "AWS Lambda stops a function after 15 minutes, and a cold start beside a busy database needs half a minute",
        )
        _require(
            self.max_concurrency in EVENT_SOURCE_CONCURRENCY,
            "intake.max_concurrency",
            "2 to 1000",
            self.max_concurrency,
            "an SQS event source mapping accepts no other limit",
        )
        _require(self.max_file_mb >= 1, "intake.max_file_mb", "at least 1", self.max_file_mb, "name the largest file")
        _require_log_days("intake.log_days", self.log_days)


@dataclass(frozen=True)
class Internal:
    """The load balancer has no public address: it is reached from inside the VPC, or by a tunnel."""


Exposure = Internal


@dataclass(frozen=True, kw_only=True)
class WebTier:
    """The Auto Scaling group that shows the rows, and who can reach its load balancer."""

    exposure: Exposure
    instance_type: str
    min_instances: int
    max_instances: int
    deletion_protection: bool
    log_days: int

    def __post_init__(self) -> None:
        _require(
            self.min_instances >= 1,
            "web.min_instances",
            "at least 1",
            self.min_instances,
            "with none in service nobody is served",
        )
        _require(
            self.max_instances > self.min_instances,
            "web.max_instances",
            f"above web.min_instances ({self.min_instances})",
            self.max_instances,
            "a rolling update keeps the minimum in service and needs room for one more",
        )
        _require_log_days("web.log_days", self.log_days)


class Removal(Enum):
    """What becomes of buckets, keys and log groups when their stack is deleted."""

    RETAIN = "retain"
    DESTROY = "destroy"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One deployment of the whole platform. `account` and `region` may be left open until `cdk deploy`."""

    name: str
    project: str = "shop"
    account: str | None = None
    region: str | None = None
    platform: Platform = Platform()
    foundation: Foundation
    network: Network
    database: Engine
    landing: LandingZone
    intake: FileIntake
    web: WebTier
    removal: Removal
    termination_protection: bool

    def __post_init__(self) -> None:
        for field in ("name", "project"):
            value = getattr(self, field)
            _require(
                re.fullmatch(r"[a-z][a-z0-9-]{0,19}", value) is not None,
                field,
                "1 to 20 of lower-case letters, digits and '-', a letter first",
                value,
                "it becomes part of stack names",
            )
        _require(
            self.account is None or re.fullmatch(r"\d{12}", self.account) is not None,
            "account",
            "twelve digits or left open",
            self.account,
            "pass it as -c account=111122223333",
        )
        _require(
            self.region is None or re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", self.region) is not None,
            "region",
            "an AWS region like eu-central-1, or left open",
            self.region,
            "pass it as -c region=eu-central-1",
        )
        self._require_one_architecture()
        self._require_room_in_app_subnets()

    def _require_one_architecture(self) -> None:
        graviton = GRAVITON.match(self.web.instance_type) is not None
        _require(
            graviton == (self.platform.architecture == "arm64"),
            "web.instance_type",
            f"an {self.platform.architecture} type, as platform.architecture says",
            self.web.instance_type,
            "Graviton types carry a 'g' after their generation (t4g, m7g); the app is built for one processor",
        )

    def _require_room_in_app_subnets(self) -> None:
        needed = self.intake.max_concurrency + self.web.max_instances
        _require(
            usable_addresses(self.network.app_prefix) >= needed,
            "network.app_prefix",
            f"short enough for {needed} addresses (intake.max_concurrency + web.max_instances)",
            self.network.app_prefix,
            "one subnet must carry them all while the other zones are away; take larger app subnets",
        )
