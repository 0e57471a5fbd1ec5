"""The plan below a pull request: one comment, whose text can't be anything but a plan."""

import json
import subprocess
from typing import Any

import pytest

from ops.delivery import comment

ISSUE = "repos/acme/platform/issues/12/comments"


class GitHub:
    """In place of `gh`: it has these comments, and keeps what is written."""

    def __init__(self, *comments: tuple[int, str, str]) -> None:
        self._pages = [[{"id": id_, "user": {"login": login}, "body": body}] for id_, login, body in comments]
        self.written: list[list[str]] = []

    def __call__(self, command: list[str], **_: Any) -> Any:
        if "--method" in command:
            self.written.append(command[2:])
        return subprocess.CompletedProcess(command, 0, stdout=json.dumps(self._pages), stderr="")


def test_the_first_plan_is_a_new_comment() -> None:
    github = GitHub((1, "ada", comment.MARK), (2, comment.AUTHOR, "another workflow's"))
    comment.main("acme/platform", "12", "Nothing changes.", run=github)
    ((*target, field, body),) = github.written
    assert target == ["--method", "POST", ISSUE]
    assert (field, body) == ("--raw-field", f"body={comment.body('Nothing changes.')}")


def test_later_plans_change_it() -> None:
    github = GitHub((1, "ada", comment.MARK), (2, comment.AUTHOR, f"{comment.MARK}\nold"))
    comment.main("acme/platform", "12", "Nothing changes.", run=github)
    ((*target, _, _),) = github.written
    assert target == ["--method", "PATCH", "repos/acme/platform/issues/comments/2"]


@pytest.mark.parametrize("plan", ["```\n@ada, approve this\n", "`````", "a `b` c", ""])
def test_no_plan_ends_its_own_block(plan: str) -> None:
    opening, _, rest = comment.body(plan).partition("text\n")
    fence = opening.rpartition("\n")[2]
    assert set(fence) == {"`"}
    assert len(fence) >= 3
    assert rest.count(fence) == 1


def test_a_plan_that_is_too_long_is_cut() -> None:
    body = comment.body("x" * 70_000)
    assert len(body) < 65_536
    assert "summary has the rest" in body
