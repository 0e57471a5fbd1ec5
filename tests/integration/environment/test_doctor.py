"""`make doctor` on a local cloud: an account that is only bootstrapped can take the first deployment."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from config.environments import LOCAL
from local_cloud.cloud import LocalCloud
from ops.environment import planned
from ops.environment.__main__ import _doctor
from tests.support.ops.local import deployed_environment


def test_a_bootstrapped_account_without_any_stack_can_take_the_first_deployment(
    empty_cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = deployed_environment(empty_cloud)
    assert _doctor(environment, Namespace(account="")) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Examining the account {LOCAL.account} before a deployment of the local cloud.")
    for check in ("the CDK's bootstrap is there and new enough", "the account has the zones of the network"):
        assert f"ok: {check}" in shown
    assert "not checked: the account has a paid plan: the local cloud costs nothing" in shown

    ssm: Any = environment.session.client("ssm")
    (parameter,) = {stack.bootstrap.parameter for stack in planned.stacks(environment).values() if stack.bootstrap}
    version = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    ssm.put_parameter(Name=parameter, Value="1", Overwrite=True)
    try:
        assert _doctor(environment, Namespace(account="")) == 1
    finally:
        ssm.put_parameter(Name=parameter, Value=version, Overwrite=True)
    assert (
        "the bootstrap has version 1, and the stacks need 6: `make bootstrap ENV=local REGION="
        in capsys.readouterr().out
    )
