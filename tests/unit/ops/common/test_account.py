"""Commands act only in the account that the environment names."""

from __future__ import annotations

import pytest

from ops.common.account import require_account
from ops.common.errors import CommandError
from tests.support.ops.stubs import Stubs


def test_credentials_for_another_account_are_refused(aws: Stubs) -> None:
    """There, every stack would seem to be new, and would lose its protection."""
    aws.expect("sts", "get_caller_identity", {"Account": "444455556666"})
    with pytest.raises(CommandError, match="444455556666: sign in to that account"):
        require_account(aws.environment(), {"111122223333"})


def test_a_region_that_is_not_enabled_is_an_error_with_the_command_that_enables_it(aws: Stubs) -> None:
    aws.refuse("sts", "get_caller_identity", "InvalidClientTokenId")
    with pytest.raises(CommandError, match="aws account enable-region --region-name eu-central-1"):
        require_account(aws.environment(), set())


@pytest.mark.parametrize("allowed", [{"111122223333"}, set()])
def test_the_named_account_is_accepted_or_any_if_none_is_named(aws: Stubs, allowed: set[str]) -> None:
    aws.expect("sts", "get_caller_identity", {"Account": "111122223333"})
    assert require_account(aws.environment(), allowed) == "111122223333"
