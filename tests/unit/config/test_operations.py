"""Invalid values of operations are refused."""

import pytest

from config.checks import ConfigError
from config.operations import OperationsConfig


def test_a_number_of_days_that_cloudwatch_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"operations.log_days must be one of .*, got 8: "):
        OperationsConfig(log_days=8)
