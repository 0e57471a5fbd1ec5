"""The environments, each a set of values. A newcomer changes these first."""

import platform
import sys
from dataclasses import replace
from itertools import combinations

from config.bootstrap import OwnBootstrap
from config.checks import ConfigError, require
from config.database import Direct, PostgresInstance, ThroughProxy
from config.housekeeping import HousekeepingConfig
from config.ingestion import DeepArchive, GlacierInstantRetrieval, IngestionConfig, LandingBucketConfig, StandardIa
from config.model import Environment, FoundationConfig, Removal, RuntimeConfig
from config.network import AnyZones, FlowLogToCloudWatch, FlowLogToS3, NamedZones, NetworkConfig, NoNat, SingleNat
from config.operations import OperationsConfig
from config.temporary import copy_of, is_temporary
from config.web import Internal, OnDemandInstances, WebConfig

PROD_DATABASE = PostgresInstance(
    instance_type="m6g.large",  # the newest that every region has (config/instance_classes.py)
    multi_az=True,
    storage_gib=100,
    max_storage_gib=1000,
    connections=ThroughProxy(connections_percent=80, borrow_seconds=15, idle_client_minutes=30),
    backup_days=14,
    backup_window="01:00-02:00",
    maintenance_window="sun:02:30-sun:04:00",
    apply_immediately=False,
    deletion_protection=True,
    on_removal="snapshot",
    log_days=90,
    insights="advanced",
    monitoring_seconds=15,
)

PROD_WEB = WebConfig(
    exposure=Internal(),  # or Public(domain=..., hosted_zone_id=..., sign_in_domain_prefix=...), with NatPerZone()
    capacity=OnDemandInstances(types=("m7g.large", "m6g.large")),
    min_instances=3,
    max_instances=9,
    deletion_protection=True,
    log_days=90,
)

PROD = Environment(
    name="prod",
    bootstrap=OwnBootstrap(),  # by `make bootstrap ENV=prod`
    runtime=RuntimeConfig(reserve_concurrency=True),
    foundation=FoundationConfig(log_bucket_days=365),
    # No way out to the internet (docs/decisions/0023).
    network=NetworkConfig(nat=NoNat(), zones=NamedZones(), flow_log=FlowLogToS3(), dns_log_days=90),
    database=PROD_DATABASE,
    landing_bucket=LandingBucketConfig(
        noncurrent_days=120,
        storage=(
            StandardIa(after_days=30),
            GlacierInstantRetrieval(after_days=90),
            DeepArchive(after_days=365),
        ),
    ),
    ingestion=IngestionConfig(
        memory_mb=1769,  # one whole CPU; a load uses no more
        timeout_seconds=900,
        max_concurrency=20,
        max_file_mb=1024,
        archive_days=90,
        log_days=90,
    ),
    operations=OperationsConfig(log_days=90),
    housekeeping=HousekeepingConfig(reject_days=90, log_days=90),
    web=PROD_WEB,
    removal=Removal.RETAIN,
    termination_protection=True,
)

# A smaller prod with the same features, to rehearse changes.
STAGING = replace(
    PROD,
    name="staging",
    network=replace(PROD.network, cidr="10.1.0.0/16"),
    database=replace(
        PROD_DATABASE, instance_type="t4g.medium", storage_gib=20, max_storage_gib=100, insights="standard"
    ),
    ingestion=replace(PROD.ingestion, max_concurrency=5),
    web=replace(
        PROD_WEB,
        capacity=OnDemandInstances(types=("t4g.small", "t4g.medium")),
        min_instances=2,
        max_instances=4,
    ),
)

DEV_DATABASE = PostgresInstance(
    instance_type="t4g.small",
    multi_az=False,
    storage_gib=20,
    max_storage_gib=50,
    connections=Direct(),
    backup_days=1,
    backup_window="01:00-02:00",
    maintenance_window="sun:02:30-sun:04:00",
    apply_immediately=True,
    deletion_protection=False,
    on_removal="destroy",
    log_days=7,
    insights="standard",
    monitoring_seconds=60,
)

