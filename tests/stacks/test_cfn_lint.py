"""cfn-lint, which knows what real CloudFormation refuses and the local cloud lets pass."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

from config.network import DualStack
from config.web import OnDemandInstances, WithSpotInstances
from tests.synthesis import PUBLIC, Synthesized, synthesize


def _findings(template: Path) -> list[str]:
    config = ConfigMixIn(["--template", str(template)])
    return [f"{match.rule.id} {match.message} ({match.linenumber})" for match in Runner(config).run()]


def test_templates_have_no_finding(every_environment: Synthesized, tmp_path: Path) -> None:
    for stack, template in every_environment.templates.items():
        file = tmp_path / f"{stack}.json"
        file.write_text(json.dumps(template, indent=1))
        assert _findings(file) == [], stack


CAPACITIES: dict[str, dict[str, Any]] = {
    "public": {},
    "public with spot instances": {
        "capacity": WithSpotInstances(types=("m7g.large", "m6g.large", "c7g.large"), on_demand_base=1, spot_percent=50)
    },
    "public with a warm pool": {"capacity": OnDemandInstances(types=("m7g.large",)), "warm_instances": 1},
}


@pytest.mark.parametrize("case", CAPACITIES)
def test_a_public_web_tier_has_no_finding(case: str, tmp_path: Path) -> None:
    environment = replace(
        PUBLIC,
        network=replace(PUBLIC.network, addressing=DualStack()),
        web=replace(PUBLIC.web, **CAPACITIES[case]),
    )
    for stack, template in synthesize(environment).templates.items():
        file = tmp_path / f"{stack}.json"
        file.write_text(json.dumps(template, indent=1))
        assert _findings(file) == [], stack


def test_a_mistake_is_found(tmp_path: Path) -> None:
    file = tmp_path / "mistake.json"
    file.write_text(json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Visibility": 1}}}}))
    assert any(finding.startswith("E3002") for finding in _findings(file))


@pytest.mark.parametrize("line", Path(".cfnlintrc").read_text().splitlines())
def test_each_ignored_rule_has_its_reason_beside_it(line: str) -> None:
    if line.strip().startswith("- "):
        assert len(line.partition("#")[2].strip()) > 20, line
