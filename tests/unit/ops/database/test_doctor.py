"""A database that RDS doesn't offer is found before a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from ops.database import doctor
from tests.support.ops.fake_dev import FakeDev
from tests.support.ops.stubs import Stubs

INSTANCE = {
    "Engine": "postgres",
    "EngineVersion": "18",
    "DBInstanceClass": "db.t4g.small",
    "StorageType": "gp3",
    "MultiAZ": True,
}


def option(zones: str, *, version: str = "18.1", storage: str = "gp3", standby: bool = True) -> dict[str, Any]:
    return {
        "EngineVersion": version,
        "DBInstanceClass": "db.t4g.small",
        "StorageType": storage,
        "MultiAZCapable": standby,
        "AvailabilityZones": [{"Name": f"eu-central-1{letter}"} for letter in zones],
    }


def problems(aws: Stubs, dev: FakeDev, *options: dict[str, Any], **changes: Any) -> list[str]:
    dev.add("AWS::RDS::DBInstance", {**INSTANCE, **changes})
    aws.expect("rds", "describe_orderable_db_instance_options", {"OrderableDBInstanceOptions": list(options)})
    return list(doctor.class_is_offered(aws.environment()))


def test_a_class_in_two_zones_serves_a_database_with_a_standby(aws: Stubs, dev: FakeDev) -> None:
    dev.add_zones(aws, "a", "b", "c")
    assert problems(aws, dev, option("ac")) == []


def test_one_zone_serves_a_database_without_a_standby(aws: Stubs, dev: FakeDev) -> None:
    dev.add_zones(aws, "a", "b", "c")
    assert problems(aws, dev, option("a"), MultiAZ=False) == []


def test_a_class_in_too_few_zones_of_the_network_is_a_problem(aws: Stubs, dev: FakeDev) -> None:
    dev.add_zones(aws, "a", "b")
    (problem,) = problems(aws, dev, option("ac"))
    assert "in eu-central-1a of the network's zones, and the database needs 2" in problem
    assert "some of eu-central-1a, eu-central-1c in network.zones" in problem


@pytest.mark.parametrize(
    "other", [option("abc", version="17.5"), option("abc", storage="io1"), option("abc", standby=False)]
)
def test_a_class_that_is_not_offered_as_the_template_says_is_a_problem(
    aws: Stubs, dev: FakeDev, other: dict[str, Any]
) -> None:
    (problem,) = problems(aws, dev, other)
    assert "RDS offers no postgres 18 on db.t4g.small with these settings here" in problem
    assert "aws rds describe-orderable-db-instance-options --engine postgres" in problem


def test_the_instances_of_a_cluster_have_its_version(aws: Stubs, dev: FakeDev) -> None:
    dev.add_zones(aws, "a", "b")
    dev.add("AWS::RDS::DBCluster", {"EngineVersion": "18"})
    changes = {"EngineVersion": None, "StorageType": None, "MultiAZ": None}
    assert problems(aws, dev, option("ab", storage="aurora", standby=False), **changes) == []


@pytest.mark.parametrize(("zones", "is_problem"), [(("a", "c"), True), (("c", "a"), True), (("a", "b", "c"), False)])
def test_a_proxy_in_a_zone_without_proxies_is_a_problem(
    aws: Stubs, dev: FakeDev, zones: tuple[str, ...], is_problem: bool
) -> None:
    dev.add("AWS::RDS::DBProxy")
    dev.add_zones(aws, *zones, ids="use1-az")
    found = list(doctor.proxy_is_offered(aws.environment()))
    assert ["eu-central-1c is use1-az3" in problem for problem in found] == [True] * is_problem


def test_without_a_proxy_every_zone_serves(aws: Stubs, dev: FakeDev) -> None:
    assert list(doctor.proxy_is_offered(aws.environment())) == []
