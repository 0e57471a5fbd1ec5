"""The load balancer and the boot script use paths that the app has."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from fastapi.routing import APIRoute, APIRouter

from tabular.declaration import load_datasets
from tests.support.contracts.deployed import Deployed, deployed
from tests.support.web import fakes
from tests.support.web.contracts import WebApp
from tests.support.web.fakes import SIGN_IN, FakeDatabase
from web_src import api, dataset_api, dataset_pages, pages
from web_src.tables import DatasetTable

API_DESCRIPTION = "/api/openapi.json"
DATASET_API = dataset_api.router(
    {name: DatasetTable(dataset) for name, dataset in load_datasets(Path("datasets")).items()}
)
ROUTERS = (pages.router, dataset_pages.router, api.router, DATASET_API)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> FakeDatabase:
    """A fake database that is available."""
    return fakes.database(monkeypatch)


def _paths(*, method: str = "GET") -> Iterator[str]:
    """Every path of the app, with a value for each parameter."""
    for router in ROUTERS:
        yield from _paths_of(router, method)
    if method == "GET":
        yield API_DESCRIPTION


def _paths_of(router: APIRouter, method: str) -> Iterator[str]:
    for route in router.routes:
        if isinstance(route, APIRoute) and method in (route.methods or ()):
            yield re.sub(r"\{[\w:]+\}", "7", route.path)


def _paths_without_sign_in(database: FakeDatabase) -> set[str]:
    client = fakes.client(database, environment=SIGN_IN)
    return {path for path in _paths() if client.get(path).status_code != 401}


def _health_path(platform: Deployed) -> str:
    ((_, _, targets),) = platform.resources("AWS::ElasticLoadBalancingV2::TargetGroup")
    return str(targets["HealthCheckPath"])


def _rules(platform: Deployed) -> dict[str, list[dict[str, Any]]]:
    """The actions of each listener rule, by path pattern."""
    return {
        pattern: rule["Actions"]
        for _, _, rule in platform.resources("AWS::ElasticLoadBalancingV2::ListenerRule")
        for condition in rule["Conditions"]
        for pattern in condition["PathPatternConfig"]["Values"]
    }


def test_health_checks_succeed_without_sign_in_while_the_database_is_unavailable(
    platform: Deployed, database: FakeDatabase
) -> None:
    """Otherwise a restart of the database would make Auto Scaling replace all instances."""
    database.error = psycopg.OperationalError("down")
    client = fakes.client(database, environment=SIGN_IN)
    assert client.get(_health_path(platform)).status_code == 200
    assert client.get("/readyz").status_code == 503, "the readiness check, which needs the database, has another path"


def test_the_boot_script_requests_the_health_check_path(platform: Deployed, web: WebApp) -> None:
    requested = re.findall(r"http://localhost:\d+(/\S*)", web.script)
    assert requested == [_health_path(platform)]


def test_paths_without_sign_in_are_unreachable_from_the_internet(database: FakeDatabase) -> None:
    hidden = {
        pattern
        for pattern, actions in _rules(deployed("web-public")).items()
        if [action["Type"] for action in actions] == ["fixed-response"]
    }
    assert hidden == _paths_without_sign_in(database)
    assert len(hidden) == 2


def test_unauthenticated_api_requests_are_denied_and_page_requests_lead_to_sign_in() -> None:
    (pattern,) = (
        pattern
        for pattern, actions in _rules(deployed("web-public")).items()
        if actions[0].get("AuthenticateCognitoConfig", {}).get("OnUnauthenticatedRequest") == "deny"
    )
    routers = (api.router, DATASET_API)
    api_paths = {path for router in routers for method in ("GET", "POST") for path in _paths_of(router, method)}
    api_paths.add(API_DESCRIPTION)
    for path in {*_paths(), *_paths(method="POST")}:
        assert fnmatchcase(path, pattern) == (path in api_paths), path


def test_sign_out_returns_to_a_page_of_the_app() -> None:
    ((_, _, client),) = deployed("web-public").resources("AWS::Cognito::UserPoolClient")
    assert {urlsplit(address).path for address in client["LogoutURLs"]} <= set(_paths())
