"""Alarms watch metrics that the code or AWS writes, with their exact names and dimensions."""

import json

import pytest

from tests.support.contracts.deployed import Deployed, deployed
from tests.support.contracts.handlers import deployed_handler
from tests.support.contracts.runtimes import contributions
from tests.support.variants import EVERY

STATUSES = ("loaded", "refused", "superseded", "deleted", "already known")
# The types of resource that each dimension of AWS's own metrics names; capabilities add theirs.
DIMENSIONS = {
    ("AWS/Events", "RuleName"): frozenset({"AWS::Events::Rule"}),
    ("AWS/Lambda", "FunctionName"): frozenset({"AWS::Lambda::Function"}),
    ("AWS/RDS", "DBClusterIdentifier"): frozenset({"AWS::RDS::DBCluster"}),
    ("AWS/RDS", "DBInstanceIdentifier"): frozenset({"AWS::RDS::DBInstance"}),
    ("AWS/RDS", "ProxyName"): frozenset({"AWS::RDS::DBProxy"}),
    ("AWS/SQS", "QueueName"): frozenset({"AWS::SQS::Queue"}),
} | {key: types for each in contributions() for key, types in each.dimensions.items()}
Metric = tuple[str, str, frozenset[tuple[str, str]]]  # namespace, name, dimensions


def _alarms(platform: Deployed) -> list[Metric]:
    return [
        (
            platform.text(alarm["Namespace"], stack),
            alarm["MetricName"],
            frozenset((each["Name"], platform.text(each["Value"], stack)) for each in alarm["Dimensions"]),
        )
        for stack, _, alarm in platform.resources("AWS::CloudWatch::Alarm")
    ]


def _written_by_ingestion(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> set[Metric]:
    """The metrics that the function writes for every outcome, as CloudWatch reads them in its log (EMF)."""
    handler = deployed_handler("ingestion", monkeypatch, case=case)
    for status in STATUSES:
        handler._record(handler.Outcome(status=status), "orders", 1.0)
    written = set()
    for line in capsys.readouterr().out.splitlines():
        entry = json.loads(line)
        for each in entry.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in each["Dimensions"]:
                dimensions = frozenset((name, entry[name]) for name in names)
                written |= {(each["Namespace"], metric["Name"], dimensions) for metric in each["Metrics"]}
    return written


@pytest.mark.parametrize("case", EVERY)
def test_an_alarm_on_a_metric_of_the_platform_watches_what_the_code_writes(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = {alarm for alarm in _alarms(deployed(case)) if not alarm[0].startswith("AWS/")}
    written = _written_by_ingestion(case, monkeypatch, capsys)
    assert watched, "no alarm watches a metric of the platform"
    assert watched <= written
    assert {namespace for namespace, _, _ in written} == {
        deployed(case).runtime("ingestion").variables["METRICS_NAMESPACE"]
    }


def test_an_alarm_on_a_metric_of_aws_names_a_resource_that_has_the_metric(platform: Deployed) -> None:
    for namespace, name, dimensions in _alarms(platform):
        assert dimensions, name
        if namespace.startswith("AWS/"):
            for dimension, value in dimensions:
                (reference,) = {each.text for each in platform.synthesized.linked.named(value)}
                assert platform.find(reference)[0] in DIMENSIONS[namespace, dimension], (name, value)
