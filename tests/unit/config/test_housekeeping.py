"""Invalid values of housekeeping are refused."""

import pytest

from config.checks import ConfigError
from config.housekeeping import HousekeepingConfig


def test_a_number_of_days_that_cloudwatch_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"housekeeping.log_days must be one of .*, got 8: "):
        HousekeepingConfig(log_days=8, reject_days=7)


def test_rejected_rows_are_kept_for_a_day_at_least() -> None:
    with pytest.raises(ConfigError, match=r"housekeeping.reject_days must be at least 1, got 0: "):
        HousekeepingConfig(reject_days=0, log_days=7)
