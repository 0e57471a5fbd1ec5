"""`make cost` takes prices of the right region and the environment's own load, and its errors say how to fix them."""

import tomllib
from collections.abc import Mapping
from typing import Any

import pytest

from checks.changes import synthesis
from config.environments import ENVIRONMENTS
from scripts import cost

STACKS: Mapping[str, Any] = {"sketch-data": {"Resources": {"Nat": {"Type": "AWS::EC2::NatGateway"}}}}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, str]]:
    """The context of each synthesis. Only `dev` and `prod` have templates."""
    found: list[Mapping[str, str]] = []

    def synthesized(_: object, context: Mapping[str, str], **__: object) -> Mapping[str, Any]:
        found.append(context)
        return STACKS if context["env"] in ("dev", "prod") else {}

    monkeypatch.setattr(synthesis, "synthesized", synthesized)
    return found


def test_the_region_reaches_the_synthesis_and_the_prices(
    asked: list[Mapping[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cost.main(["--env", "dev", "--region", "eu-central-1", "--load", "nat_gb=0"]) == 0
    assert asked == [{"env": "dev", "region": "eu-central-1"}]
    text = capsys.readouterr().out
    assert text.startswith("dev\nPrices of eu-central-1,")
    assert "37.96        37.96" in text


@pytest.mark.usefixtures("asked")
def test_an_environment_that_leaves_the_region_open_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert cost.main(["--env", "dev", "--region", "", "--load", ""]) == 0  # as make passes unset variables
    assert "Prices of us-east-1," in (text := capsys.readouterr().out)
    assert "left open" in text


@pytest.mark.usefixtures("asked")
def test_each_environment_has_its_own_load_which_an_argument_changes(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, shown in (
        (["--env", "dev"], "nat_gb 10,"),
        (["--env", "prod"], "nat_gb 100,"),
        (["--env", "prod", "--load", "nat_gb=7 users=3"], "nat_gb 7,"),
    ):
        assert cost.main(arguments) == 0
        assert shown in " ".join(capsys.readouterr().out.split())


def test_loads_belong_to_environments() -> None:
    assert set(tomllib.loads(cost.LOADS.read_text())) <= {"default", *ENVIRONMENTS}


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--env", "dev", "--load", "people=3"], "cost: there is no 'people': the assumptions are "),
        (["--env", "dev", "--load", "users"], "cost: users must be a number of 0 or more, got ''"),
        (["--env", "nowhere"], "cost: there is no environment 'nowhere': ENV is one of local, dev, staging, prod"),
    ],
)
def test_an_error_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cost.main(arguments) == 1
    assert capsys.readouterr().err.startswith(message)
