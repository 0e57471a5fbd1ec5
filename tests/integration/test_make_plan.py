"""`make plan` end to end, in a copy of this repository: it reports the effects of edits to components."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LEFT_OUT = (".git", ".venv", ".local", "node_modules", "cdk.out", "__pycache__", ".*_cache", ".hypothesis")


def _git(folder: Path, *arguments: str) -> str:
    identity = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.com"}
    identity |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in identity.items()}
    environment = os.environ | identity | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    process = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return process.stdout.strip()


@pytest.fixture(scope="module")
def commit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository as it is here, committed on main."""
    folder = tmp_path_factory.mktemp("changes") / "repository"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    _git(folder, "init", "--quiet", "--initial-branch", "main")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "as it is")
    return folder


@pytest.fixture
def repository(commit: Path) -> Path:
    """The copy on a branch of its own, without what other tests did to it."""
    _git(commit, "checkout", "--quiet", "--force", "-B", "work", "main")
    _git(commit, "clean", "--quiet", "--force", "-d", "--", "components", "config", "stacks")
    return commit


def _edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text, f"{file} no longer says {old!r}: this test edits it"
    (folder / file).write_text(text.replace(old, new, 1))


def _plan(folder: Path, *arguments: str, expected: int = 0) -> str:
    # No credentials, no region and no way to AWS are in this environment.
    environment = {name: os.environ[name] for name in ("PATH", "HOME")}
    process = subprocess.run(
        [sys.executable, "-m", "scripts.plan", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == expected, process.stderr
    return process.stderr if expected else process.stdout


def test_a_report_without_changes_is_one_line(repository: Path) -> None:
    title, output = _plan(repository, "--env", "dev").splitlines()
    assert (
        title == f"dev, from main at {_git(repository, 'rev-parse', '--short', 'main')} (as it is) to the working tree"
    )
    assert output == "Nothing changes."


def test_the_effects_of_edits_are_reported_although_a_rule_pack_refuses_them(repository: Path) -> None:
    _edit(repository, "components/ingestion/landing_bucket.py", '"Bucket",', '"Store",')
    _edit(
        repository, "components/database/postgres_instance.py", "publicly_accessible=False", "publicly_accessible=True"
    )
    _edit(
        repository,
        "components/ingestion/object_events.py",
        'actions=["sqs:SendMessage"]',
        'actions=["sqs:*"]',
    )
    _git(
        repository, "commit", "--quiet", "--all", "--message", "a change"
    )  # committed changes count too, compared with main
    output = _plan(repository, "--env", "dev")
    assert "logical id: LandingBucket" in output
    assert "Dev/Data/LandingBucket/Bucket" in output
    assert re.search(r"read by [^=]*\bpipeline/", output)  # on several lines
    assert "PubliclyAccessible = true" in output
    assert "+ action sqs:*" in output
    assert max(len(line) for line in output.splitlines()[1:]) <= 110


def test_an_app_that_does_not_synthesize_is_reported_in_one_line(repository: Path) -> None:
    _edit(repository, "stacks/platform.py", "from constructs import Construct", "from nowhere import Construct")
    output = _plan(repository, "--env", "dev", expected=1)
    assert output.count("\n") == 1
    assert output.startswith("plan: the working tree doesn't synthesize with this .venv: ModuleNotFoundError")
