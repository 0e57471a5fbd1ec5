"""The function's variables have the values of the configuration."""

import pytest

from housekeeping.settings import Settings
from tests.support.contracts.deployed import CASES, deployed


@pytest.mark.parametrize("case", [name for name, environment in CASES.items() if environment.housekeeping])
def test_rejected_rows_are_kept_for_the_configured_days(case: str) -> None:
    config = CASES[case].housekeeping
    settings = Settings.from_env(deployed(case).runtime("housekeeping").environment())
    assert config
    assert settings.reject_days == config.reject_days
