"""The database's configuration refuses what RDS refuses, and more clients than the database has connections."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cfnlint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config import windows
from config.checks import ConfigError
from config.connections import CALLS, RESERVED, connections_of, free_connections
from config.database import Direct, ThroughProxy
from config.environments import DEV, DEV_DATABASE, PROD, PROD_DATABASE
from config.instance_classes import FAMILIES, is_offered, memory_gib
from tests.support.databases import AURORA
from tests.support.variants import core_of

PROXY = ThroughProxy(connections_percent=80, borrow_seconds=15, idle_client_minutes=30)
LINTER = Path(cfnlint.__file__).parent / "data/schemas/extensions/aws_rds_dbinstance/dbinstanceclass_enum.json"

CORE, PROD_CORE = core_of(DEV), core_of(PROD)

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "an unknown instance family": (
        lambda: replace(DEV_DATABASE, instance_type="c7g.large"),
        "database.instance_type must be a class that RDS offers",
    ),
    "an unknown instance size": (lambda: replace(DEV_DATABASE, instance_type="m7g.medium"), "database.instance_type"),
    "no connections for the proxy": (
        lambda: replace(PROXY, connections_percent=0),
        "database.connections.connections_percent",
    ),
    "more than 100 percent for the proxy": (
        lambda: replace(PROXY, connections_percent=101),
        "database.connections.connections_percent",
    ),
    "a borrow timeout that is too long": (
        lambda: replace(PROXY, borrow_seconds=301),
        "database.connections.borrow_seconds must be 1 to",
    ),
    "an idle timeout that is too long": (
        lambda: replace(PROXY, idle_client_minutes=481),
        "database.connections.idle_client_minutes",
    ),
    "an hour that does not exist": (
        lambda: replace(DEV_DATABASE, backup_window="24:00-25:00"),
        "database.backup_window must be half",
    ),
    "a backup window that is too short": (
        lambda: replace(DEV_DATABASE, backup_window="01:00-01:29"),
        "database.backup_window",
    ),
    "a day that does not exist": (
        lambda: replace(DEV_DATABASE, maintenance_window="day:01:00-day:02:00"),
        "database.maintenance_window must be half an hour to a day in UTC",
    ),
    "a maintenance window of two days": (
        lambda: replace(DEV_DATABASE, maintenance_window="mon:03:00-wed:03:00"),
        "database.maintenance_window",
    ),
    "overlapping windows": (
        lambda: replace(DEV_DATABASE, backup_window="01:00-03:00"),
        "database.maintenance_window must be apart from database.backup_window (01:00-03:00), got 'sun",
    ),
    "windows that overlap after midnight": (
        lambda: replace(DEV_DATABASE, backup_window="23:45-00:30", maintenance_window="mon:00:00-mon:01:00"),
        "database.maintenance_window must be apart",
    ),
    "an unknown insights mode": (
        lambda: replace(DEV_DATABASE, insights="none"),  # type: ignore[arg-type] # refused
        "database.insights must be one of 'standard', 'advanced'",
    ),
    "an unsupported monitoring interval": (
        lambda: replace(DEV_DATABASE, monitoring_seconds=20),  # type: ignore[arg-type] # refused
        "database.monitoring_seconds must be one of 1, 5",
    ),
    "a fraction of a capacity unit": (
        lambda: replace(AURORA, min_acu=0.3),
        "database.min_acu must be 0 to 256 in steps of 0.5",
    ),
    "a maximum capacity below one unit": (
        lambda: replace(AURORA, min_acu=0.5, max_acu=0.5),
        "database.max_acu must be 1 to 256",
    ),
    "a maximum capacity that is too high": (lambda: replace(AURORA, max_acu=257), "database.max_acu must be 1 to 256"),
    "a minimum capacity above the maximum": (
        lambda: replace(AURORA, min_acu=40),
        "database.max_acu must be at least database.min_acu (40)",
    ),
    "sixteen readers": (lambda: replace(AURORA, readers=16), "database.readers must be 0 to 15"),
    "scaling to zero with a proxy": (lambda: replace(AURORA, min_acu=0), "database.min_acu must be above 0 where"),
    "capacity units as text": (
        lambda: replace(AURORA, min_acu="two"),  # type: ignore[arg-type] # refused
        "database.min_acu must be a number, got 'two'",
    ),
    "more concurrent loads than connections": (
        lambda: replace(CORE, ingestion=replace(CORE.ingestion, max_concurrency=1000)),
        "ingestion.max_concurrency must be at most 156 with this database of 168 connections, got 1000",
    ),
    "more concurrent loads than connections of the proxy": (
        lambda: replace(PROD_CORE, ingestion=replace(PROD_CORE.ingestion, max_concurrency=541)),
        "ingestion.max_concurrency must be at most 540 with this database of 675 connections, got 541",
    ),
    "an environment name that RDS refuses": (lambda: replace(DEV, name="dev-"), "name must be 1 to 20"),
    "a project name that RDS refuses": (
        lambda: replace(DEV, project="my--project"),
        "project must be 1 to 20",
    ),
    "a proxy that leaves no connections for migrations": (
        lambda: replace(PROD, database=replace(PROD_DATABASE, connections=replace(PROXY, connections_percent=100))),
        "database.connections.connections_percent must be small enough to leave 12 more connections",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_values_that_cannot_be_deployed_are_refused(case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(ConfigError) as caught:
        build()
    assert str(caught.value).startswith(message)
    assert ", got " in str(caught.value)
    assert ": " in str(caught.value).partition(", got ")[2], "and how to fix it"


def test_windows_that_touch_or_cross_midnight_without_overlap_are_accepted() -> None:
    replace(DEV_DATABASE, backup_window="01:00-02:30", maintenance_window="sun:02:30-sun:04:00")
    replace(DEV_DATABASE, backup_window="00:30-01:00", maintenance_window="sun:23:30-mon:00:30")


@given(st.integers(0, 287), st.integers(6, 48), st.integers(0, 2015), st.integers(6, 288))
def test_windows_overlap_exactly_if_they_share_a_minute(start: int, length: int, week_start: int, week: int) -> None:
    """Compared with a slow way that checks every five minutes of the week."""
    daily = windows.Window(start=start * 5, minutes=length * 5)
    weekly = windows.Window(start=week_start * 5, minutes=week * 5)
    backup = {(day * 288 + start + step) % 2016 for day in range(7) for step in range(length)}
    maintenance = {(week_start + step) % 2016 for step in range(week)}
    assert windows.overlaps_any_day(daily, weekly) is bool(backup & maintenance)


def _offered_by_rds() -> set[str]:
    rules = json.loads(LINTER.read_text())["us-east-1"]["allOf"]
    return {
        name.removeprefix("db.")
        for rule in rules
        if rule["if"]["properties"]["Engine"].get("const") == "postgres"
        for name in rule["then"]["properties"]["DBInstanceClass"]["enum"]
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_the_accepted_classes_are_exactly_those_that_rds_offers(family: str) -> None:
    accepted = {f"{family}.{size}" for size in FAMILIES[family]}
    assert accepted == {name for name in _offered_by_rds() if name.startswith(f"{family}.")}
    assert all(is_offered(name) and memory_gib(name) >= 1 for name in accepted)


@pytest.mark.parametrize(
    ("name", "gib"),
    [
        ("t4g.micro", 1),
        ("t4g.small", 2),
        ("t3.medium", 4),
        ("t4g.2xlarge", 32),
        ("m7g.large", 8),
        ("m7i.48xlarge", 768),
        ("r8g.xlarge", 32),
        ("r6i.32xlarge", 1024),
    ],
)
def test_the_memory_of_a_class_is_what_aws_says(name: str, gib: float) -> None:
    assert memory_gib(name) == gib


@pytest.mark.parametrize(("acu", "documented"), [(1, 189), (4, 823), (8, 1669), (16, 3360), (32, 5000), (256, 5000)])
def test_no_more_connections_are_assumed_than_aurora_documents(acu: float, documented: int) -> None:
    """The Amazon Aurora User Guide lists the connections of each capacity. Up to a quarter less is accepted."""
    counted = replace(AURORA, min_acu=1, max_acu=acu).max_connections
    assert documented * 0.75 <= counted <= documented


def test_aurora_that_scales_to_zero_has_at_most_2000_connections() -> None:
    assert replace(AURORA, connections=Direct(), min_acu=0, max_acu=256).max_connections == 2000


def test_connections_are_limited_to_5000() -> None:
    assert connections_of(1024) == 5000


def test_each_connection_is_counted_once() -> None:
    assert free_connections(100, capabilities=28, proxy_percent=None) == (100 - 28 - CALLS - RESERVED, 0)
    assert free_connections(100, capabilities=28, proxy_percent=60) == (60 - 28, 40 - CALLS - RESERVED)


def test_the_largest_concurrency_that_the_error_names_is_accepted() -> None:
    replace(PROD_CORE, ingestion=replace(PROD_CORE.ingestion, max_concurrency=540))
    replace(CORE, ingestion=replace(CORE.ingestion, max_concurrency=156))


def test_the_connections_of_each_capability_are_counted() -> None:
    for environment in (DEV, PROD):
        shared = environment.database.connections
        share = environment.database.max_connections
        if isinstance(shared, ThroughProxy):
            share = share * shared.connections_percent // 100
        else:
            share -= CALLS + RESERVED
        left = share - sum(each.database_connections for each in environment.capabilities)
        replace(environment, ingestion=replace(environment.ingestion, max_concurrency=left))
        with pytest.raises(ConfigError, match=f"ingestion.max_concurrency must be at most {left} "):
            replace(environment, ingestion=replace(environment.ingestion, max_concurrency=left + 1))
