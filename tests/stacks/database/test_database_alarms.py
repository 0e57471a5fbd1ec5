"""The alarms and events of the database, on each engine, with and without a proxy."""

from collections.abc import Callable

import pytest

from config.database import AuroraServerless, PostgresInstance
from tests.support.databases import CASES, CLUSTER, INSTANCE, PROXY, synthesized
from tests.support.promises import has, mentions
from tests.support.synthesis import Synthesized


@pytest.mark.parametrize("name", CASES)
def test_events_and_alarms_of_the_database_are_sent_to_the_alerts_topic(name: str) -> None:
    case = synthesized(name)
    subscriptions = [one["Properties"] for one in case.resources("Data", "AWS::RDS::EventSubscription").values()]
    sources = {one["SourceType"]: one for one in subscriptions}
    main = sources.get("db-cluster", sources["db-instance"])
    assert {"failover", "failure", "deletion"} <= set(main["EventCategories"])
    alarms = [one["Properties"] for one in case.resources("Data", "AWS::CloudWatch::Alarm").values()]
    for one in subscriptions:
        mentions("events of the database", one, {"SnsTopicArn": "AlertsTopic"})
    for one in alarms:
        mentions(f"the alarm for {one['MetricName']}", one, {"AlarmActions": "AlertsTopic", "OKActions": "AlertsTopic"})
    metrics = {alarm["MetricName"] for alarm in alarms}
    expected = {"DatabaseConnections", "MaximumUsedTransactionIDs"}
    if isinstance(case.environment.database, AuroraServerless):
        expected |= {"ACUUtilization"} | ({"AuroraReplicaLagMaximum"} if case.environment.database.readers else set())
    else:
        expected |= {"FreeStorageSpace", "CPUUtilization", "FreeableMemory"}
    if case.resources("Data", PROXY):
        expected |= {"DatabaseConnectionsBorrowLatency"}
    assert metrics == expected


# The type of each kind of source, and the event categories that must be reported (Amazon RDS User Guide, "Amazon RDS
# event categories and event messages").
SOURCES = {"db-instance": INSTANCE, "db-cluster": CLUSTER}
REPORTED = {INSTANCE: {"availability", "failure"}, CLUSTER: {"failover", "failure", "deletion"}}


@pytest.mark.parametrize("name", CASES)
def test_event_subscriptions_cover_exactly_the_parts_of_this_database(name: str) -> None:
    """Without ids a subscription reports the events of every database in the account."""
    case = synthesized(name)
    for type_ in (INSTANCE, CLUSTER):
        parts = set(case.resources("Data", type_))
        reported: dict[str, set[str]] = {}
        for id_, resource in case.resources("Data", "AWS::RDS::EventSubscription").items():
            one = resource["Properties"]
            if SOURCES[one["SourceType"]] == type_:
                ids = [str(part.get("Ref", part)) if isinstance(part, dict) else part for part in one["SourceIds"]]
                reported |= {part: set(one["EventCategories"]) for part in ids}
                assert set(ids) <= parts, f"{id_}: SourceIds are {ids}, the database is {parts}"
        for part in parts:
            missed = REPORTED[type_] - reported.get(part, set())
            assert not missed, f"{missed} of {part} is not reported"


@pytest.mark.parametrize("name", CASES)
def test_low_storage_is_reported(name: str) -> None:
    """Aurora's storage grows by itself."""
    case = synthesized(name)
    if isinstance(case.environment.database, PostgresInstance):
        (events,) = case.resources("Data", "AWS::RDS::EventSubscription").values()
        categories = events["Properties"]["EventCategories"]
        assert "low storage" in categories, f"EventCategories are {categories}, without 'low storage'"


# Whether each metric's alarm starts above or below its threshold, and the threshold's range in CloudWatch's units.
GIB = 2**30
ALARMS: dict[str, tuple[str, Callable[[Synthesized], float], Callable[[Synthesized], float]]] = {
    "DatabaseConnections": ("GreaterThan", lambda _: 1, lambda case: case.environment.database.max_connections * 0.9),
    "MaximumUsedTransactionIDs": ("GreaterThan", lambda _: 200_000_000, lambda _: 1_500_000_000),
    "ACUUtilization": ("GreaterThan", lambda _: 50, lambda _: 90),
    "AuroraReplicaLagMaximum": ("GreaterThan", lambda _: 100, lambda _: 10_000),
    "FreeStorageSpace": ("LessThan", lambda _: GIB, lambda case: _postgres(case).storage_gib * GIB / 2),
    "CPUUtilization": ("GreaterThan", lambda _: 50, lambda _: 90),
    "FreeableMemory": ("LessThan", lambda _: 0.05 * GIB, lambda case: _postgres(case).memory_gib * GIB / 2),
    "DatabaseConnectionsBorrowLatency": ("GreaterThan", lambda _: 10_000, lambda _: 15_000_000),
}


def _postgres(case: Synthesized) -> PostgresInstance:
    assert isinstance(case.environment.database, PostgresInstance)
    return case.environment.database


@pytest.mark.parametrize("name", CASES)
def test_database_alarms_start_before_a_limit_is_reached(name: str) -> None:
    case = synthesized(name)
    for resource in case.resources("Data", "AWS::CloudWatch::Alarm").values():
        alarm = resource["Properties"]
        side, least, most = ALARMS[alarm["MetricName"]]
        has(f"the alarm for {alarm['MetricName']}", alarm, {"ComparisonOperator": f"{side}Threshold"})
        assert least(case) <= alarm["Threshold"] <= most(case), (
            f"the alarm for {alarm['MetricName']} starts at {alarm['Threshold']}, "
            f"must start between {least(case)} and {most(case)}"
        )
