"""The API's description states every answer of the API, errors included, whatever is sent."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
TEXTS = st.sampled_from(["", "7", "0", "-1", "9" * 30, "1.5", "A-001", "orders", "loaded", "2026-03-31", "null", "\0"])
ANYTHING = TEXTS | st.text(max_size=20)
UPLOADS = st.fixed_dictionaries(
    {},
    optional={
        "dataset": st.sampled_from(["orders", "x", 1, None]),
        "name": st.text(max_size=5) | st.none(),
        "size": st.integers(-1, 10**12) | st.text(max_size=3) | st.floats(),
    },
)
BODIES = UPLOADS.map(lambda body: json.dumps(body).encode()) | st.sampled_from([b"", b"{", b"[]", b"null", b"\xff"])
TYPES = st.sampled_from(["application/json", "text/plain", "application/x-www-form-urlencoded", ""])


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_is_sent_gets_an_answer_that_the_description_states(
    client: Client, operation: Operation, data: st.DataObject
) -> None:
    names = [each["name"] for each in operation.described.get("parameters", [])]
    values = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, ANYTHING)))
    details = {}
    if "requestBody" in operation.described:
        details = {"content": data.draw(BODIES), "headers": {"Content-Type": data.draw(TYPES)}}
    assert _check(client, operation, values, **details) < 500


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
