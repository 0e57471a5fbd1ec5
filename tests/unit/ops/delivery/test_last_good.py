"""The last good revision is that of GitHub's last successful deployment."""

import json
import subprocess
from typing import Any

import pytest

from ops.delivery import last_good


def _answer(*nodes: tuple[str, str]) -> Any:
    deployments = {"nodes": [{"commitOid": commit, "state": state} for commit, state in nodes]}
    output = json.dumps({"data": {"repository": {"deployments": deployments}}})
    return lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=output, stderr="")


@pytest.mark.parametrize(
    ("nodes", "commit"),
    [
        ([("new", "IN_PROGRESS"), ("bad", "FAILURE"), ("good", "ACTIVE"), ("older", "INACTIVE")], "good"),
        ([("new", "WAITING"), ("again", "ACTIVE"), ("good", "ACTIVE")], "again"),
        ([("new", "IN_PROGRESS"), ("bad", "ERROR")], ""),
        ([], ""),
    ],
)
def test_it_is_the_newest_that_succeeded(nodes: list[tuple[str, str]], commit: str) -> None:
    assert last_good.main("acme/platform", "prod", run=_answer(*nodes)) == commit


def test_it_asks_for_one_environment_of_the_repository() -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        asked.append(command)
        return _answer()()

    last_good.main("acme/platform", "prod", run=run)
    (command,) = asked
    assert command[:3] == ["gh", "api", "graphql"]
    assert {"owner=acme", "name=platform", "environment=prod"} <= set(command)
