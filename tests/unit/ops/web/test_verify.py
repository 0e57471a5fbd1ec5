"""Internal pages can't be asked from here; public ones must answer; and so must the instances."""

from __future__ import annotations

from dataclasses import replace

import pytest

from config.environments import DEV, ENVIRONMENTS
from ops.common.check import SkippedError
from ops.web import verify
from tests.support.ops.stubs import Stubs
from tests.support.web.deployed import GROUP
from tests.support.web.variants import PUBLIC_EXPOSURE

OUTPUTS = {"Url": "http://127.0.0.1:9/", "TargetGroupArn": GROUP}


@pytest.fixture
def web(aws: Stubs) -> Stubs:
    aws.stack_has(f"{DEV.project}-dev-web", OUTPUTS)
    return aws


def has_targets(aws: Stubs, *states: str) -> None:
    found = [{"Target": {"Id": f"i-{state}"}, "TargetHealth": {"State": state}} for state in states]
    aws.expect("elbv2", "describe_target_health", {"TargetHealthDescriptions": found}, {"TargetGroupArn": GROUP})


def test_instances_that_start_or_end_are_no_problem(web: Stubs) -> None:
    has_targets(web, "healthy", "initial", "draining")
    assert list(verify.instances_are_healthy(web.environment())) == []


def test_an_unhealthy_instance_is_a_problem(web: Stubs) -> None:
    has_targets(web, "healthy", "unhealthy")
    (problem,) = verify.instances_are_healthy(web.environment())
    assert problem.startswith("the instance i-unhealthy is unhealthy")


def test_internal_pages_are_not_asked(web: Stubs) -> None:
    with pytest.raises(SkippedError, match="make tunnel ENV=dev"):
        list(verify.pages_answer(web.environment()))


def test_public_pages_that_do_not_answer_are_a_problem(web: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    assert DEV.web is not None
    monkeypatch.setitem(ENVIRONMENTS, "dev", replace(DEV, web=replace(DEV.web, exposure=PUBLIC_EXPOSURE)))
    (problem,) = verify.pages_answer(web.environment())
    assert problem.startswith("http://127.0.0.1:9/ does not answer")


def test_an_environment_without_pages_skips_both_checks(aws: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENTS, "dev", replace(DEV, web=None))
    for check in verify.CHECKS:
        with pytest.raises(SkippedError, match="dev has no web pages"):
            list(check.problems(aws.environment()))
