"""The command behind `make diff`: what it compares with what, and errors that say how to mend them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.changes import __main__ as command
from tools.changes import released, synthesis
from tools.changes.errors import ChangesError

ONE: Mapping[str, Any] = {"shop-dev-data": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}}
NONE: Mapping[str, Any] = {}


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, check=True)


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
    monkeypatch.setattr(synthesis, "fork_point", lambda: "abc")
    monkeypatch.setattr(synthesis, "described", lambda revision: f"{revision} (subject)")
    monkeypatch.setattr(released, "read", lambda _: found["then"])
    return found


Sides = dict[str, Mapping[str, Any]]


def _said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert command.main(["--env", "dev", *arguments]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


@pytest.mark.usefixtures("sides")
def test_it_names_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(capsys) == "dev, from abc (subject) to the working tree\nNothing changes.\n"
    assert _said(capsys, "--against", "v1").startswith("dev, from v1 (subject) to")
    assert _said(capsys, "--against", "released").startswith("dev, from what was last released to")


def test_an_environment_may_be_new_gone_or_unknown(sides: Sides, capsys: pytest.CaptureFixture[str]) -> None:
    sides["then"] = NONE
    assert "The environment is new. Its stacks: shop-dev-data." in _said(capsys)
    sides["now"] = NONE
    assert _said(capsys, code=1) == "diff: neither abc (subject) nor the working tree has an environment 'dev'\n"
    sides["then"] = ONE
    assert "The environment is gone. What is deployed of it stays deployed: shop-dev-data." in _said(capsys)


def test_what_was_released_is_compared_without_its_code(sides: Sides, capsys: pytest.CaptureFixture[str]) -> None:
    for side, code in (("then", "a"), ("now", "b")):
        function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": code * 64}}}
        sides[side] = {"shop-dev-data": {"Resources": {"Function": function}}}
    assert "Nothing changes." in _said(capsys, "--against", "released")
    assert "Code.S3Key: aaaaaaaa -> bbbbbbbb" in _said(capsys)


def test_the_default_is_where_the_branch_left_main(repository: Path) -> None:
    assert synthesis.described(synthesis.fork_point(root=repository), root=repository).endswith("(second)")
    _git(repository, "branch", "-D", "main")
    assert synthesis.fork_point(root=repository) == "HEAD"


def test_an_unknown_revision_is_one_line_that_says_what_is_allowed(repository: Path) -> None:
    for ask in (
        lambda: synthesis.described("nowhere", root=repository),
        lambda: synthesis.at_revision("nowhere", "dev", root=repository),
    ):
        with pytest.raises(ChangesError, match="git knows no revision 'nowhere': AGAINST= takes") as raised:
            ask()
        assert "\n" not in str(raised.value)


def test_a_revision_without_an_app_is_refused(repository: Path) -> None:
    with pytest.raises(ChangesError, match=r"revision main has no cdk\.json"):
        synthesis.at_revision("main", "dev", root=repository)


def test_an_app_that_fails_is_told_by_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text('{"context": {}}')
    (tmp_path / "app.py").write_text("raise RuntimeError('the reason')")
    with pytest.raises(
        ChangesError, match=r"it doesn't synthesize with this \.venv: RuntimeError: the reason \(if its"
    ):
        synthesis.synthesized(tmp_path, "dev", whose="it")


def test_the_app_gets_its_context_and_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    (tmp_path / "cdk.json").write_text('{"context": {"own": 1}}')
    (tmp_path / "app.py").write_text(
        "import json, os, pathlib\n"
        "context = json.loads(os.environ['CDK_CONTEXT_JSON'])\n"
        "folder = pathlib.Path(os.environ['CDK_OUTDIR'])\n"
        "assert context['own'] == 1 and context['env'] == 'dev' and context['aws:cdk:bundling-stacks'] == []\n"
        "assert not [name for name in os.environ if name.startswith('AWS_')]\n"
        "(folder / 't.json').write_text('{}')\n"
        "stack = {'type': 'aws:cloudformation:stack', 'properties': {'stackName': 's', 'templateFile': 't.json'}}\n"
        "(folder / 'manifest.json').write_text(json.dumps({'artifacts': {'a': stack, 'b': {'type': 'other'}}}))\n"
        "raise SystemExit('findings of a rule pack')\n"
    )
    assert synthesis.synthesized(tmp_path, "dev", whose="it") == {"s": {"TerminationProtection": False}}
