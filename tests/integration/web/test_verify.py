"""The checks of `make verify` that ask for the web pages."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from local_cloud.cloud import LocalCloud
from ops.web.verify import instances_are_healthy, pages_answer
from tests.support.ops.local import deployed_environment


def test_without_instances_nothing_is_healthy(local_cloud: LocalCloud) -> None:
    environment = deployed_environment(local_cloud)
    session: Any = environment.session
    load_balancing, group = session.client("elbv2"), environment.outputs("web")["TargetGroupArn"]
    assert list(instances_are_healthy(environment)) == []
    registered = load_balancing.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    targets = [{"Id": each["Target"]["Id"], "Port": each["Target"]["Port"]} for each in registered]
    with ExitStack() as undo:
        undo.callback(load_balancing.register_targets, TargetGroupArn=group, Targets=targets)
        load_balancing.deregister_targets(TargetGroupArn=group, Targets=targets)
        (problem,) = instances_are_healthy(environment)
    assert "no instance is registered" in problem


def test_pages_that_do_not_answer_are_a_problem(local_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = deployed_environment(local_cloud)
    monkeypatch.setenv("WEB_URL", local_cloud.outputs().variables["WEB_URL"])
    assert list(pages_answer(environment)) == []
    monkeypatch.setenv("WEB_URL", "http://127.0.0.1:9/")
    (problem,) = pages_answer(environment)
    assert "http://127.0.0.1:9/ does not answer" in problem
