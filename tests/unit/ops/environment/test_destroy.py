"""Nothing is deleted without the environment's name, nor while a deployment runs."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from ops.common.errors import CommandError
from ops.environment import destroy
from tests.support.ops.environment import PROJECT, stacks_are_deployed, tags
from tests.support.ops.stubs import Stubs

DATA: dict[str, Any] = {"Resources": {"Role": {"Type": "AWS::EC2::VPC", "Properties": {"Tags": tags("dev")}}}}


@pytest.mark.parametrize(
    ("confirm", "said"),
    [
        ("dev", f"the environment's name is {PROJECT}-dev, got 'dev'"),
        ("y", f"the environment's name is {PROJECT}-dev, got 'y'"),
        ("", f"CONFIRM={PROJECT}-dev confirms it"),
    ],
)
def test_nothing_is_deleted_without_the_whole_name(
    aws: Stubs, confirm: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PROJECT}-dev\n"))  # no terminal
    stacks_are_deployed(aws, {"dev-data": DATA})
    assert destroy.run(aws.environment(), confirm=confirm, poll_seconds=0) == 1
    assert said in capsys.readouterr().out


def test_nothing_is_deleted_while_a_deployment_runs(aws: Stubs) -> None:
    stacks_are_deployed(aws, {"dev-data": DATA}, status="UPDATE_IN_PROGRESS")
    with pytest.raises(CommandError, match=f"{PROJECT}-dev-data is UPDATE_IN_PROGRESS: wait until its deployment"):
        destroy.run(aws.environment(), confirm=f"{PROJECT}-dev", poll_seconds=0)
