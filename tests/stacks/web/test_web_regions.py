"""Regions in which a public web app can't be deployed."""

from dataclasses import replace

import pytest

from config.checks import ConfigError
from tests.support.web.variants import PUBLIC


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_a_public_app_is_refused_where_its_sign_in_is_not_available(region: str) -> None:
    with pytest.raises(ConfigError, match=f"web.exposure must be Internal\\(\\) in {region}.*Cognito"):
        replace(PUBLIC, region=region)
