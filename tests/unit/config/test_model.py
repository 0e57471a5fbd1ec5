"""The configuration refuses what can't be deployed, and says how to fix it."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from config.capability import Capability
from config.checks import ConfigError, ConfigSection
from config.database import PostgresInstance
from config.environments import DEV, DEV_DATABASE, ENVIRONMENTS, LOCAL, PROD, choose
from config.ingestion import IngestionConfig
from config.model import Environment, RuntimeConfig
from config.network import AnyZones, FlowLogToCloudWatch, ListedZones, NamedZones, NatPerZone, SingleNat
from tests.support.variants import core_of

CORE = core_of(DEV)

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "one zone": (lambda: AnyZones(count=1), "network.zones.count must be 2 to 6, got 1"),
    "seven zones": (lambda: AnyZones(count=7), "network.zones.count must be 2 to 6, got 7"),
    "one named zone": (lambda: NamedZones(count=1), "network.zones.count must be 2 to 6, got 1"),
    "more zones than the region has": (
        lambda: replace(DEV, region="eu-central-1", network=replace(DEV.network, zones=AnyZones(count=4))),
        "network.zones must be at most 3 in eu-central-1 (a, b, c), got 4",
    ),
    "one listed zone": (lambda: ListedZones(zones=("a",)), "network.zones.zones must be 2 to 6 zones"),
    "a zone listed twice": (lambda: ListedZones(zones=("a", "a")), "network.zones.zones must be each named once"),
    "letters and ids of zones": (
        lambda: ListedZones(zones=("a", "euc1-az2")),
        "network.zones.zones must be all letters like 'a', or all zone ids like 'euc1-az2'",
    ),
    "a letter that the region does not have": (
        lambda: replace(
            DEV, region="ap-northeast-1", network=replace(DEV.network, zones=ListedZones(zones=("a", "b")))
        ),
        "network.zones.zones must be letters that ap-northeast-1 has (a, c, d), got 'b'",
    ),
    "a proxy in a zone that has none": (
        lambda: replace(PROD, network=replace(PROD.network, zones=ListedZones(zones=("use1-az3", "use1-az1")))),
        "database.connections must be Direct() with use1-az3 among the first two of network.zones",
    ),
    "a NAT gateway in a zone that has none": (
        lambda: replace(
            PROD, network=replace(PROD.network, nat=NatPerZone(), zones=ListedZones(zones=("apne1-az1", "apne1-az3")))
        ),
        "network.nat must be one that needs no gateway in apne1-az3",
    ),
    "the only NAT gateway in a zone that has none": (
        lambda: replace(
            DEV, network=replace(DEV.network, nat=SingleNat(), zones=ListedZones(zones=("apne1-az3", "apne1-az1")))
        ),
        "network.nat must be one that needs no gateway in apne1-az3",
    ),
    "a prefix list without endpoints": (
        lambda: replace(CORE, network=replace(CORE.network, s3_prefix_list="pl-0123abcd")),
        "network.interface_endpoints must be at least logs, secretsmanager, sqs, xray",
    ),
    "a prefix list with some endpoints": (
        lambda: replace(
            CORE,
            network=replace(
                CORE.network,
                s3_prefix_list="pl-0123abcd",
                interface_endpoints=CORE.endpoints_without_nat - {"sqs"},
            ),
        ),
        "network.interface_endpoints must be at least logs, secretsmanager, sqs, xray",
    ),
    "the name of a prefix list": (
        lambda: replace(DEV.network, s3_prefix_list="com.amazonaws.eu-central-1.s3"),
        "network.s3_prefix_list must be the id of a prefix list",
    ),
    "an unknown endpoint": (
        lambda: replace(DEV.network, interface_endpoints=frozenset({"s4"})),  # type: ignore[arg-type] # refused
        "network.interface_endpoints must be a frozenset, each one of",
    ),
    "an unsupported retention of the DNS log": (lambda: replace(DEV.network, dns_log_days=2), "network.dns_log_days"),
    "an old Python": (lambda: RuntimeConfig(python="3.10"), "runtime.python must be 3.11 or newer"),
    "an unknown architecture": (lambda: RuntimeConfig(architecture="sparc"), "runtime.architecture"),  # type: ignore[arg-type] # refused
    "an invalid network": (lambda: replace(DEV.network, cidr="10.0.0.0/99"), "network.cidr must be an IPv4 network"),
    "host bits": (lambda: replace(DEV.network, cidr="10.0.0.1/16"), "network.cidr"),
    "a network that is too large": (
        lambda: replace(DEV.network, cidr="10.0.0.0/8"),
        "network.cidr must be a network from /16",
    ),
    "a network that is too small": (
        lambda: replace(DEV.network, cidr="10.0.0.0/20"),
        "network.cidr must hold all three tiers",
    ),
    "tiers that are too large": (lambda: replace(DEV.network, app_prefix=19, data_prefix=19), "network.cidr must hold"),
    "a subnet prefix that is too long": (
        lambda: replace(DEV.network, data_prefix=29),
        "network.data_prefix must be 19 to 28",
    ),
    "a retention that CloudWatch does not have": (
        lambda: FlowLogToCloudWatch(days=8),
        "network.flow_log.days must be one",
    ),
    "no backups": (lambda: replace(DEV_DATABASE, backup_days=0), "database.backup_days must be 1 to 35"),
    "too little storage": (lambda: replace(DEV_DATABASE, storage_gib=5), "database.storage_gib must be at least 20"),
    "a maximum storage that is not above the initial one": (
        lambda: replace(DEV_DATABASE, max_storage_gib=20),
        "database.max_storage_gib",
    ),
    "an instance class with the prefix db.": (
        lambda: replace(DEV_DATABASE, instance_type="db.t4g.small"),
        "database.instance_type",
    ),
    "a minor engine version": (lambda: replace(DEV_DATABASE, major_version="18.1"), "database.major_version"),
    "logs kept for 0 days": (lambda: replace(DEV.foundation, log_bucket_days=0), "foundation.log_bucket_days"),
    "an invalid email address": (lambda: replace(DEV.foundation, alert_emails=("ops",)), "foundation.alert_emails"),
    "a public network": (lambda: replace(DEV.network, cidr="8.8.0.0/16"), "network.cidr must be a private network"),
    "an invalid account": (lambda: replace(DEV, account="1111"), "account must be twelve digits"),
    "an invalid region": (lambda: replace(DEV, region="Frankfurt"), "region must be an AWS region"),
    "a name with capitals": (lambda: replace(DEV, name="Dev"), "name must be"),
    "subnets that are too small": (
        lambda: replace(
            CORE,
            network=replace(CORE.network, app_prefix=28),
            ingestion=replace(CORE.ingestion, max_concurrency=10),
        ),
        "network.app_prefix must be short enough for 12 addresses",
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


def _changed(part: Any, **values: object) -> Any:
    return replace(part, **values)


def _slices() -> list[tuple[ConfigSection, str]]:
    parts: tuple[Any, ...] = (DEV, DEV.runtime, DEV.foundation, DEV.network, DEV.network.zones, DEV.network.flow_log)
    parts += (DEV.database, DEV.landing_bucket, DEV.ingestion, *DEV.capabilities)
    return [(part, field.name) for part in parts for field in fields(part)]


@pytest.mark.parametrize(("part", "field"), _slices(), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize(
    "value", [1.5, object(), ["x"], ("x", 1), b"x"], ids=["float", "object", "list", "tuple", "bytes"]
)
def test_a_value_of_another_type_is_refused_and_named(part: Any, field: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        replace(part, **{field: value})
    assert str(caught.value).startswith(f"{part.PATH}{field} must be ")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: _changed(DEV.network, nat="single"), "network.nat must be NatPerZone(...) or SingleNat(...) or"),
        (lambda: _changed(DEV.database, multi_az="false"), "database.multi_az must be True or False, got 'false'"),
        (lambda: _changed(DEV.ingestion, memory_mb=True), "ingestion.memory_mb must be a whole number, got True"),
        (lambda: _changed(DEV, removal="destroy"), "removal must be Removal.RETAIN or Removal.DESTROY, got 'destroy'"),
        (lambda: _changed(DEV, account=111122223333), "account must be a text or left open, got 111122223333"),
        (lambda: RuntimeConfig(python=3.14), "runtime.python must be a text, got 3.14"),  # type: ignore[arg-type] # refused
    ],
)
def test_values_of_a_wrong_type_are_refused_in_plain_words(build: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build()
    assert str(caught.value).startswith(message)


def test_an_unknown_environment_is_refused_with_the_existing_ones() -> None:
    with pytest.raises(ConfigError, match="local, dev, staging, prod, got 'qa'"):
        choose("qa")


def test_account_and_region_may_be_chosen_at_synthesis() -> None:
    assert (DEV.account, DEV.region, PROD.account, PROD.region) == (None, None, None, None)
    chosen = choose("prod", account="111122223333", region="eu-central-1")
    assert (chosen.account, chosen.region) == ("111122223333", "eu-central-1")


def test_a_pinned_account_cannot_be_overridden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "prod", replace(PROD, account="111122223333"))
    assert choose("prod").account == choose("prod", account="111122223333").account == "111122223333"
    with pytest.raises(ConfigError, match=r"account must be 111122223333, to which .* pins prod, got '444455556666'"):
        choose("prod", account="444455556666")


def test_local_differs_from_dev_only_in_where_it_runs() -> None:
    differing = {name for name in vars(DEV) if getattr(DEV, name) != getattr(LOCAL, name)}
    optional = {field.name for field in fields(DEV) if isinstance(getattr(DEV, field.name), Capability)}
    assert differing <= {"name", "account", "region", "runtime", "ingestion", *optional}
    assert {name for name in vars(DEV.ingestion) if getattr(DEV.ingestion, name) != getattr(LOCAL.ingestion, name)} == {
        "timeout_seconds",
        "max_file_mb",
        "max_receive_count",
        "initial_backoff_seconds",
    }


def test_staging_is_a_smaller_prod() -> None:
    staging = ENVIRONMENTS["staging"]
    assert replace(staging.network, cidr=PROD.network.cidr) == PROD.network
    assert type(staging.database) is type(PROD.database)
    assert isinstance(staging.database, PostgresInstance)
    assert staging.database.multi_az
    assert staging.database.connections == PROD.database.connections


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=lambda environment: environment.name)
def test_values_are_frozen(environment: Environment) -> None:
    for slice_ in (environment, environment.network, environment.ingestion, *environment.capabilities):
        with pytest.raises(AttributeError):
            slice_.name = "other"  # type: ignore[attr-defined] # refused
    assert isinstance(environment.ingestion, IngestionConfig)


def test_zones_are_listed_by_letter_or_by_id() -> None:
    for zones in (("c", "a"), ("use1-az1", "use1-az2", "use1-az3")):
        network = replace(PROD.network, zones=ListedZones(zones=zones))
        assert replace(PROD, network=network).network.zones.count == len(zones)
