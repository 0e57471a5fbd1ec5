"""The command behind `make diff`: what it compares with what, and errors that say how to mend them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from checks.changes import __main__ as command
from checks.changes import released, synthesis
from checks.changes.errors import ChangesError

ONE: Mapping[str, Any] = {"shop-dev-data": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}}
NONE: Mapping[str, Any] = {}
DEV = {"env": "dev"}


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


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapping[str, Any]]:
    """What each side synthesizes to."""
    found = {"then": ONE, "now": ONE}
    monkeypatch.setattr(synthesis, "at_revision", lambda *_: found["then"])
    monkeypatch.setattr(synthesis, "synthesized", lambda *_, **__: found["now"])
    monkeypatch.setattr(synthesis, "fork_point", lambda: ("abcdef", "main"))
    monkeypatch.setattr(synthesis, "described", lambda revision, *, name="": f"{name or revision} at abc (subject)")
    monkeypatch.setattr(released, "read", lambda _: found["then"])
    return found


Sides = dict[str, Mapping[str, Any]]


def _said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert command.main(["--env", "dev", *arguments]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


@pytest.mark.usefixtures("sides")
def test_it_names_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(capsys) == "dev, from main at abc (subject) to the working tree\nNothing changes.\n"
    assert _said(capsys, "--against", "v1").startswith("dev, from v1 at abc (subject) to")
    assert _said(capsys, "--against", "released").startswith("dev, from what was last released to")


def test_an_environment_may_be_new_gone_or_unknown(sides: Sides, capsys: pytest.CaptureFixture[str]) -> None:
    sides["then"] = NONE
    assert "The environment is new. Its stacks: shop-dev-data." in _said(capsys)
    sides["now"] = NONE
    assert _said(capsys, code=1) == (
        "diff: neither main at abc (subject) nor the working tree has an environment 'dev': "
        "ENV is one of local, dev, staging, prod\n"
    )
    sides["then"] = ONE
    assert "The environment is gone. What is deployed of it stays deployed: shop-dev-data." in _said(capsys)


def test_what_was_released_is_compared_without_its_code(sides: Sides, capsys: pytest.CaptureFixture[str]) -> None:
    for side, code in (("then", "a"), ("now", "b")):
        function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": code * 64}}}
        sides[side] = {"shop-dev-data": {"Resources": {"Function": function}}}
    assert "Nothing changes." in _said(capsys, "--against", "released")
    assert "Code.S3Key: aaaaaaaa -> bbbbbbbb" in _said(capsys)


@pytest.mark.usefixtures("sides")
def test_account_and_region_reach_both_sides_and_the_title(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Mapping[str, str]] = []

    def side(_: object, context: Mapping[str, str], **__: object) -> Mapping[str, Any]:
        asked.append(context)
        return ONE

    monkeypatch.setattr(synthesis, "at_revision", side)
    monkeypatch.setattr(synthesis, "synthesized", side)
    said = _said(capsys, "--account", "111122223333", "--region", "eu-central-1")
    assert said.startswith("dev, account 111122223333, region eu-central-1, from main")
    _said(capsys, "--account", "", "--region", "")  # as make passes what nobody gave
    assert asked[:2] == [{"env": "dev", "account": "111122223333", "region": "eu-central-1"}] * 2
    assert asked[2:] == [{"env": "dev"}] * 2


@pytest.mark.usefixtures("sides")
def test_what_was_released_has_neither_account_nor_region(capsys: pytest.CaptureFixture[str]) -> None:
    said = _said(capsys, "--against", "released", "--region", "eu-central-1", code=1)
    assert said == (
        "diff: what was last released is kept for no account or region, and can't be compared for region "
        "eu-central-1: leave that out, or name a revision, AGAINST=...\n"
    )


def _fork(repository: Path) -> str:
    commit, name = synthesis.fork_point(root=repository)
    return synthesis.described(commit, name=name, root=repository)


def test_the_default_is_where_the_branch_left_main(repository: Path) -> None:
    second = _git(repository, "rev-parse", "--short", "main")
    assert _fork(repository) == f"main at {second} (second)"
    _git(repository, "checkout", "main")
    assert _fork(repository) == f"main at {second} (second)"  # on main the working tree is compared with HEAD
    _git(repository, "commit", "--allow-empty", "--message", "by others")
    _git(repository, "checkout", "work")
    assert _fork(repository) == f"the fork point with main at {second} (second)"


def test_where_main_is_only_at_the_origin_that_counts(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    clone = tmp_path_factory.mktemp("clone")
    _git(clone, "clone", "--branch", "work", str(repository), ".")
    assert _fork(clone) == f"origin/main at {_git(repository, 'rev-parse', '--short', 'main')} (second)"


def test_without_any_main_it_asks_what_to_compare_with_instead_of_finding_no_change(repository: Path) -> None:
    _git(repository, "branch", "-D", "main")
    with pytest.raises(ChangesError, match=r"shares with main or origin/main.*AGAINST=HEAD~1") as raised:
        synthesis.fork_point(root=repository)
    assert "\n" not in str(raised.value)


def test_a_revision_is_told_by_name_and_short_hash(repository: Path) -> None:
    short, whole = (_git(repository, "rev-parse", *one, "HEAD~1") for one in (["--short"], []))
    assert synthesis.described("HEAD~1", root=repository) == f"HEAD~1 at {short} (second)"
    assert synthesis.described(whole, root=repository) == f"{short} (second)"
    assert synthesis.described(whole[:5], root=repository) == f"{short} (second)"


def test_an_unknown_revision_is_one_line_that_says_what_is_allowed(repository: Path) -> None:
    for ask in (
        lambda: synthesis.described("nowhere", root=repository),
        lambda: synthesis.at_revision("nowhere", DEV, root=repository),
    ):
        with pytest.raises(ChangesError, match="git knows no revision 'nowhere': AGAINST= takes") as raised:
            ask()
        assert "\n" not in str(raised.value)


def test_a_revision_without_an_app_is_refused(repository: Path) -> None:
    with pytest.raises(ChangesError, match=r"revision main has no cdk\.json"):
        synthesis.at_revision("main", DEV, root=repository)


def test_an_app_that_fails_is_told_by_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {}}')
    (tmp_path / "app.py").write_text("raise RuntimeError('the reason')")
    with pytest.raises(
        ChangesError, match=r"it doesn't synthesize with this \.venv: RuntimeError: the reason \(if its"
    ):
        synthesis.synthesized(tmp_path, DEV, whose="it")


def test_a_configuration_that_is_refused_is_not_put_down_to_requirements(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {}}')
    (tmp_path / "app.py").write_text("raise SystemExit('Configuration: region must be one')")
    with pytest.raises(ChangesError, match=r"it doesn't synthesize: Configuration: region must be one$"):
        synthesis.synthesized(tmp_path, DEV, whose="it")


def test_the_app_gets_its_context_and_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "cdk.json").write_text('{"context": {"own": 1}}')
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
    assert synthesis.synthesized(tmp_path, {"env": "dev", "region": "here"}, whose="it") == {
        "s": {"TerminationProtection": False}
    }
