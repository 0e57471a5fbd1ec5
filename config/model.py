"""The words in which an environment is described. Each checks itself and says how to mend what is wrong."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Literal, get_args

from config.address_plan import usable_addresses
from config.checks import ConfigSection, require
from config.connections import room
from config.database import Engine, PostgresInstance, ThroughProxy
from config.ingestion import IngestionConfig, LandingBucketConfig, SnapStart
from config.instance_classes import families_in
from config.network import NetworkConfig, NoNat, RegionalNat
from config.regions import has_database_proxy, has_public_sign_in, has_regional_nat, has_snap_start, zone_letters
from config.web import Public, WebConfig

Architecture = Literal["arm64", "x86_64"]
OnRemoval = Literal["retain", "destroy"]
# cdk-nag's, by the names that its findings carry.
RulePack = Literal["AwsSolutions", "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321", "Serverless"]
RULE_PACKS: tuple[RulePack, ...] = get_args(RulePack)

SNAP_START_MINOR = 12  # of Python (Lambda Developer Guide, "Improving startup performance with Lambda SnapStart")
LOAD_BALANCER_ADDRESSES = 8  # free in each subnet (User Guide for Application Load Balancers, "Subnets")


@dataclass(frozen=True, kw_only=True)
class RuntimeConfig(ConfigSection):
    """What functions and instances run on: processor and Python, for which assets are built.

    With `reserve_concurrency` each function has its share of the account's executions for itself, and no more than it.
    Lambda leaves a hundred to functions that reserve none, and a new account has ten in all (AWS Lambda Developer
    Guide, "Configuring reserved concurrency for a function").
    """

    PATH = "runtime."

    architecture: Architecture = "arm64"
    python: str = "3.14"
    reserve_concurrency: bool = False

    def check(self) -> None:
        require(
            re.fullmatch(r"3\.(1[1-9]|[2-9]\d)", self.python) is not None,
            "runtime.python",
            "3.11 or newer, written like '3.14'",
            self.python,
            "name a minor version that AWS Lambda and Amazon Linux 2023 offer",
        )


@dataclass(frozen=True, kw_only=True)
class FoundationConfig(ConfigSection):
    """What everything else needs first: where logs are kept, and who hears of alarms."""

    PATH = "foundation."

    log_bucket_days: int
    alert_emails: tuple[str, ...] = ()

    def check(self) -> None:
        require(
            self.log_bucket_days >= 1,
            "foundation.log_bucket_days",
            "at least 1",
            self.log_bucket_days,
            "S3 counts whole days",
        )
        for email in self.alert_emails:
            require(
                re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email) is not None,
                "foundation.alert_emails",
                "addresses like ops@example.com",
                email,
                "alarms are sent there",
            )


class Removal(Enum):
    """What becomes of buckets, keys and log groups when their stack is deleted."""

    RETAIN = "retain"
    DESTROY = "destroy"


@dataclass(frozen=True, kw_only=True)
class Environment(ConfigSection):
    """One deployment of the whole platform. `account` and `region` may be left open until `cdk deploy`.

    A finding of one of the `rule_packs` stops the synthesis.
    """

    name: str
    project: str = "shop"
    account: str | None = None
    region: str | None = None
    runtime: RuntimeConfig = RuntimeConfig()
    foundation: FoundationConfig
    network: NetworkConfig
    database: Engine
    landing_bucket: LandingBucketConfig
    ingestion: IngestionConfig
    web: WebConfig
    removal: Removal
    termination_protection: bool
    rule_packs: tuple[RulePack, ...] = RULE_PACKS

    def check(self) -> None:
        for field in ("name", "project"):
            value = getattr(self, field)
            require(
                re.fullmatch(r"(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*", value) is not None,
                field,
                "1 to 20 of lower-case letters, digits and single '-' inside, a letter first",
                value,
                "it becomes part of stack names and of the database's, for which RDS has these rules",
            )
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
        self._require_zones_of_the_region()
        self._require_a_database_of_the_region()
        self._require_a_way_out_of_the_region()
        self._require_one_architecture()
        self._require_room_in_app_subnets()
        self._require_files_that_a_replay_can_read()
        self._require_snapshots_where_lambda_takes_them()
        self._require_enough_connections()
        self._require_what_a_public_app_needs()

    def _require_zones_of_the_region(self) -> None:
        letters = zone_letters(self.region)
        require(
            self.network.zones.count <= len(letters),
            "network.zones",
            f"at most {len(letters)} in {self.region} ({', '.join(letters)})",
            self.network.zones.count,
            "take fewer zones, or a region that has more",
        )

    def _require_a_database_of_the_region(self) -> None:
        if isinstance(self.database, PostgresInstance):
            families = families_in(self.region)
            require(
                self.database.instance_type.partition(".")[0] in families,
                "database.instance_type",
                f"of a family that RDS offers in {self.region} ({', '.join(families)})",
                self.database.instance_type,
                "take one of these, or another region; `aws rds describe-orderable-db-instance-options` has news",
            )
        require(
            has_database_proxy(self.region) or not isinstance(self.database.connections, ThroughProxy),
            "database.connections",
            f"Direct() in {self.region}",
            self.database.connections,
            "RDS Proxy is not to be had in this region",
        )

    def _require_a_way_out_of_the_region(self) -> None:
        require(
            has_regional_nat(self.region) or not isinstance(self.network.nat, RegionalNat),
            "network.nat",
            f"NatPerZone(), SingleNat() or NoNat() in {self.region}",
            self.network.nat,
            "GovCloud and China have no NAT gateways that span zones",
        )

    def _require_one_architecture(self) -> None:
        require(
            self.web.graviton == (self.runtime.architecture == "arm64"),
            "web.capacity.types",
            f"{self.runtime.architecture} types, as runtime.architecture says",
            self.web.capacity.types,
            "Graviton types carry a 'g' after their generation (t4g, m7g); the app is built for one processor",
        )

    def _require_room_in_app_subnets(self) -> None:
        endpoints = len(self.network.interface_endpoints)
        instances = self.web.most_instances + self.web.warm_instances
        needed = self.ingestion.max_concurrency + instances + LOAD_BALANCER_ADDRESSES + endpoints
        require(
            usable_addresses(self.network.app_prefix) >= needed,
            "network.app_prefix",
            f"short enough for {needed} addresses (functions, instances, load balancer, endpoints)",
            self.network.app_prefix,
            "one subnet must carry them all while the other zones are away; take larger app subnets",
        )

    def _require_files_that_a_replay_can_read(self) -> None:
        readable = self.landing_bucket.readable_days
        require(
            self.ingestion.archive_days < readable,
            "ingestion.archive_days",
            f"below {readable}, the days a file can be read (landing_bucket.noncurrent_days, .storage, .expire_days)",
            self.ingestion.archive_days,
            "a replay reads files again, and what Deep Archive holds must be restored first; archive events for less, "
            "or keep files readable for longer",
        )

    def _require_snapshots_where_lambda_takes_them(self) -> None:
        if not isinstance(self.ingestion.start, SnapStart):
            return
        require(
            int(self.runtime.python.partition(".")[2]) >= SNAP_START_MINOR,
            "runtime.python",
            f"3.{SNAP_START_MINOR} or newer with ingestion.start = SnapStart()",
            self.runtime.python,
            "Lambda takes no snapshots of older ones; take OnDemand() or a newer Python",
        )
        require(
            has_snap_start(self.region),
            "ingestion.start",
            f"OnDemand() or ProvisionedConcurrency(...) in {self.region}",
            self.ingestion.start,
            "Lambda takes no snapshots in this region",
        )

    def _require_enough_connections(self) -> None:
        proxy = self.database.connections
        left = room(
            self.database.max_connections,
            web_instances=self.web.most_instances,
            proxy_percent=proxy.connections_percent if isinstance(proxy, ThroughProxy) else None,
        )
        require(
            left.own >= 0,
            "database.connections.connections_percent",
            f"small enough to leave {-left.own} connections more beside the proxy",
            self.database.connections,
            "migrations and RDS itself don't come through it; lower it, or take a larger database",
        )
        require(
            self.ingestion.max_concurrency <= left.intake,
            "ingestion.max_concurrency",
            f"at most {max(left.intake, 0)} with this database of {self.database.max_connections} connections",
            self.ingestion.max_concurrency,
            "each file being loaded holds a connection; take a larger database, or lower web.max_instances",
        )

    def _require_what_a_public_app_needs(self) -> None:
        if not isinstance(self.web.exposure, Public):
            return
        require(
            not isinstance(self.network.nat, NoNat),
            "network.nat",
            "one with a gateway where web.exposure is Public(...)",
            self.network.nat,
            "the app verifies each sign-in with keys that AWS keeps on the internet; take NatPerZone(), SingleNat() or "
            "RegionalNat(), or Internal()",
        )
        require(
            has_public_sign_in(self.region),
            "web.exposure",
            f"Internal() in {self.region}",
            self.web.exposure,
            "China has no user pools of Amazon Cognito, and GovCloud gives its sign-in pages another name",
        )
