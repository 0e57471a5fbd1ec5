"""Each check is one line with its result, and the exit code says whether there is a problem."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ops.common.check import Check, SkippedError
from ops.common.environment import DeployedEnvironment
from ops.common.errors import CommandError
from ops.environment import check_runner
from tests.support.ops.stubs import Stubs


def fails(*problems: str, error: Exception | None = None) -> Check:
    """A check that yields these problems, then raises the error."""

    def check(environment: DeployedEnvironment) -> Iterator[str]:
        yield from problems
        if error is not None:
            raise error

    return Check(name="all is well", problems=check)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DetectStackDrift")


def test_without_problems_the_exit_code_is_zero(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_runner.run(aws.environment(), [fails(), fails()], refusals_fail=True) == 0
    shown = capsys.readouterr().out
    assert "ok: all is well" in shown
    assert "Checks: 2 ok, 0 failed, 0 not checked." in shown


def test_every_problem_is_a_line_and_the_exit_code_one(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_runner.run(aws.environment(), [fails("this", "that"), fails()], refusals_fail=True) == 1
    shown = capsys.readouterr().out
    assert "FAILED: all is well\n  - this\n  - that\n" in shown
    assert "Checks: 1 ok, 1 failed, 0 not checked." in shown


def test_a_skipped_check_is_counted_and_no_failure(aws: Stubs, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_runner.run(aws.environment(), [fails(error=SkippedError("not here"))], refusals_fail=True) == 0
    shown = capsys.readouterr().out
    assert "not checked: all is well: not here" in shown
    assert "Checks: 0 ok, 0 failed, 1 not checked." in shown


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (CommandError("the stack is missing"), "the stack is missing"),
        (refused("AccessDenied"), "AWS refused"),
        (refused("InvalidAction"), "AWS refused"),
        (EndpointConnectionError(endpoint_url="https://x"), "Could not connect"),
    ],
)
def test_an_error_is_a_problem_of_its_check(aws: Stubs, error: Exception, problem: str) -> None:
    (found,) = check_runner.problems_of(fails(error=error), aws.environment(), refusals_fail=True)
    assert problem in found


def test_an_api_that_the_local_cloud_lacks_skips_the_check(aws: Stubs) -> None:
    with pytest.raises(SkippedError, match="the local cloud has no DetectStackDrift"):
        check_runner.problems_of(
            fails(error=refused("InvalidAction")), aws.environment(is_local=True), refusals_fail=True
        )


@pytest.mark.parametrize(
    ("command", "some"),
    [
        ("verify", {"no alarm is in ALARM", "a file that lands becomes rows (canary)", "the database is available"}),
        ("doctor", {"fixed names are free", "the quota of Elastic IPs suffices", "alerts reach people"}),
    ],
)
def test_the_checks_of_every_capability_are_found(command: str, some: set[str]) -> None:
    names = [check.name for check in check_runner.discovered(command)]
    assert len(names) == len(set(names))
    assert some <= set(names)


def test_an_error_does_not_hide_the_problems_found_before_it(aws: Stubs) -> None:
    found = check_runner.problems_of(fails("this", error=CommandError("broken")), aws.environment(), refusals_fail=True)
    assert found == ["this", "broken"]


@pytest.mark.parametrize(
    "error",
    [refused("AccessDenied"), refused("UnauthorizedOperation"), EndpointConnectionError(endpoint_url="https://x")],
)
def test_before_a_deployment_a_refused_or_unanswered_call_is_not_checked(aws: Stubs, error: Exception) -> None:
    with pytest.raises(SkippedError):
        check_runner.problems_of(fails(error=error), aws.environment(), refusals_fail=False)
    found = check_runner.problems_of(fails("this", error=error), aws.environment(), refusals_fail=False)
    assert found[0] == "this"
    assert found[1].startswith("the rest of this is not checked: ")


def test_before_a_deployment_another_error_of_aws_is_a_problem(aws: Stubs) -> None:
    (found,) = check_runner.problems_of(fails(error=refused("ExpiredToken")), aws.environment(), refusals_fail=False)
    assert "AWS refused" in found
