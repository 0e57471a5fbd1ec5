"""The workflows that deploy: what they run, who may start it, and what they may do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with cfn-lint, without types

from components.delivery.delivery import SESSION
from config.delivery import DeliveryConfig, NewProvider, PullRequests
from tests.support.makefile import Checkout

ROOT = Path(__file__).parent.parent.parent.parent
TEXTS = {file.stem: file.read_text() for file in sorted((ROOT / ".github/workflows").glob("delivery*.yml"))}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS: dict[str, dict[str, Any]] = {
    f"{name}/{id_}": job for name, workflow in WORKFLOWS.items() for id_, job in workflow["jobs"].items()
}
STEPS = [
    (f"{name}, step {number}", job, step) for name, job in JOBS.items() for number, step in enumerate(job["steps"])
]
JOBS_THAT_SIGN_IN = {name: job for name, job in JOBS.items() if "id-token" in job["permissions"]}
SIGN_IN_ACTION = "aws-actions/configure-aws-credentials@"
OWN_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"
# What GitHub would put in the place of expressions.
VALUES = {
    "github.event.pull_request.number": "12",
    "matrix.environment": "staging",
    "steps.last-good.outputs.revision": "abc123",
    "github.token": "token",
    "github.repository": "acme/platform",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def _filled(values: dict[str, Any]) -> dict[str, str]:
    return {
        name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: VALUES[found[1]], str(value)) for name, value in values.items()
    }


def _commands(job: str, checkout: Checkout) -> list[list[str]]:
    """What the steps of a job run, with programs that only record how they are called."""
    found = []
    (checkout.folder / "tree").mkdir(exist_ok=True)
    for makefile in ("Makefile", "ops"):
        (checkout.folder / "tree" / makefile).symlink_to(checkout.folder / makefile)
    files = {"RUNNER_TEMP": ".", "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    paths = {name: str(checkout.folder / path) for name, path in files.items()}
    for step in JOBS[job]["steps"]:
        if "run" in step:
            variables = _filled({**JOBS[job].get("env", {}), **step.get("env", {})})
            found += checkout.script(step["run"], **paths, **variables)
    return found


def _ops(environment: str, *command: str, capability: str = "environment") -> list[str]:
    return ["python", "-m", f"ops.{capability}", f"--env={environment}", "--region=", *command]


def _deploy(environment: str) -> list[str]:
    return _ops(environment, "deploy", "--account=", "--yes")


PLAN = ["python", "-m", "scripts.plan", "--env=prod", "--against=HEAD^1", "--account=", "--region="]
RUN = {
    "delivery/staging": [_deploy("staging"), _ops("staging", "verify")],
    "delivery/prod": [
        ["python3", "-m", "ops.delivery.last_good"],
        _ops("prod", "verify"),  # before
        *(_deploy("prod"), _ops("prod", "verify")),
        # The roll back.
        ["git", "worktree", "add", "--detach", "{}/tree", "abc123"],
        *(_deploy("prod"), _ops("prod", "verify")),
    ],
    "delivery-nightly/expire": [_ops("dev", "expire", "--pull-request=", capability="delivery")],
    "delivery-nightly/verify": [_ops("staging", "verify")],
    "delivery-plan/comment": [["python3", "-m", "ops.delivery.comment"]],
    "delivery-plan/plan": [PLAN],
    "delivery-pull-request/delete": [_ops("dev", "expire", "--pull-request=12", capability="delivery")],
    "delivery-pull-request/deploy": [_deploy("pr-12")],
}


def test_every_job_is_run_below() -> None:
    assert JOBS.keys() == RUN.keys()


@pytest.mark.parametrize("job", RUN)
def test_the_steps_run_what_they_say(job: str, checkout: Checkout) -> None:
    wanted = [
        [word.format(checkout.folder / ".") if word.startswith("{}") else word for word in each] for each in RUN[job]
    ]
    assert _commands(job, checkout) == wanted


@pytest.mark.parametrize("name", TEXTS)
def test_no_workflow_has_a_secret(name: str) -> None:
    assert "secrets" not in TEXTS[name]
    assert not re.search(r"AKIA|aws-access-key-id|aws-secret", TEXTS[name])


@pytest.mark.parametrize(("name", "job", "step"), STEPS, ids=[name for name, _, _ in STEPS])
def test_no_command_contains_an_expression_that_others_can_set(
    name: str, job: dict[str, Any], step: dict[str, Any]
) -> None:
    """A title or a branch's name could end the command and start another. In a variable it can't."""
    assert "${{" not in step.get("run", ""), f"{name}: pass it through `env`"


@pytest.mark.parametrize("name", JOBS)
def test_every_job_has_its_permissions_and_its_time(name: str) -> None:
    assert "timeout-minutes" in JOBS[name]
    writes = {key for key, value in JOBS[name]["permissions"].items() if value == "write"}
    assert writes <= {"id-token", "pull-requests"}
    assert WORKFLOWS[name.partition("/")[0]]["permissions"] == {}


@pytest.mark.parametrize("name", [name for name in JOBS if "pull_request" in WORKFLOWS[name.partition("/")[0]][True]])
def test_a_fork_gets_no_write_token_and_no_role(name: str) -> None:
    """YAML reads the key `on` as True."""
    if set(JOBS[name]["permissions"].values()) != {"read"}:
        assert OWN_REPOSITORY in JOBS[name]["if"], f"{name} must not run for forks"


def test_only_pushes_to_main_of_this_repository_are_deployed() -> None:
    workflow = WORKFLOWS["delivery"]
    assert workflow[True] == {"workflow_run": {"workflows": ["CI"], "types": ["completed"], "branches": ["main"]}}
    for condition in (
        "github.event.workflow_run.conclusion == 'success'",
        "github.event.workflow_run.event == 'push'",
        "github.event.workflow_run.head_repository.full_name == github.repository",
        # GitHub records the deployment of github.sha, and an older commit must not follow a newer one.
        "github.event.workflow_run.head_sha == github.sha",
    ):
        assert condition in workflow["jobs"]["staging"]["if"]
    assert workflow["jobs"]["prod"]["needs"] == "staging"
    for job in workflow["jobs"].values():
        assert job["steps"][0]["with"]["ref"] == "${{ github.event.workflow_run.head_sha }}"


def test_two_deployments_of_an_environment_never_overlap() -> None:
    groups = {name: job["concurrency"] for name, job in WORKFLOWS["delivery"]["jobs"].items()}
    assert groups == {name: {"group": f"deploy-{name}", "cancel-in-progress": False} for name in ("staging", "prod")}
    for job in WORKFLOWS["delivery-pull-request"]["jobs"].values():
        group = "pull-request-${{ github.event.pull_request.number }}"
        assert job["concurrency"] == {"group": group, "cancel-in-progress": False}


def test_a_run_without_a_job_takes_the_place_of_no_other() -> None:
    """GitHub keeps one waiting run of a group, even if it does nothing. Newer runs may cancel older ones."""
    for name, workflow in WORKFLOWS.items():
        if any("if" in job for job in workflow["jobs"].values()):
            assert workflow.get("concurrency", {"cancel-in-progress": True})["cancel-in-progress"], name


def test_a_closed_pull_request_or_another_label_deploys_nothing() -> None:
    condition = WORKFLOWS["delivery-pull-request"]["jobs"]["deploy"]["if"]
    assert "github.event.pull_request.state == 'open'" in condition
    assert "github.event.action == 'labeled' && github.event.label.name == vars.PULL_REQUEST_LABEL" in condition


@pytest.mark.parametrize("name", JOBS_THAT_SIGN_IN)
def test_each_job_signs_in_with_the_role_of_its_environment_on_github(name: str) -> None:
    """Only a job in an environment gets the subject that a role trusts."""
    job = JOBS_THAT_SIGN_IN[name]
    config = {
        env: DeliveryConfig(repository="a/b", provider=NewProvider(), github_environment=env)
        for env in ("staging", "prod")
    }
    trusted = {
        *config,
        *(each.verify_environment for each in config.values()),
        PullRequests().github_environment,
    }
    named = {job["environment"].replace("${{ matrix.environment }}", env) for env in config}
    assert named <= trusted
    for step in (step for step in job["steps"] if step.get("uses", "").startswith(SIGN_IN_ACTION)):
        assert step["with"]["role-to-assume"] == "${{ vars.AWS_ROLE_ARN }}"
        assert float(step["with"].get("role-duration-seconds", 3600)) <= SESSION.to_seconds()


def test_nothing_signs_in_before_somebody_set_github_up() -> None:
    """GitHub would create an environment that a job names, without any rule."""
    for name, job in JOBS_THAT_SIGN_IN.items():
        assert "vars.AWS_REGION != ''" in job.get("if", "") or job.get("needs") == "staging", name


def test_a_session_outlives_its_steps() -> None:
    for name, job in JOBS_THAT_SIGN_IN.items():
        signs_in = [step for step in job["steps"] if step.get("uses", "").startswith(SIGN_IN_ACTION)]
        seconds = min(step["with"].get("role-duration-seconds", 3600) for step in signs_in)
        limits = (
            [job["timeout-minutes"]]
            if len(signs_in) == 1
            else [step["timeout-minutes"] for step in job["steps"] if "make" in step.get("run", "")]
        )
        assert max(limits) * 60 < seconds, name


def test_prod_is_rolled_back_for_what_the_deployment_broke_if_there_is_something_to_return_to() -> None:
    """An old drift or alarm must not undo a good deployment."""
    steps = WORKFLOWS["delivery"]["jobs"]["prod"]["steps"]
    before = next(step for step in steps if step.get("id") == "before")
    assert (before["run"], before["continue-on-error"]) == ("make verify", True)
    sign_in, roll_back = steps[-2:]
    assert roll_back["if"] == f"failure() && steps.{sign_in['id']}.outcome == 'success'"
    assert sign_in["if"] == (
        "failure() && steps.last-good.outputs.revision != '' && (steps.deploy.outcome == 'failure' || "
        "steps.deploy.outcome == 'success' && steps.before.outcome == 'success')"
    )


def test_the_steps_of_prod_fit_into_their_session() -> None:
    steps = WORKFLOWS["delivery"]["jobs"]["prod"]["steps"]
    session = next(
        step["with"]["role-duration-seconds"] for step in steps if "with" in step and "role-to-assume" in step["with"]
    )
    minutes = [step["timeout-minutes"] for step in steps[:-1] if "timeout-minutes" in step]
    assert sum(minutes) <= session // 60
