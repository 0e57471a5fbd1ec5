"""The repository's own files agree: workflows, make targets, links, Python versions and the changelog."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
COMMAND_FILES = [*WORKFLOWS, *(ROOT / name for name in (".ci/run", ".pre-commit-config.yaml"))]
DEV_CONTAINER = ROOT / ".devcontainer/devcontainer.json"
DOCUMENTS = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")), *(ROOT / "docs").rglob("*.md")]
COOLDOWN_DAYS = 7


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _uses(workflow: Path) -> list[str]:
    return [line for line in workflow.read_text().splitlines() if re.search(r"\buses\b", line)]


def _claimed_pythons() -> list[str]:
    prefix = "Programming Language :: Python :: "
    return [line.removeprefix(prefix) for line in PROJECT["project"]["classifiers"] if line.startswith(prefix)]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=_name)
def test_actions_are_pinned_by_commit_with_their_version_in_a_comment(workflow: Path) -> None:
    lines = _uses(workflow)
    assert lines
    for line in lines:
        assert re.fullmatch(r" +(- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_an_action_has_one_version_in_all_workflows() -> None:
    used = {re.sub(r".*uses: ", "", line) for workflow in WORKFLOWS for line in _uses(workflow)}
    assert len({action.partition("@")[0] for action in used}) == len(used), used


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=_name)
def test_checkouts_persist_no_credentials(workflow: Path) -> None:
    steps = re.split(r"(?m)^ +- ", workflow.read_text())
    checkouts = [step for step in steps if "actions/checkout@" in step]
    assert checkouts
    for step in checkouts:
        assert re.search(r"(?m)^ +persist-credentials: false$", step), step


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=_name)
def test_workflows_name_their_permissions_and_write_only_in_a_job(workflow: Path) -> None:
    found = re.search(r"(?m)^permissions:(.*\n(?: +.*\n)*)", workflow.read_text())
    assert found
    assert found.group(1).strip() in ("{}", "contents: read")


def test_workflows_have_no_known_weakness() -> None:
    """Such as untrusted text in commands, stored credentials, or too many permissions."""
    zizmor = ["zizmor", "--offline", "--no-progress", "--quiet", "--format=plain", str(ROOT / ".github/workflows")]
    done = subprocess.run(zizmor, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _make_targets(text: str) -> set[str]:
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", text))


def test_make_targets_that_files_name_exist() -> None:
    makefiles = [ROOT / "Makefile", *ROOT.glob("ops/*/targets.mk")]
    existing = {name for file in makefiles for name in re.findall(r"(?m)^([a-z][a-z-]*):", file.read_text())}
    commands = {_name(file): file.read_text() for file in [*COMMAND_FILES, DEV_CONTAINER]}
    # In prose "make" is also a verb, so only code counts. Decisions may name past and future targets.
    documents = {
        _name(file): "\n".join(re.findall(r"(?s)```.*?```|`[^`]+`", file.read_text()))
        for file in [*DOCUMENTS, ROOT / ".github/pull_request_template.md"]
        if file.parent.name != "decisions"
    }
    called = {name: _make_targets(text) for name, text in (commands | documents).items()}
    assert "check" in called[".github/workflows/ci.yml"]
    assert "mutants" in called["CONTRIBUTING.md"]
    assert {name: targets - existing for name, targets in called.items() if targets - existing} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_point_to_existing_files(document: Path) -> None:
    prose = re.sub(r"(?ms)^```.*?^```", "", document.read_text())  # links in snippets are those of other pages
    targets = re.findall(r"\]\(([^)\s]+)\)", prose)
    paths = [target.partition("#")[0] for target in targets if "://" not in target]
    assert [path for path in paths if path and not (document.parent / path).exists()] == []


def test_the_readme_names_the_oldest_python() -> None:
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert f"Python {oldest} or newer" in (ROOT / "README.md").read_text()
    assert oldest.startswith(f"{_claimed_pythons()[0]}.")


def test_every_claimed_python_is_tested() -> None:
    matrix = re.search(r"python-version: \[(.*)\]", (ROOT / ".github/workflows/ci.yml").read_text())
    assert matrix
    assert re.findall(r'"([\d.]+)"', matrix.group(1)) == _claimed_pythons()


def test_other_jobs_and_the_dev_container_run_the_newest_python() -> None:
    newest = _claimed_pythons()[-1]
    single = [version for file in WORKFLOWS for version in re.findall(r'python-version: "(.*)"', file.read_text())]
    assert single
    assert set(single) == {newest}
    assert re.search(rf'"mcr\.microsoft\.com/devcontainers/python:[\d.]+-{newest}-\w+"', DEV_CONTAINER.read_text())


def test_the_changelog_has_a_dated_section_for_the_version() -> None:
    headings = re.findall(r"(?m)^## (.*)$", (ROOT / "CHANGELOG.md").read_text())
    assert headings[0] == "[Unreleased]"
    assert re.fullmatch(rf"\[{re.escape(PROJECT['project']['version'])}\] - \d{{4}}-\d\d-\d\d", headings[1])


def test_new_releases_of_dependencies_are_used_after_seven_days() -> None:
    assert PROJECT["tool"]["uv"]["exclude-newer"] == f"{COOLDOWN_DAYS} days"
    _, *updates = (ROOT / ".github/dependabot.yml").read_text().split("package-ecosystem:")
    assert updates
    for update in updates:
        assert f"default-days: {COOLDOWN_DAYS}\n" in update, update
