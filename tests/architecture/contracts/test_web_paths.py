"""The paths that load balancer and boot script know are those of the app."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi.routing import APIRoute

from tests.support.contracts.deployed import WEB_APP, Deployed, deployed
from tests.support.web import stand_ins
from tests.support.web.stand_ins import SIGN_IN, Database
from web_src import api, pages, queries

API_DESCRIPTION = "/api/openapi.json"


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    """A database that answers."""
    database = Database()
    for name, answer in database.queries().items():
        monkeypatch.setattr(queries, name, answer)
    return database


def _paths(*, method: str = "GET") -> Iterator[str]:
    """Every path of the app, its parameters filled in."""
    for route in [*pages.router.routes, *api.router.routes]:
        if isinstance(route, APIRoute) and method in (route.methods or ()):
            yield re.sub(r"\{\w+\}", "7", route.path)
    if method == "GET":
        yield API_DESCRIPTION


def _answered_without_sign_in(database: Database) -> set[str]:
    client = stand_ins.client(database, environment=SIGN_IN)
    return {path for path in _paths() if client.get(path).status_code != 401}


def _health_path(platform: Deployed) -> str:
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    return str(targets["HealthCheckPath"])


def _rules(platform: Deployed) -> dict[str, list[dict[str, Any]]]:
    """The actions of each path pattern."""
    return {
        pattern: rule["Actions"]
        for _, _, rule in platform.resources("AWS::ElasticLoadBalancingV2::ListenerRule")
        for condition in rule["Conditions"]
        for pattern in condition["PathPatternConfig"]["Values"]
    }


def test_health_checks_are_answered_without_sign_in_while_the_database_is_away(
    platform: Deployed, database: Database
) -> None:
    """Else all instances would be replaced because of a database that restarts."""
    database.error = psycopg.OperationalError("away")
    client = stand_ins.client(database, environment=SIGN_IN)
    assert client.get(_health_path(platform)).status_code == 200
    assert client.get("/readyz").status_code == 503, "what asks the database is another path"


def test_the_boot_script_asks_what_health_checks_ask(platform: Deployed) -> None:
    asked = re.findall(r"http://localhost:\d+(/\S*)", platform.runtime(WEB_APP.name).script)
    assert asked == [_health_path(platform)]


def test_the_internet_sees_no_path_that_is_answered_without_sign_in(database: Database) -> None:
    hidden = {
        pattern
        for pattern, actions in _rules(deployed("web-public")).items()
        if [action["Type"] for action in actions] == ["fixed-response"]
    }
    assert hidden == _answered_without_sign_in(database)
    assert len(hidden) == 2


def test_programs_are_refused_where_the_data_is_and_people_asked_to_sign_in_elsewhere() -> None:
    (pattern,) = (
        pattern
        for pattern, actions in _rules(deployed("web-public")).items()
        if actions[0].get("AuthenticateCognitoConfig", {}).get("OnUnauthenticatedRequest") == "deny"
    )
    data = {re.sub(r"\{\w+\}", "7", route.path) for route in api.router.routes if isinstance(route, APIRoute)}
    data.add(API_DESCRIPTION)
    for path in {*_paths(), *_paths(method="POST")}:
        assert fnmatchcase(path, pattern) == (path in data), path


def test_who_signs_out_returns_to_a_page_of_the_app() -> None:
    ((_, _, client),) = deployed("web-public").resources("AWS::Cognito::UserPoolClient")
    assert {urlsplit(address).path for address in client["LogoutURLs"]} <= set(_paths())
