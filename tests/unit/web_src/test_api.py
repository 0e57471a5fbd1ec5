"""The JSON API."""

from __future__ import annotations

import pytest

from config.datasets import datasets
from tests.support.web.fakes import Client


def test_paging_through_files_returns_each_file_once(client: Client) -> None:
    seen: list[int] = []
    before = ""
    while True:
        body = client.get(f"/api/files?limit=50{before}").json()
        seen += [each["file_id"] for each in body["files"]]
        if body["next_before"] is None:
            break
        before = f"&before={body['next_before']}"
    assert seen == list(range(120, 0, -1))


def test_a_key_that_was_not_processed_yet_has_no_versions(client: Client) -> None:
    assert client.get("/api/files/by-key?key=incoming/orders/new.csv").json() == []
    (version,) = client.get("/api/files/by-key?key=incoming/orders/7.csv").json()
    assert (version["file_id"], version["rows_loaded"]) == (7, 1200)


def test_paging_through_rejects_returns_each_line_in_order(client: Client) -> None:
    first = client.get("/api/files/7/rejects?limit=100").json()
    rest = client.get(f"/api/files/7/rejects?limit=100&after={first['next_after']}").json()
    lines = [each["line_number"] for each in first["rejects"] + rest["rejects"]]
    assert lines == list(range(2, 152))
    assert rest["next_after"] is None


def test_prices_are_exact_decimals_and_searches_are_paged(client: Client) -> None:
    assert client.get("/api/datasets/orders/row?order_id=A-001").json()["unit_price"] == "12.5"
    first = client.get("/api/datasets/orders/rows?search=A-11&limit=6").json()
    rest = client.request(
        "GET", "/api/datasets/orders/rows", params={"search": "A-11", "limit": 6, "after": first["next_after"]}
    )
    assert [each["order_id"] for each in first["rows"] + rest.json()["rows"]] == [f"A-{n}" for n in range(110, 120)]
    assert rest.json()["next_after"] is None


@pytest.mark.parametrize("after", ["A-110", "[]", '["A-110"]', '["2026-11-20T10:30:00", "A-1"]', '["x", "A-110"]'])
def test_a_cursor_of_another_list_is_refused(client: Client, after: str) -> None:
    response = client.request("GET", "/api/datasets/orders/rows", params={"after": after})
    assert response.status_code == 422
    assert response.json()["message"] == "after: must be the next_after of a page with the same search"


@pytest.mark.parametrize(
    "path", ["/api/files/999", "/api/datasets/orders/row?order_id=none", "/api/datasets/orders/x", "/api/nothing"]
)
def test_a_missing_resource_is_reported_as_json(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["error"] == "Not found"


def test_every_invalid_parameter_is_named(client: Client) -> None:
    response = client.get("/api/files?limit=0&status=odd")
    assert response.status_code == 422
    assert sorted(each["field"] for each in response.json()["problems"]) == ["limit", "status"]
    assert "limit: " in response.json()["message"]


def test_openapi_describes_the_api_but_not_the_pages(client: Client) -> None:
    assert sorted(client.get("/api/openapi.json").json()["paths"]) == [
        "/api/datasets",
        *(f"/api/datasets/{dataset}/{rest}" for dataset in datasets() for rest in ("row", "rows")),
        "/api/datasets/{dataset}/schema",
        "/api/files",
        "/api/files/by-key",
        "/api/files/{file_id}",
        "/api/files/{file_id}/rejects",
        "/api/uploads",
    ]
    assert client.get("/docs").status_code == 404
    assert "/api/files/by-key" in client.get("/api").text
