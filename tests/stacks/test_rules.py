"""Rule packs find nothing unacknowledged, and every acknowledgement is recorded, narrow, and has its own reason."""

import json
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from aws_cdk import App, CfnParameter, Validations
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from checks.acknowledgements import ledger, markdown
from components.common.acknowledgement import WOULD_CHANGE
from config.environments import DEV, DEV_DATABASE, PROD
from config.model import RULE_PACKS, Environment
from config.network import DualStack, InterfaceEndpoint, NatPerZone, NoNat, RegionalNat, SingleNat
from stacks.base import PlatformStack
from stacks.rule_packs import CHECKS, add_rule_packs
from tests.support.databases import VARIANTS
from tests.support.synthesis import CONTEXT, ENVIRONMENTS, Synthesized, shipped, synthesize
from tests.support.variants import EVERY, unusual, variants

PAGE = Path(__file__).parent.parent.parent / "docs" / "acknowledgements.md"
INTRODUCTION = """
# Acknowledgements

The findings of cdk-nag's rule packs that the architecture accepts. `make snapshots` writes this page from the
validation reports; a test fails if it is out of date. An entry is one construct and one reason; a finding is one rule
of one pack there, which may affect several resources below the construct. Variants of environments
(`tests/support/*/variants.py`) show what the shipped ones don't use.
"""
# Template rules that the CDK itself acknowledges at its flow log, because they don't know its newer fields.
FLOW_LOG = "/Network/Vpc/FlowLog"
OF_THE_CDK = {"CloudFormation-Validate::F3002", "CloudFormation-Validate::F3003"}
MOST_ENTRIES, MOST_FINDINGS = 20, 60  # in prod
MOST_RESOURCES = 82  # 29 of them are network ACLs and their entries, which one rule reports
MOST_CAUSES_IN_A_STACK = 5
MOST_CAUSES_OF_THE_DATABASE = 4
# Phrases in reasons that don't explain anything.
BOILERPLATE = re.compile(
    r"\b(as designed|by design|accepted risk|acceptable|false positive|for now|out of scope|known issue|n/?a|"
    r"not (needed|required|applicable|relevant)|we looked|fine with|as it is|the team|decided|signed off|"
    r"suppress\w*|acknowledged?|ignored?|todo|tbd|demo|sample|example)\b",
    re.IGNORECASE,
)
SHORTEST_REASON, SHORTEST_CONDITION = 40, 15


def _violations(report: dict[str, Any]) -> list[str]:
    """The findings that are not acknowledged: rule, construct, description."""
    return [
        f"{finding['ruleName']} at {place['constructPath']}: {finding['description']}"
        for plugin in report["pluginReports"]
        for finding in plugin["violations"]
        for place in finding["violatingConstructs"]
    ]


def _acknowledged(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for plugin in report["pluginReports"] for finding in plugin["suppressedViolations"]]


@cache
def _stated(synthesized: Synthesized) -> dict[tuple[str, str], str]:
    """The reason of each acknowledgement in the tree, by construct path and finding."""
    return {
        (construct.node.path, str(finding)): str(reason)
        for construct in synthesized.platform.node.root.node.find_all()
        for entry in construct.node.metadata
        if entry.type == Validations.ACKNOWLEDGED_RULES_METADATA_KEY
        for finding, reason in entry.data.items()
        if not (str(finding) in OF_THE_CDK and construct.node.path.endswith(FLOW_LOG))
    }


@pytest.fixture(params=sorted(EVERY))
def checked(request: pytest.FixtureRequest) -> Synthesized:
    """Each shipped environment in turn, and each variant of a capability."""
    return synthesize(EVERY[request.param], validate=True)


def test_every_rule_pack_checks_prod() -> None:
    assert set(PROD.rule_packs) == set(RULE_PACKS) == set(CHECKS)


def test_no_finding_and_no_warning_is_left(checked: Synthesized) -> None:
    plugins = {plugin["pluginName"] for plugin in checked.report["pluginReports"]}
    assert set(checked.environment.rule_packs) <= plugins, "a pack of the environment has not run"
    assert _violations(checked.report) == []


