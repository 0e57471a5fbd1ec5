"""The API's description states every error of the API, and only errors that are real."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

import psycopg
import pytest

from tests.support.web import fakes
from tests.support.web.fakes import SIGN_IN, Client, FakeDatabase
from web_src.errors import Error
from web_src.limits import MAX_BODY_BYTES


class Operation(NamedTuple):
    method: str
    path: str
    described: dict[str, Any]


def _operations() -> list[Operation]:
    with pytest.MonkeyPatch.context() as patch:
        description = fakes.client(fakes.database(patch)).get("/api/openapi.json").json()
    return [
        Operation(method.upper(), path, described)
        for path, methods in description["paths"].items()
        for method, described in methods.items()
    ]


OPERATIONS = _operations()
PARAMETERS = [parameter["name"] for each in OPERATIONS for parameter in each.described.get("parameters", [])]
KEYS = {"file_id": "999", "order_id": "x", "email": "x", "sku": "x", "return_id": "x", "line": "1", "dataset": "x"}


def _check(client: Client, operation: Operation, values: dict[str, str], **details: Any) -> int:
    """The status of the answer. The description must state it, and an error's body must have the described form."""
    path, query = operation.path, {}
    for parameter in operation.described.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", quote(values.get(name) or "7", safe=""))
        elif name in values:
            query[name] = values[name]
    response = client.request(operation.method, path, params=query, **details)
    assert str(response.status_code) in operation.described["responses"], (path, query, details, response.text)
    assert response.headers["Content-Type"] == "application/json"
    if response.is_error:
        Error.model_validate(response.json(), extra="forbid")
    return response.status_code


@pytest.fixture(params=OPERATIONS, ids=[f"{each.method} {each.path}" for each in OPERATIONS])
def operation(request: pytest.FixtureRequest) -> Operation:
    """Each operation of the description in turn."""
    found: Operation = request.param
    return found


def test_what_can_fail_everywhere_is_stated(operation: Operation, database: FakeDatabase) -> None:
    client = fakes.client(database)
    assert _check(client, operation, {}, headers={"Host": "evil.example"}) == 421
    assert _check(client, operation, {}, headers={"Content-Length": str(MAX_BODY_BYTES + 1)}) == 413
    assert _check(fakes.client(database, environment=SIGN_IN), operation, {}) == 401
    for error in (psycopg.OperationalError("down"), psycopg.DataError("odd"), RuntimeError("wrong")):
        database.error = error
        _check(client, operation, {each["name"]: "7" for each in operation.described.get("parameters", [])})


def test_each_error_that_only_some_addresses_have_is_real(client: Client) -> None:
    seen = {
        (operation.path, _check(client, operation, values, **details))
        for operation in OPERATIONS
        for values in ({}, dict.fromkeys(PARAMETERS, "\0"), KEYS)
        for details in ({}, {"headers": {"Sec-Fetch-Site": "cross-site"}})
    }
    for operation in OPERATIONS:
        stated = {int(each) for each in operation.described["responses"]} & {403, 404, 422}
        if operation.path.endswith("/schema"):
            stated -= {422}  # FastAPI states it wherever there is a parameter
        assert stated <= {status for path, status in seen if path == operation.path}, operation.path


def test_a_body_that_is_no_text_is_an_invalid_value(client: Client) -> None:
    response = client.request("POST", "/api/uploads", content=b"\xff", headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["message"]) == (422, "body: must be JSON")
    response = client.request("POST", "/api/uploads", content=b"{", headers={"Content-Type": "application/json"})
    assert response.json()["problems"] == [{"field": "body", "problem": "must be JSON"}]
