"""cfn-lint finds what CloudFormation refuses and the local cloud accepts."""

from pathlib import Path

import pytest

from tests.support import databases
from tests.support.lint import findings
from tests.support.synthesis import Synthesized, synthesize
from tests.support.variants import unusual, variants


def test_templates_have_no_finding(every_environment: Synthesized) -> None:
    assert findings(every_environment.templates) == []


VARIANTS = databases.VARIANTS | variants() | unusual()


@pytest.mark.thorough
@pytest.mark.parametrize("name", VARIANTS)
def test_variants_have_no_finding(name: str) -> None:
    assert findings(synthesize(VARIANTS[name]).templates) == []


def test_a_mistake_is_found_and_named_with_its_stack() -> None:
    mistaken = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Visibility": 1}}}}
    (found,) = findings({"Pipeline": mistaken})
    assert found.startswith("Pipeline: E3002")


def test_a_warning_is_a_finding_too() -> None:
    unused = {"Parameters": {"Unused": {"Type": "String"}}, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    assert [found.split()[1] for found in findings({"Pipeline": unused})] == ["W2001"]


@pytest.mark.parametrize("line", Path(".cfnlintrc").read_text().splitlines())
def test_each_ignored_rule_has_a_reason(line: str) -> None:
    if line.strip().startswith("- "):
        assert len(line.partition("#")[2].strip()) > 20, line