def test_prod_acknowledges_few_findings() -> None:
    entries = ledger(shipped("prod").report, separator=WOULD_CHANGE)
    assert 0 < len(entries) <= MOST_ENTRIES
    assert sum(len(accepted.findings) for accepted in entries.values()) <= MOST_FINDINGS
    assert sum(accepted.resources for accepted in entries.values()) <= MOST_RESOURCES


def test_acknowledgements_name_their_pack_and_one_construct(checked: Synthesized) -> None:
    for place, finding in _stated(checked):
        assert finding.startswith((*(f"{pack}::{pack}-" for pack in RULE_PACKS), "Annotation::")), (
            f"{finding} at {place} is silenced without a record: name its pack, as `acknowledgement.by` does"
        )
        # Environment / stack / component / construct: nothing is accepted for a whole stack.
        assert place.count("/") >= 3, f"{finding} is silenced for all of {place}: acknowledge it where it is found"


def test_no_acknowledgement_is_stale(checked: Synthesized) -> None:
    used = {(found["acknowledgedAt"], found["acknowledgedId"]) for found in _acknowledged(checked.report)}
    gates = (*(f"{pack}::" for pack in checked.environment.rule_packs), "Annotation::")
    stated = {
        (place, finding.removeprefix("Annotation::"))
        for place, finding in _stated(checked)
        if finding.startswith(gates)  # packs that don't check this environment report nothing
    }
    assert stated - used == set(), "these acknowledge nothing any more: delete them"
    assert used - stated == set(), "these are in the report, but no construct acknowledges them"


def test_acknowledgements_give_a_reason_and_what_would_change_it(checked: Synthesized) -> None:
    for (place, finding), reason in _stated(checked).items():
        assert _problem_with(reason) is None, f"{finding} at {place}: {_problem_with(reason)}"


def _problem_with(reason: str) -> str | None:
    """The problem of a reason, if the reason has a problem."""
    why, _, would_change = reason.partition(WOULD_CHANGE)
    if len(why) < SHORTEST_REASON:
        return f"{why!r} is no reason: say in a sentence why the architecture wants it"
    if len(would_change) < SHORTEST_CONDITION or not would_change.startswith(("if ", "with ")):
        return f"{would_change!r} doesn't say what would change our mind: begin with 'if' or 'with'"
    if found := BOILERPLATE.search(reason):
        return f"{found.group()!r} could stand at any finding: say what is special here"
    return None


@pytest.mark.parametrize(
    "reason",
    [
        "",
        "; would change with better tools from AWS",
        "Not needed here; would change with better tools from AWS",
        "This is a false positive of the rule pack that we looked into at length; would change if it were none",
        "An accepted risk, signed off by all who had to be asked; would change if somebody objected to that",
        "Suppressed, because the rule does not hold for an architecture like this one; would change if it did so",
        "The names of files that people drop are not known beforehand, what their keys start with is",
        "The names of files that people drop are not known beforehand; would change later",
        "We looked at this together and are fine with how it is here; would change with a new decision of the team",
    ],
)
def test_an_empty_or_boilerplate_reason_is_found(reason: str) -> None:
    assert _problem_with(reason) is not None


