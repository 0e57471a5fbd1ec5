"""`make plan` names what it compares, and its errors say how to fix them."""

from collections.abc import Mapping
from typing import Any

import pytest

from checks.changes import released, synthesis
from scripts import plan

ONE: Mapping[str, Any] = {"sketch-data": {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}}
NONE: Mapping[str, Any] = {}


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> dict[str, Mapping[str, Any]]:
    """The templates of both sides."""
    found = {"old": ONE, "new": ONE}
    monkeypatch.setattr(synthesis, "at_revision", lambda *_, **__: found["old"])
    monkeypatch.setattr(synthesis, "synthesized", lambda *_, **__: found["new"])
    monkeypatch.setattr(synthesis, "fork_point", lambda _: ("abcdef", "main"))
    monkeypatch.setattr(synthesis, "described", lambda revision, _, *, name="": f"{name or revision} at abc (subject)")
    monkeypatch.setattr(released, "read", lambda *_, **__: found["old"])
    return found


Sides = dict[str, Mapping[str, Any]]


def _output(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert plan.main(["--env", "dev", *arguments]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


@pytest.mark.usefixtures("sides")
def test_it_names_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    assert _output(capsys) == "dev, from main at abc (subject) to the working tree\nNothing changes.\n"
    assert _output(capsys, "--against", "v1").startswith("dev, from v1 at abc (subject) to")
    assert _output(capsys, "--against", "released").startswith("dev, from the last release to")


def test_an_environment_may_be_new_removed_or_unknown(sides: Sides, capsys: pytest.CaptureFixture[str]) -> None:
    sides["old"] = NONE
    assert "The environment is new. Its stacks: sketch-data." in _output(capsys)
    sides["new"] = NONE
    assert _output(capsys, code=1) == (
        "plan: neither main at abc (subject) nor the working tree has an environment 'dev': "
        "ENV is one of local, dev, staging, prod\n"
    )
    sides["old"] = ONE
    assert "The environment is removed. Its deployed stacks stay deployed: sketch-data." in _output(capsys)


def test_a_release_of_a_variant_that_only_tests_have_is_compared_with_nothing(
    sides: Sides, capsys: pytest.CaptureFixture[str]
) -> None:
    sides["new"] = NONE
    assert _output(capsys, "--against", "released", code=1) == (
        "plan: the working tree has no environment 'dev': it was removed, or only tests synthesize it. "
        "ENV is one of local, dev, staging, prod\n"
    )


def test_a_report_with_changes_ends_with_the_change_of_the_cost(
    sides: Sides, capsys: pytest.CaptureFixture[str]
) -> None:
    sides["new"] = {"sketch-data": {"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}}
    found = " ".join(_output(capsys, "--region", "eu-central-1").split())
    assert "Cost of a month without load: 0.00 -> 1.00 USD (+1.00). Prices of eu-central-1, " in found
    assert "Prices of us-east-1, " in " ".join(_output(capsys).split())


def test_the_last_release_is_compared_without_its_code(sides: Sides, capsys: pytest.CaptureFixture[str]) -> None:
    for side, code in (("old", "a"), ("new", "b")):
        function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": code * 64}}}
        sides[side] = {"sketch-data": {"Resources": {"Function": function}}}
    assert "Nothing changes." in _output(capsys, "--against", "released")
    assert "Code.S3Key: aaaaaaaa -> bbbbbbbb" in _output(capsys)


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
    found = _output(capsys, "--account", "111122223333", "--region", "eu-central-1")
    assert found.startswith("dev, account 111122223333, region eu-central-1, from main")
    _output(capsys, "--account", "", "--region", "")  # as make passes unset variables
    assert asked[:2] == [{"env": "dev", "account": "111122223333", "region": "eu-central-1"}] * 2
    assert asked[2:] == [{"env": "dev"}] * 2


@pytest.mark.usefixtures("sides")
def test_the_last_release_is_not_compared_for_an_account_or_region(capsys: pytest.CaptureFixture[str]) -> None:
    found = _output(capsys, "--against", "released", "--region", "eu-central-1", code=1)
    assert found == (
        "plan: released templates have no account and region, so they can't be compared for region eu-central-1: "
        "leave out ACCOUNT and REGION, or pass a git revision, AGAINST=...\n"
    )


def test_an_environment_that_was_never_released_is_refused_with_the_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.main(["--env", "nowhere", "--against", "released"]) == 1
    assert "for 'nowhere'" in (found := capsys.readouterr().err)
    assert found.endswith("; `make mark-released` keeps them for every environment but local\n")
