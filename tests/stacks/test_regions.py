"""Every environment in regions of every partition: its templates contain nothing of another region or partition."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
import pytest

from config.network import NamedZones
from tests.support.lint import findings
from tests.support.synthesis import Synthesized, synthesize
from tests.support.variants import EVERY, variants

REGIONS = {
    "us-east-1": "aws",
    "eu-central-1": "aws",
    "ap-southeast-2": "aws",
    "us-gov-west-1": "aws-us-gov",
    "cn-north-1": "aws-cn",
}
OTHER_PARTITIONS = [region for region, partition in REGIONS.items() if partition != "aws"]
# Local is always in us-east-1, the only region of its emulator.
EVERYWHERE = {name: environment for name, environment in EVERY.items() if environment.region is None}
# Variants may use features that other partitions lack.
CASES = [
    (name, region) for name in EVERYWHERE for region in REGIONS if name not in variants() or REGIONS[region] == "aws"
]
# The regional data of cfn-lint.
LINTER = Path(cfnlint.__file__).parent / "data/schemas"
A_REGION = re.compile(r"\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us)-(?:gov-)?[a-z]+-\d\b")
AN_ACCOUNT = re.compile(r"(?<![0-9A-Fa-f])\d{12}(?![0-9A-Fa-f])")  # not part of a hash
A_PARTITION = re.compile(r"arn:(aws[a-z-]*):")
A_PRINCIPAL = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com")


@cache
def _synthesized(name: str, region: str | None) -> Synthesized:
    return synthesize(replace(EVERYWHERE[name], region=region))


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a template, with the keys that lead to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
    elif isinstance(value, str):
        yield path, value


@pytest.mark.parametrize(("name", "region"), CASES)
def test_no_other_region_partition_or_account_is_named(name: str, region: str) -> None:
    written = json.dumps(_synthesized(name, region).templates)
    assert set(A_REGION.findall(written)) <= {region}
    assert set(A_PARTITION.findall(written)) <= {REGIONS[region]}
    assert AN_ACCOUNT.findall(written) == []


@pytest.mark.parametrize("name", EVERYWHERE)
def test_no_region_is_named_if_the_environment_leaves_it_open(name: str) -> None:
    written = json.dumps(_synthesized(name, None).templates)
    assert A_REGION.findall(written) == []
    assert A_PARTITION.findall(written) == []
    assert AN_ACCOUNT.findall(written) == []


@pytest.mark.parametrize(("name", "region"), [*[(name, None) for name in EVERYWHERE], *CASES])
def test_the_domain_of_aws_is_hard_coded_only_in_service_names(name: str, region: str | None) -> None:
    """China has another domain, so addresses and `kms:ViaService` use AWS::URLSuffix."""
    for stack, template in _synthesized(name, region).templates.items():
        for path, text in _texts(template):
            if "amazonaws.com" in text and not text.startswith(("com.amazonaws.", "cn.com.amazonaws.")):
                if ":role/aws-service-role/" in text:  # contains the service's name
                    continue
                assert path[-2:] == ("Principal", "Service"), (stack, path, text)
                assert A_PRINCIPAL.fullmatch(text), (stack, path, text)


@pytest.mark.parametrize(("name", "region"), CASES)
def test_the_logs_key_allows_cloudwatch_logs_of_its_region_and_domain(name: str, region: str) -> None:
    (key,) = (
        key["Properties"]
        for id_, key in _synthesized(name, region).resources("Foundation", "AWS::KMS::Key").items()
        if id_.startswith("KeysLogs")
    )
    (principal,) = (
        statement["Principal"]["Service"]
        for statement in key["KeyPolicy"]["Statement"]
        if statement.get("Sid") == "LogGroupsOfThisAccount"
    )
    assert _synthesized(name, region).linked.text(principal, "Foundation") == "logs.<Region>.<URLSuffix>"


@pytest.mark.parametrize(("name", "region"), CASES)
def test_zones_are_those_that_the_region_has(name: str, region: str) -> None:
    subnets = _synthesized(name, region).resources("Network", "AWS::EC2::Subnet").values()
    zones = [subnet["Properties"]["AvailabilityZone"] for subnet in subnets]
    if isinstance(EVERYWHERE[name].network.zones, NamedZones):
        letters = "abd" if region == "cn-north-1" else "abc"
        expected: list[Any] = [{"Fn::Join": ["", [{"Ref": "AWS::Region"}, letter]]} for letter in letters]
    else:
        expected = [{"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in range(3)]
    assert {json.dumps(zone) for zone in zones} == {json.dumps(zone) for zone in expected}


@cache
def _known(file: str) -> Any:
    return json.loads((LINTER / file).read_text())


@pytest.mark.parametrize(("name", "region"), CASES)
def test_the_region_has_every_kind_of_resource_and_instance(name: str, region: str) -> None:
    kinds = set(_known(f"providers/{region}.json"))
    database_classes = {
        each
        for rule in _known("extensions/aws_rds_dbinstance/dbinstanceclass_enum.json")[region]["allOf"]
        if rule["if"]["properties"].get("Engine") == {"const": "postgres"}
        for each in rule["then"]["properties"]["DBInstanceClass"]["enum"]
    }
    instance_types = set(_known("extensions/aws_ec2_instance/instancetype_enum.json")[region]["enum"])
    for id_, resource in _synthesized(name, region).everything().items():
        assert resource["Type"] in kinds or resource["Type"].startswith("Custom::"), id_
        for path, text in _texts(resource.get("Properties", {})):
            if path[-1] == "DBInstanceClass" and text != "db.serverless":
                assert text in database_classes, (id_, text)
            if path[-1] == "InstanceType":
                assert text in instance_types, (id_, text)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("region", "alike"),
    [
        # Templates of one partition don't differ in anything that cfn-lint checks.
        ("eu-central-1", ("us-east-1", "eu-central-1", "ap-southeast-2")),
        ("us-gov-west-1", ("us-gov-west-1",)),
        ("cn-north-1", ("cn-north-1",)),
    ],
)
def test_cfn_lint_finds_nothing_in_prod_in_those_regions(region: str, alike: tuple[str, ...]) -> None:
    """Prod has every resource type. The test above checks what differs in other environments."""
    assert findings(_synthesized("prod", region).templates, regions=alike) == []


@pytest.mark.parametrize(("name", "region"), CASES)
def test_functions_use_no_lambda_feature_that_the_region_lacks(name: str, region: str) -> None:
    """The features that config/regions.py lists."""
    synthesized = _synthesized(name, region)
    for id_, function in synthesized.resources("Pipeline", "AWS::Lambda::Function").items():
        logs = {"LogFormat": "Text"} if region == "us-gov-west-1" else _JSON_LOGS
        assert {key: value for key, value in function["Properties"]["LoggingConfig"].items() if key != "LogGroup"} == (
            logs
        ), id_
        traced = function["Properties"].get("TracingConfig", {}).get("Mode") == "Active"
        assert traced == (region != "cn-north-1"), id_
    written = json.dumps(synthesized.templates["Pipeline"])
    assert ("xray:PutTraceSegments" in written) == (region != "cn-north-1")


_JSON_LOGS = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}


@pytest.mark.thorough
@pytest.mark.parametrize("region", OTHER_PARTITIONS)
def test_in_other_partitions_rule_packs_find_only_the_missing_certificate(region: str) -> None:
    report = synthesize(replace(EVERY["prod"], region=region), validate=True).report
    found = {violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin["violations"]}
    assert found == {"Annotation::platform:databaseCertificate"}


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_without_a_bundled_root_certificate_gets_a_warning(region: str) -> None:
    database = _synthesized("prod", region).stack("Data").database
    warnings = [str(entry.data) for entry in database.node.metadata if entry.type == "aws:cdk:warning"]
    if REGIONS[region] == "aws":
        assert warnings == []
    else:
        (warning,) = warnings
        assert all(words in warning for words in (region, "components/database/certificates/README.md")), warning