DEV_WEB = WebConfig(
    exposure=Internal(),
    capacity=OnDemandInstances(types=("t4g.small",)),
    min_instances=1,
    max_instances=2,
    deletion_protection=False,
    log_days=7,
)

# Cheap, and `make destroy` deletes everything in it.
DEV = Environment(
    name="dev",
    foundation=FoundationConfig(log_bucket_days=7),
    network=NetworkConfig(
        nat=SingleNat(), zones=AnyZones(), cidr="10.2.0.0/16", flow_log=FlowLogToCloudWatch(days=7), dns_log_days=7
    ),
    database=DEV_DATABASE,
    landing_bucket=LandingBucketConfig(noncurrent_days=15),
    ingestion=IngestionConfig(
        memory_mb=1769,
        timeout_seconds=300,
        max_concurrency=2,
        max_file_mb=256,
        archive_days=7,
        log_days=7,
    ),
    operations=OperationsConfig(log_days=7),
    housekeeping=HousekeepingConfig(reject_days=7, log_days=7),
    web=DEV_WEB,
    removal=Removal.DESTROY,
    termination_protection=False,
)


def _this_machine() -> RuntimeConfig:
    arm = platform.machine().lower() in ("arm64", "aarch64")
    return RuntimeConfig(architecture="arm64" if arm else "x86_64", python=f"3.{sys.version_info.minor}")


def local(machine: RuntimeConfig) -> Environment:
    """Dev, deployed to the local cloud of one machine.

    Each value that differs has its reason. The emulator has one account and one region. Code runs on this
    machine's own processor and Python, and an instance type must fit that processor. Tests cause failures and wait
    until the retries end, so timeouts and back-offs are short, retries are few, and files are small enough for such a
    timeout.
    """
    return replace(
        DEV,
        name="local",
        account="111122223333",
        region="us-east-1",
        runtime=machine,
        ingestion=replace(
            DEV.ingestion, timeout_seconds=60, max_file_mb=64, max_receive_count=5, initial_backoff_seconds=1
        ),
        web=replace(
            DEV_WEB,
            capacity=OnDemandInstances(types=("t4g.small" if machine.architecture == "arm64" else "t3.small",)),
        ),
    )


LOCAL = local(_this_machine())

ENVIRONMENTS = {environment.name: environment for environment in (LOCAL, DEV, STAGING, PROD)}


def require_apart(*environments: Environment) -> None:
    """Refuses networks that overlap: they could never be connected. Raises ConfigError that names both."""
    for one, other in combinations(environments, 2):
        require(
            not one.network.addresses.vpc.overlaps(other.network.addresses.vpc),
            "network.cidr",
            f"apart from {one.name}'s ({one.network.cidr})",
            f"{other.network.cidr} of {other.name}",
            "give each environment a network of its own",
        )


# Local has the network of dev, and is never connected with another network.
require_apart(DEV, STAGING, PROD)


def named(name: str) -> Environment:
    """The environment of that name; `pr-<number>` is a temporary copy of dev. Raises ConfigError for any other name."""
    if is_temporary(name):
        return copy_of(DEV, name)
    if name not in ENVIRONMENTS:
        raise ConfigError(
            f"env must be one of {', '.join(ENVIRONMENTS)}, got {name!r}: pass -c env=NAME, "
            "or define it in config/environments.py. pr-<number> is a temporary copy of dev"
        )
    return ENVIRONMENTS[name]


def choose(name: str, *, account: str | None = None, region: str | None = None) -> Environment:
    """The environment of that name, in the given account and region where it leaves them open. Raises ConfigError.

    A region may also be another one than the environment's.
    """
    environment = named(name)
    require(
        account in (None, environment.account) or environment.account is None,
        "account",
        f"{environment.account}, to which config/environments.py pins {name}",
        account,
        "leave ACCOUNT out, and sign in to that account",
    )
    return replace(environment, account=account or environment.account, region=region or environment.region)
