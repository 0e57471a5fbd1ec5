"""Whoever is woken by an alarm finds what to do."""

from pathlib import Path

from aws_cdk import aws_cloudwatch as cloudwatch

from tests.support.synthesis import Synthesized

RUNBOOK = Path(__file__).parent.parent.parent / "docs" / "runbook.md"
STEPS = ("Means", "Look", "Do", "Done when")


def _sections() -> dict[str, str]:
    parts = RUNBOOK.read_text(encoding="utf-8").split("\n### ")[1:]
    return {alarm: part for part in parts for alarm in part.partition("\n")[0].split(", ")}


def test_every_alarm_has_its_section_in_the_runbook(every_environment: Synthesized) -> None:
    found = every_environment.platform.node.find_all()
    alarms = {construct.node.id for construct in found if isinstance(construct, cloudwatch.Alarm)}
    assert len(alarms) >= 5
    for alarm in alarms:
        section = _sections().get(alarm, "")
        assert all(f"- **{step}**: " in section for step in STEPS), f"docs/runbook.md lacks a section {alarm}"
