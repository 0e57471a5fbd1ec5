"""The rule packs: nothing unacknowledged, and every acknowledgement recorded, narrow, and with a real reason."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from aws_cdk import App, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from config.environments import DEV, DEV_DATABASE, PROD
from config.model import Environment
from config.network import DualStack, InterfaceEndpoint, NoNat, RegionalNat, SingleNat
from config.web import OnDemandInstances, WithSpotInstances
from stacks.base import PlatformStack
from stacks.platform import Platform
from tests.synthesis import CONTEXT, ENVIRONMENTS, PUBLIC, PUBLIC_EXPOSURE, Synthesized, synthesize


def _acknowledged(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for plugin in report["pluginReports"] for finding in plugin["suppressedViolations"]]


def test_no_finding_and_no_warning_is_left(every_environment: Synthesized) -> None:
    plugins = every_environment.report["pluginReports"]
    assert "AwsSolutions" in {plugin["pluginName"] for plugin in plugins}
    assert [finding for plugin in plugins for finding in plugin["violations"]] == []


def test_acknowledgements_say_why_and_what_would_change_our_mind(every_environment: Synthesized) -> None:
    for finding in _acknowledged(every_environment.report):
        assert "would change" in finding["reason"], finding["acknowledgedId"]
        assert len(finding["reason"]) > 60, finding["acknowledgedId"]


def test_acknowledgements_are_few_and_narrow(every_environment: Synthesized) -> None:
    acknowledged = _acknowledged(every_environment.report)
    entries = {(finding["acknowledgedAt"], finding["reason"]) for finding in acknowledged}
    assert 0 < len(entries) <= 21
    for finding in acknowledged:
        assert finding["acknowledgedId"].startswith("AwsSolutions::"), "without the pack's name it isn't recorded"
        # Environment / stack / component / construct: nothing is accepted for a whole stack.
        assert finding["acknowledgedAt"].count("/") >= 3, finding["acknowledgedAt"]


def test_no_acknowledgement_is_stale(every_environment: Synthesized) -> None:
    used = {(f["acknowledgedAt"], f["acknowledgedId"]) for f in _acknowledged(every_environment.report)}
    stated = {
        (construct.node.path, str(id_).removeprefix("Annotation::"))
        for construct in every_environment.platform.node.find_all()
        for entry in construct.node.metadata
        if entry.type == Validations.ACKNOWLEDGED_RULES_METADATA_KEY
        for id_ in entry.data
        if "AwsSolutions::" in id_  # the CDK acknowledges template rules of its own
    }
    assert stated == used


ALL_ENDPOINTS: frozenset[InterfaceEndpoint] = frozenset(get_args(InterfaceEndpoint))
NETWORKS = {
    **{name: environment.network for name, environment in ENVIRONMENTS.items()},
    "regional NAT": replace(PROD.network, nat=RegionalNat()),
    "dual stack": replace(PROD.network, nat=SingleNat(), addressing=DualStack()),
    "no NAT": replace(PROD.network, nat=NoNat(), interface_endpoints=ALL_ENDPOINTS),
    "everything": replace(PROD.network, addressing=DualStack(), interface_endpoints=ALL_ENDPOINTS),
}


Pack = type[AwsSolutionsChecks | NIST80053R5Checks]
BOTH_PACKS = pytest.mark.parametrize("pack", [AwsSolutionsChecks, NIST80053R5Checks], ids=["AwsSolutions", "NIST"])


@BOTH_PACKS
@pytest.mark.parametrize("case", NETWORKS)
def test_no_finding_is_left_in_any_network(
    case: str, pack: Pack, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reasons = _checked(replace(PROD, network=NETWORKS[case]), pack, "Network", tmp_path, capfd)
    assert 0 < len(reasons) <= 5


WEB_TIERS = {
    **{name: ENVIRONMENTS[name].web for name in ("dev", "prod")},
    "public": PUBLIC.web,
    "public, plus": replace(PUBLIC.web, exposure=replace(PUBLIC_EXPOSURE, sign_in_plan="plus", mfa="optional")),
    "spot": replace(
        PUBLIC.web,
        capacity=WithSpotInstances(types=("m7g.large", "m6g.large", "c7g.large"), on_demand_base=1, spot_percent=50),
    ),
    "warm": replace(PUBLIC.web, capacity=OnDemandInstances(types=("m7g.large",)), warm_instances=1),
}


@BOTH_PACKS
@pytest.mark.parametrize("case", WEB_TIERS)
def test_no_finding_is_left_in_any_web_tier(
    case: str, pack: Pack, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    reasons = _checked(replace(PROD, web=WEB_TIERS[case]), pack, "Web", tmp_path, capfd)
    assert 0 < len(reasons) <= 6


def _checked(
    environment: Environment, pack: Pack, stack: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> set[str]:
    """Asserts that the pack finds nothing in the stack. Returns the reasons for which findings are accepted there."""
    app = App(outdir=str(tmp_path), context=CONTEXT, analytics_reporting=False)
    platform = Platform(app, config=environment)
    Validations.of(app).add_plugins(pack(app))
    with contextlib.suppress(RuntimeError):  # for findings in the other stacks, which keep AwsSolutions alone so far
        app.synth()
    capfd.readouterr()
    (plugin,) = (
        plugin
        for plugin in json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
        if plugin["pluginName"].startswith(("NIST", "AwsSolutions"))
    )
    inside = f"{platform.node.path}/{stack}/"
    assert [
        (finding["ruleName"], place["constructPath"])
        for finding in plugin["violations"]
        for place in finding["violatingConstructs"]
        if place["constructPath"].startswith(inside)
    ] == []
    used = [finding for finding in plugin["suppressedViolations"] if finding["acknowledgedAt"].startswith(inside)]
    assert all("would change" in finding["reason"] for finding in used)
    return {finding["reason"] for finding in used}


def test_acknowledgements_follow_the_configuration() -> None:
    standby = replace(DEV, database=replace(DEV_DATABASE, multi_az=True, deletion_protection=True))
    before, after = (
        {finding["acknowledgedId"] for finding in _acknowledged(synthesize(env, validate=True).report)}
        for env in (DEV, standby)
    )
    assert before - after == {"AwsSolutions::AwsSolutions-RDS3", "AwsSolutions::AwsSolutions-RDS10"}


@pytest.mark.parametrize("plugin", ["rule pack", "template rules"])
def test_a_mistake_stops_the_synthesis(plugin: str, capfd: pytest.CaptureFixture[str]) -> None:
    environment = ENVIRONMENTS["dev"]
    app = App(context={"@aws-cdk/core:validateAgainstDefaultRules": True}, analytics_reporting=False)
    stack = PlatformStack(app, "Mistaken", config=environment, description="A stack with a mistake")
    bucket = s3.CfnBucket(stack, "Bucket")
    if plugin == "rule pack":
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    else:
        bucket.add_property_override("NoSuchProperty", "value")
    with pytest.raises(RuntimeError, match=r"^ValidationFailed"):
        app.synth()
    capfd.readouterr()
