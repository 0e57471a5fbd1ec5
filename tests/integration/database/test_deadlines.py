"""What PostgreSQL gives each role for a statement or a silence fits what its code, and what calls it, waits for."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

import pytest

import operations.answers
from tests.architecture.contracts.test_variables import BY_LAMBDA, as_deployed
from tests.integration.database.conftest import Shop
from tests.support.contracts.deployed import deployed

_SECONDS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "": 0.001}


def _seconds(shop: Shop, role: str, setting: str) -> float:
    """A role's limit, 0 for none."""
    with shop.connect(role) as connection:
        ((value,),) = connection.execute(f"SHOW {setting}").fetchall()
    found = re.fullmatch(r"(\d+)(\w*)", value)
    assert found
    return int(found[1]) * _SECONDS[found[2]]


def _handler(package: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The handler's module, as it is in prod."""
    variables = as_deployed(deployed("prod").runtime(package)) | BY_LAMBDA
    for name, value in (variables | {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, f"{package}.handler", raising=False)
    return importlib.import_module(f"{package}.handler")


def _timeout(package: str) -> int:
    return int(deployed("prod").runtime(package).properties["Timeout"])


def test_the_housekeeping_ends_with_time_for_the_longest_batch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = _handler("housekeeping", monkeypatch)._RESERVE_SECONDS
    assert 0 < _seconds(shop, "housekeeping", "lock_timeout") < _seconds(shop, "housekeeping", "statement_timeout")
    assert _seconds(shop, "housekeeping", "statement_timeout") < reserve < _timeout("housekeeping") / 2


def test_operations_answer_within_their_time_though_counting_takes_too_long(shop: Shop) -> None:
    statement = _seconds(shop, "operations", "statement_timeout")
    assert 0 < operations.answers._COUNT_SECONDS < statement
    assert statement * 2 <= _timeout("operations")


def test_the_intake_limits_its_statements_itself_and_is_never_silent_for_too_long(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _seconds(shop, "ingestion", "statement_timeout") == 0
    aws = _handler("ingestion", monkeypatch)._TIMEOUTS
    longest_call = aws.retries["total_max_attempts"] * (aws.connect_timeout + aws.read_timeout)
    assert longest_call < _seconds(shop, "ingestion", "idle_in_transaction_session_timeout")


def test_the_app_answers_before_the_load_balancer_hangs_up(shop: Shop) -> None:
    ((_, _, balancer),) = deployed("prod").resources("AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {pair["Key"]: pair["Value"] for pair in balancer["LoadBalancerAttributes"]}
    assert 0 < _seconds(shop, "web", "statement_timeout") < int(attributes["idle_timeout.timeout_seconds"]) / 2
