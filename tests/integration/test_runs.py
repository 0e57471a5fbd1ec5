"""Each run of the integration tests has the local cloud for itself, and enough time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sole_run import sole_run


def test_a_second_run_at_the_same_time_ends_before_it_touches_the_local_cloud(tmp_path: Path) -> None:
    with (
        sole_run(tmp_path / "test.lock"),
        pytest.raises(pytest.exit.Exception, match="another test run of this checkout"),
        sole_run(tmp_path / "test.lock"),
    ):
        pass


def test_the_next_run_gets_the_local_cloud(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_run(tmp_path / "test.lock"):
            pass


def test_an_integration_test_may_take_as_long_as_a_whole_deployment(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("timeout")
    assert marker is not None
    assert marker.args == (900,)
