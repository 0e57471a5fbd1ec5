"""What every run of these tests may rely on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sole_run import sole_run


def test_a_second_run_at_once_ends_before_it_touches_the_first_ones_cloud(tmp_path: Path) -> None:
    with (
        sole_run(tmp_path / "test.lock"),
        pytest.raises(pytest.exit.Exception, match="another test run of this checkout"),
        sole_run(tmp_path / "test.lock"),
    ):
        pass


def test_the_next_run_has_the_cloud_to_itself(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_run(tmp_path / "test.lock"):
            pass


def test_a_test_here_has_the_time_that_a_whole_deployment_takes(request: pytest.FixtureRequest) -> None:
    marker = request.node.get_closest_marker("timeout")
    assert marker is not None
    assert marker.args == (900,)