def test_no_two_constructs_share_a_reason(checked: Synthesized) -> None:
    """Words that fit two constructs tell neither's cause. What any function accepts, PythonFunction says of each."""
    places: dict[str, set[str]] = {}
    for (place, _), reason in _stated(checked).items():
        places.setdefault(reason, set()).add("a function" if place.endswith("/Function/Function") else place)
    for reason, found in places.items():
        assert len(found) == 1, f"{reason!r} is the reason of {', '.join(sorted(found))}"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    shown = {name: shipped(name) for name in ("prod", "staging", "dev", "local")}
    shown |= {name: synthesize(variant, validate=True) for name, variant in variants().items()}
    reports = {name: synthesized.report for name, synthesized in shown.items()}
    made = markdown(reports, separator=WOULD_CHANGE, introduction=INTRODUCTION)
    if request.config.getoption("--update-snapshots"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "docs/acknowledgements.md is out of date: make snapshots, and read the difference"


def test_acknowledgements_follow_the_configuration() -> None:
    before = synthesize(replace(DEV, rule_packs=RULE_PACKS), validate=True)
    after = synthesize(
        replace(
            DEV,
            rule_packs=RULE_PACKS,
            runtime=replace(DEV.runtime, reserve_concurrency=True),
            database=replace(DEV_DATABASE, multi_az=True, deletion_protection=True),
        ),
        validate=True,
    )
    assert _violations(after.report) == []
    gone = {found["acknowledgedId"] for found in _acknowledged(before.report)}
    gone -= {found["acknowledgedId"] for found in _acknowledged(after.report)}
    assert {finding.partition("::")[2] for finding in gone} == {
        "AwsSolutions-RDS3",
        "AwsSolutions-RDS10",
        *(
            f"{pack}-{rule}"
            for pack in ("NIST.800.53.R5", "HIPAA.Security")
            for rule in (
                "RDSMultiAZSupport",
                "RDSInstanceDeletionProtectionEnabled",
                "LambdaConcurrency",
            )
        ),
    }


ALL_ENDPOINTS: frozenset[InterfaceEndpoint] = frozenset(get_args(InterfaceEndpoint))
# Every pack over what no shipped environment has, but any may.
ANY: dict[str, Environment] = {
    "regional NAT": replace(PROD, network=replace(PROD.network, nat=RegionalNat())),
    "dual stack": replace(PROD, network=replace(PROD.network, nat=SingleNat(), addressing=DualStack())),
    "no NAT": replace(PROD, network=replace(PROD.network, nat=NoNat(), interface_endpoints=ALL_ENDPOINTS)),
    "every endpoint, dual stack": replace(
        PROD,
        network=replace(PROD.network, nat=NatPerZone(), addressing=DualStack(), interface_endpoints=ALL_ENDPOINTS),
    ),
    "one pack alone": replace(DEV, rule_packs=("AwsSolutions",)),
    **VARIANTS,
    **unusual(),
}


@pytest.mark.thorough
@pytest.mark.parametrize("case", ANY)
def test_no_variant_has_a_finding_or_a_stale_acknowledgement(case: str) -> None:
    synthesized = synthesize(ANY[case], validate=True)
    assert _violations(synthesized.report) == []
    test_no_acknowledgement_is_stale(synthesized)
    causes = {
        (entry.path.partition("/")[0], entry.reason) for entry in ledger(synthesized.report, separator=WOULD_CHANGE)
    }
    assert max(Counter(stack for stack, _ in causes).values()) <= MOST_CAUSES_IN_A_STACK
    of_database = {
        entry.reason
        for entry in ledger(synthesized.report, separator=WOULD_CHANGE)
        if entry.path.startswith("Data/Database/")
    }
    assert len(of_database) <= MOST_CAUSES_OF_THE_DATABASE


@pytest.mark.parametrize("pack", [*RULE_PACKS, "template rules"])
def test_a_mistake_stops_the_synthesis(pack: Any, capfd: pytest.CaptureFixture[str]) -> None:
    app = App(context=CONTEXT, analytics_reporting=False)
    stack = PlatformStack(app, "Mistaken", environment=ENVIRONMENTS["dev"], description="A stack with a mistake")
    bucket = s3.CfnBucket(stack, "Bucket")  # without logs, versions, encryption
    sqs.CfnQueue(stack, "Queue")  # without dead letters
    if pack == "template rules":
        bucket.add_property_override("NoSuchProperty", "value")
    else:
        add_rule_packs((pack,), app)
    with pytest.raises(RuntimeError, match=r"^ValidationFailed"):
        app.synth()
    capfd.readouterr()


def test_a_warning_of_the_template_rules_is_a_finding(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = App(context=CONTEXT, outdir=str(tmp_path), analytics_reporting=False)
    stack = PlatformStack(app, "Mistaken", environment=ENVIRONMENTS["dev"], description="A stack with a mistake")
    sqs.CfnQueue(stack, "Queue")
    CfnParameter(stack, "Unused")
    app.synth()  # which a warning doesn't stop
    capfd.readouterr()
    (found,) = _violations(json.loads((tmp_path / "validation-report.json").read_text()))
    assert found.startswith("W2001 at Mistaken: Parameters/Unused")
