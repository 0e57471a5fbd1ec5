"""A feature that a region lacks is refused, with the field, the value, the allowed values and the reason."""

import json
from dataclasses import replace
from pathlib import Path

import cfnlint
import pytest

from config.checks import ConfigError
from config.environments import DEV, PROD, PROD_DATABASE
from config.ingestion import SnapStart
from config.instance_classes import FAMILIES, NOT_OFFERED_IN, families_in
from config.model import Environment
from config.network import AnyZones, RegionalNat
from tests.support import databases

LINTER = Path(cfnlint.__file__).parent / "data/schemas/extensions/aws_rds_dbinstance/dbinstanceclass_enum.json"
NEW_REGIONS = ("ap-southeast-6", "ap-east-2")


def _with_class(instance_type: str) -> Environment:
    return replace(PROD, database=replace(PROD_DATABASE, instance_type=instance_type))


ASKED: dict[str, tuple[Environment, tuple[str, ...], str]] = {
    "a newer database class": (
        _with_class("m7g.large"),
        ("us-gov-west-1", "ca-west-1", "eu-south-1"),
        r"database.instance_type must be of a family that RDS offers in {region} \(.*\), got 'm7g.large': use one",
    ),
    "an Intel database class": (
        _with_class("m7i.large"),
        ("cn-north-1", "cn-northwest-1"),
        r"database.instance_type must be of a family that RDS offers in {region} \(m6g, .*\), got 'm7i.large'",
    ),
    "a small Graviton database": (DEV, ("ca-west-1",), "database.instance_type .*, got 't4g.small'"),
    "a database proxy": (
        PROD,
        NEW_REGIONS,
        r"database.connections must be Direct\(\) in {region}, got ThroughProxy.*RDS Proxy",
    ),
    "a proxy for Aurora": (databases.VARIANTS["prod on Aurora"], NEW_REGIONS, r"database.connections must be"),
    "a regional NAT gateway": (
        replace(PROD, network=replace(PROD.network, nat=RegionalNat())),
        ("us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1"),
        r"network.nat must be NatPerZone\(\), SingleNat\(\) or NoNat\(\) in {region}, got RegionalNat\(\)",
    ),
    "SnapStart": (
        replace(PROD, ingestion=replace(PROD.ingestion, start=SnapStart())),
        ("us-gov-west-1", "us-gov-east-1", "cn-north-1", "cn-northwest-1"),
        r"ingestion.start must be OnDemand\(\) or ProvisionedConcurrency\(...\) in {region}, got SnapStart\(\)",
    ),
    "more zones than the region has": (
        replace(DEV, network=replace(DEV.network, zones=AnyZones(count=3))),
        ("us-west-1",),
        r"network.zones must be at most 2 in {region} \(a, c\), got 3",
    ),
}


@pytest.mark.parametrize(
    ("asked", "region"), [(asked, region) for asked, (_, regions, _) in ASKED.items() for region in regions]
)
def test_a_region_that_lacks_a_feature_is_refused_with_the_reason(asked: str, region: str) -> None:
    environment, _, message = ASKED[asked]
    with pytest.raises(ConfigError, match=message.format(region=region)):
        replace(environment, region=region)


@pytest.mark.parametrize("asked", ASKED)
def test_a_feature_is_accepted_if_the_region_has_it_or_is_left_open(asked: str) -> None:
    environment, _, _ = ASKED[asked]
    assert environment.region is None
    replace(environment, region="eu-central-1")


def test_instance_families_are_missing_in_exactly_the_regions_that_cfn_lint_lists() -> None:
    for region, rules in json.loads(LINTER.read_text()).items():
        offered = {
            name.removeprefix("db.")
            for rule in rules["allOf"]
            if rule["if"]["properties"].get("Engine") == {"const": "postgres"}
            for name in rule["then"]["properties"]["DBInstanceClass"]["enum"]
        }
        there = [family for family, sizes in FAMILIES.items() if offered >= {f"{family}.{size}" for size in sizes}]
        assert families_in(region) == sorted(there), region
    assert set(NOT_OFFERED_IN) <= set(json.loads(LINTER.read_text()))


def test_prods_database_is_of_a_family_that_every_region_has() -> None:
    family = PROD_DATABASE.instance_type.partition(".")[0]
    assert not [region for region, missing in NOT_OFFERED_IN.items() if family in missing]
