"""The app's variables have the values of the configuration."""

from urllib.parse import urlsplit

from tests.support.contracts.deployed import Deployed
from tests.support.web.contracts import WebApp
from tests.support.web.variants import web_of
from web_src.settings import Settings


def test_the_app_has_the_values_of_the_configuration(platform: Deployed, web: WebApp) -> None:
    settings = Settings.from_env(web.environment())
    assert settings.max_file_bytes == platform.synthesized.environment.ingestion.max_file_mb * 1024 * 1024
    assert settings.incoming_prefix == "incoming/"


def test_the_app_requires_sign_in_where_it_is_public_and_only_there(web: WebApp) -> None:
    assert (Settings.from_env(web.environment()).sign_in is not None) is web.public


def test_the_app_answers_at_the_address_of_the_stack_and_at_those_that_browsers_may_upload_from(
    platform: Deployed, web: WebApp
) -> None:
    names = web.variables["ALLOWED_HOSTS"].split(",")
    assert names[0] == platform.output("Web", "Url").partition("://")[2]
    origins = web_of(platform.synthesized).exposure.origins
    assert {urlsplit(origin).hostname for origin in origins} <= set(names)
    assert len(names) == 1 if web.public else len(names) > 1
