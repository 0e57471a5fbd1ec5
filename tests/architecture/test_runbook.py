"""The runbook has a section for every alarm, which says what to do."""

import ast
import re
from pathlib import Path

import pytest
from aws_cdk import aws_cloudwatch as cloudwatch

from tests.support.synthesis import Synthesized

ROOT = Path(__file__).parent.parent.parent
COMPONENTS = ROOT / "components"
STEPS = ("What it means", "How urgent", "First command", "Then", "Done when")


def _sections() -> dict[tuple[str, str], str]:
    """The runbook's sections, by capability and alarm."""
    sections = {}
    for page in (ROOT / "docs/runbook").glob("*.md"):
        alarms = page.read_text(encoding="utf-8").partition("\n## Alarms\n")[2].partition("\n## ")[0]
        for section in alarms.split("\n### ")[1:]:
            alarm, _, text = section.partition("\n")
            sections[page.stem, alarm] = text
    return sections


def _commands() -> set[tuple[str, str, str]]:
    """The stack, type and start of the logical id of each resource that the runbook's commands look up."""
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs/runbook").glob("*.md")]
    return {found for page in pages for found in re.findall(r"\$\(resource (\w+) (\w+) (\w+)\)", page)}


def _alarms() -> dict[tuple[str, str], str]:
    """The capability whose runbook each alarm names, by folder and id, whether or not an environment has the alarm."""
    alarms = {}
    for folder in filter(Path.is_dir, COMPONENTS.iterdir()):
        calls = [
            node
            for file in folder.rglob("*.py")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call)
        ]
        # The settings that all alarms of a component share are written once, in `partial(RunbookAlarm, ...)`.
        shared = [
            _capability(call) for call in calls if [ast.unparse(each) for each in call.args[:1]] == ["RunbookAlarm"]
        ]
        for call in calls:
            match ast.unparse(call.func):
                case "RunbookAlarm":
                    alarms[folder.name, _text(call.args[1])] = _capability(call)
                case "alarm" | "self._alarm":
                    (alarms[folder.name, _text(call.args[0])],) = set(shared)
    return alarms


def _capability(call: ast.Call) -> str:
    (value,) = (keyword.value for keyword in call.keywords if keyword.arg == "capability")
    return _text(value)


def _text(node: ast.expr) -> str:
    return str(ast.literal_eval(node))


def test_every_alarm_has_a_section_in_the_runbook_and_every_section_an_alarm() -> None:
    assert len(_alarms()) >= 10
    assert set(_sections()) == set(_alarms())


def test_an_alarm_links_to_the_page_of_its_own_capability() -> None:
    assert {alarm: named for alarm, named in _alarms().items() if named != alarm[0]} == {}


@pytest.mark.parametrize("alarm", sorted(_sections()), ids="-".join)
def test_a_section_says_how_urgent_it_is_and_what_to_do(alarm: tuple[str, str]) -> None:
    section = _sections()[alarm]
    said = re.findall(r"(?m)^- \*\*([\w ]+)\*\*:", section)
    assert tuple(said) == STEPS
    assert re.search(r"\*\*How urgent\*\*: (now|today|this week)\b", section)
    command = section.partition("**First command**:")[2].partition("- **Then**")[0]
    assert re.search(r"`[^`]+`", command), f"the first command must be one that can be copied, not {command!r}"


def test_the_text_of_an_alarm_ends_with_the_address_of_its_section(every_environment: Synthesized) -> None:
    found = every_environment.platform.node.find_all()
    texts = [
        (alarm.node.id, str(cfn.alarm_description))
        for alarm in found
        if isinstance(alarm, cloudwatch.Alarm)
        for cfn in [alarm.node.default_child]
        if isinstance(cfn, cloudwatch.CfnAlarm)
    ]
    assert len(texts) >= 10
    # Several capabilities may have an alarm with the same id.
    addresses = [(alarm, f" docs/runbook/{capability}.md#{alarm.lower()}") for capability, alarm in _sections()]
    for alarm, text in texts:
        assert any(text.endswith(address) for id_, address in addresses if id_ == alarm), f"{alarm}: {text}"


@pytest.mark.parametrize(("stack", "kind", "start"), sorted(_commands()))
def test_commands_look_up_one_resource(stack: str, kind: str, start: str, prod: Synthesized) -> None:
    """By the shell function of docs/runbook/README.md."""
    templates = {name.lower(): template["Resources"] for name, template in prod.templates.items()}
    ids = [
        id_
        for id_, resource in templates[stack].items()
        if resource["Type"].endswith(f"::{kind}") and id_.startswith(start)
    ]
    assert len(ids) == 1, ids
