"""A denied call is repeated until the new role's permissions take effect."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from common import permissions
from common.permissions import DENIED, LIMIT_SECONDS, retry_while_denied
from tests.support.clock import Clock


class Service:
    """Fails with the codes, in their order; then answers. Without an end, it repeats the last code."""

    def __init__(self, *codes: str, endless: bool = False) -> None:
        self.codes = list(codes)
        self.endless = endless
        self.calls = 0

    def call(self) -> str:
        self.calls += 1
        if self.codes:
            code = self.codes[0] if self.endless else self.codes.pop(0)
            raise ClientError({"Error": {"Code": code, "Message": f"call {self.calls}"}}, "Call")
        return "answer"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(permissions, "time", clock)
    return clock


@pytest.mark.parametrize("code", sorted(DENIED))
def test_a_denied_call_is_repeated_with_growing_pauses(clock: Clock, code: str) -> None:
    service = Service(*[code] * 5)
    assert retry_while_denied(service.call) == "answer"
    assert clock.slept == [2, 4, 8, 8, 8]


def test_each_denial_is_logged(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    retry_while_denied(Service("AccessDenied", "AccessDenied").call)
    assert [record.message for record in caplog.records] == ["access is denied, retrying: the role may be new"] * 2


def test_the_last_denial_is_raised_within_the_limit(clock: Clock) -> None:
    service = Service("AccessDenied", endless=True)
    with pytest.raises(ClientError, match=r"AccessDenied.*call 13"):
        retry_while_denied(service.call)
    assert LIMIT_SECONDS - 8 < clock.monotonic() <= LIMIT_SECONDS


def test_without_time_a_denied_call_is_not_repeated(clock: Clock) -> None:
    with pytest.raises(ClientError):
        retry_while_denied(Service("AccessDenied").call, seconds=0)
    assert clock.slept == []


def test_another_error_is_raised_at_once(clock: Clock) -> None:
    with pytest.raises(ClientError, match="InvalidGroup"):
        retry_while_denied(Service("AccessDenied", "InvalidGroup.NotFound").call)
    assert clock.slept == [2]
