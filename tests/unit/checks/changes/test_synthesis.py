"""An app is synthesized as it is in a folder or at a git revision, and errors say how to fix them."""

import subprocess
from pathlib import Path

import pytest

from checks.changes import synthesis
from checks.changes.comparable import ChangesError

DEV = {"env": "dev"}
CDK_JSON = '{"app": "python3 app.py", "context": {"own": 1}}'


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    process = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return process.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits on main, and one more on a branch."""
    _git(tmp_path, "init", "--initial-branch", "main")
    (tmp_path / "README.md").write_text("no app")
    _git(tmp_path, "add", "--all")
    for message in ("first", "second"):
        _git(tmp_path, "commit", "--allow-empty", "--message", message)
    _git(tmp_path, "checkout", "-b", "work")
    _git(tmp_path, "commit", "--allow-empty", "--message", "third")
    return tmp_path


def _fork(repository: Path) -> str:
    commit, name = synthesis.fork_point(repository)
    return synthesis.described(commit, repository, name=name)


def test_the_fork_point_is_the_commit_at_which_the_branch_left_main(repository: Path) -> None:
    second = _git(repository, "rev-parse", "--short", "main")
    assert _fork(repository) == f"main at {second} (second)"
    _git(repository, "checkout", "main")
    assert _fork(repository) == f"main at {second} (second)"  # on main the working tree is compared with HEAD
    _git(repository, "commit", "--allow-empty", "--message", "by others")
    _git(repository, "checkout", "work")
    assert _fork(repository) == f"the fork point with main at {second} (second)"


def test_origin_main_is_used_if_there_is_no_local_main(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = tmp_path_factory.mktemp("clone")
    _git(clone, "clone", "--branch", "work", str(repository), ".")
    assert _fork(clone) == f"origin/main at {_git(repository, 'rev-parse', '--short', 'main')} (second)"


def test_without_any_main_the_user_must_name_a_revision(repository: Path) -> None:
    _git(repository, "branch", "-D", "main")
    with pytest.raises(ChangesError, match=r"shares with main or origin/main.*such as HEAD~1") as raised:
        synthesis.fork_point(repository)
    assert "\n" not in str(raised.value)


def test_a_revision_is_described_by_name_and_short_hash(repository: Path) -> None:
    short, whole = (_git(repository, "rev-parse", *one, "HEAD~1") for one in (["--short"], []))
    assert synthesis.described("HEAD~1", repository) == f"HEAD~1 at {short} (second)"
    assert synthesis.described(whole, repository) == f"{short} (second)"
    assert synthesis.described(whole[:5], repository) == f"{short} (second)"


def test_an_unknown_revision_is_refused_in_one_line_that_says_what_is_allowed(repository: Path) -> None:
    for ask in (
        lambda: synthesis.described("nowhere", repository),
        lambda: synthesis.at_revision("nowhere", DEV, root=repository),
    ):
        with pytest.raises(ChangesError, match="git knows no revision 'nowhere': name a commit") as raised:
            ask()
        assert "\n" not in str(raised.value)


def test_a_revision_without_an_app_is_refused(repository: Path) -> None:
    with pytest.raises(ChangesError, match=r"revision main has no cdk\.json that names an app"):
        synthesis.at_revision("main", DEV, root=repository)


def test_an_app_that_fails_is_reported_with_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text(CDK_JSON)
    (tmp_path / "app.py").write_text("raise RuntimeError('the reason')")
    with pytest.raises(
        ChangesError, match=r"it doesn't synthesize with this \.venv: RuntimeError: the reason \(if its"
    ):
        synthesis.synthesized(tmp_path, DEV, name="it")


def test_an_error_of_the_app_itself_is_not_attributed_to_requirements(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text(CDK_JSON)
    (tmp_path / "app.py").write_text("raise SystemExit('Configuration: region must be one')")
    with pytest.raises(ChangesError, match=r"it doesn't synthesize: Configuration: region must be one$"):
        synthesis.synthesized(tmp_path, DEV, name="it")


def test_the_app_gets_its_context_and_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "cdk.json").write_text(CDK_JSON)
    (tmp_path / "app.py").write_text(
        "import json, os, pathlib\n"
        "context = json.loads(os.environ['CDK_CONTEXT_JSON'])\n"
        "folder = pathlib.Path(os.environ['CDK_OUTDIR'])\n"
        "assert context['own'] == 1 and context['env'] == 'dev' and context['region'] == 'here'\n"
        "assert context['aws:cdk:bundling-stacks'] == []\n"
        "assert not [name for name in os.environ if name.startswith('AWS_')]\n"
        "(folder / 't.json').write_text('{}')\n"
        "stack = {'type': 'aws:cloudformation:stack', 'properties': {'stackName': 's', 'templateFile': 't.json'}}\n"
        "(folder / 'manifest.json').write_text(json.dumps({'artifacts': {'a': stack, 'b': {'type': 'other'}}}))\n"
        "raise SystemExit('findings of a rule pack')\n"
    )
    assert synthesis.synthesized(tmp_path, {"env": "dev", "region": "here"}, name="it") == {
        "s": {"TerminationProtection": False}
    }


def test_an_app_without_the_requested_environment_has_no_templates(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text(CDK_JSON)
    (tmp_path / "app.py").write_text("raise SystemExit('env must be one of a, b')")
    assert synthesis.synthesized(tmp_path, DEV, name="it", absent="env must be one of") == {}
