"""The app's variables have the values of the configuration."""

from tests.support.contracts.deployed import Deployed
from tests.support.web.contracts import WebApp
from web_src.settings import Settings


def test_the_app_has_the_values_of_the_configuration(platform: Deployed, web: WebApp) -> None:
    settings = Settings.from_env(web.environment())
    assert settings.max_file_bytes == platform.synthesized.environment.ingestion.max_file_mb * 1024 * 1024
    assert settings.incoming_prefix == "incoming/"


def test_the_app_requires_sign_in_where_it_is_public_and_only_there(web: WebApp) -> None:
    assert (Settings.from_env(web.environment()).sign_in is not None) is web.public
