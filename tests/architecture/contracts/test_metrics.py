"""Alarms watch metrics that somebody writes, under the names and dimensions under which they are written."""

import importlib
import json
import re
import sys
from typing import Any

import pytest

from tests.architecture.contracts.test_variables import BY_LAMBDA, as_deployed
from tests.support.contracts.deployed import Deployed, deployed

STATUSES = ("loaded", "refused", "superseded", "deleted", "already known")
# What each dimension of AWS's own metrics names. The CDK cuts a load balancer's name out of its listener's ARN.
DIMENSIONS = {
    ("AWS/ApplicationELB", "LoadBalancer"): {
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::Listener",
    },
    ("AWS/ApplicationELB", "TargetGroup"): {"AWS::ElasticLoadBalancingV2::TargetGroup"},
    ("AWS/Lambda", "FunctionName"): {"AWS::Lambda::Function"},
    ("AWS/RDS", "DBClusterIdentifier"): {"AWS::RDS::DBCluster"},
    ("AWS/RDS", "DBInstanceIdentifier"): {"AWS::RDS::DBInstance"},
    ("AWS/RDS", "ProxyName"): {"AWS::RDS::DBProxy"},
    ("AWS/SQS", "QueueName"): {"AWS::SQS::Queue"},
    ("AWS/Scheduler", "ScheduleGroup"): {"AWS::Scheduler::ScheduleGroup"},
}
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


def _written_by_the_intake(
    platform: Deployed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> set[Metric]:
    """What the function writes for every outcome, as CloudWatch reads it out of the log (embedded metric format)."""
    variables = as_deployed(platform.runtime("ingestion")) | BY_LAMBDA
    for name, value in (variables | {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "ingestion.handler", raising=False)
    handler: Any = importlib.import_module("ingestion.handler")
    for status in STATUSES:
        handler._account_for(handler.Outcome(status=status), 1.0)
    written = set()
    for line in capsys.readouterr().out.splitlines():
        entry = json.loads(line)
        for each in entry.get("_aws", {}).get("CloudWatchMetrics", []):
            for names in each["Dimensions"]:
                dimensions = frozenset((name, entry[name]) for name in names)
                written |= {(each["Namespace"], metric["Name"], dimensions) for metric in each["Metrics"]}
    return written


def _written_by_the_agent(platform: Deployed) -> set[str]:
    """The namespaces of the instances' own metrics."""
    return set(re.findall(r'"namespace": "(\S+)"', platform.runtime("web_src").script))


@pytest.mark.parametrize("case", ["local", "web-public"])
def test_an_alarm_on_a_metric_of_ours_watches_what_the_code_writes(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = {alarm for alarm in _alarms(deployed(case)) if not alarm[0].startswith("AWS/")}
    written = _written_by_the_intake(deployed(case), monkeypatch, capsys)
    assert watched, "at least refused files are watched"
    assert watched <= written
    assert {namespace for namespace, _, _ in written} == _written_by_the_agent(deployed(case))


def test_an_alarm_on_a_metric_of_aws_names_a_resource_that_has_it(platform: Deployed) -> None:
    for namespace, name, dimensions in _alarms(platform):
        assert dimensions, name
        if namespace.startswith("AWS/"):
            for dimension, value in dimensions:
                (reference,) = {each.text for each in platform.synthesized.linked.named(value)}
                assert platform.find(reference)[0] in DIMENSIONS[namespace, dimension], (name, value)
