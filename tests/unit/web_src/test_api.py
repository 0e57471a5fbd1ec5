"""The JSON API."""

from __future__ import annotations

import pytest

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
    assert client.get("/api/files/by-key?key=incoming/new.csv").json() == []
    (version,) = client.get("/api/files/by-key?key=incoming/7.csv").json()
    assert (version["file_id"], version["rows_loaded"]) == (7, 1200)


def test_paging_through_rejects_returns_each_line_in_order(client: Client) -> None:
    first = client.get("/api/files/7/rejects?limit=100").json()
    rest = client.get(f"/api/files/7/rejects?limit=100&after={first['next_after']}").json()
    lines = [each["line_number"] for each in first["rejects"] + rest["rejects"]]
    assert lines == list(range(2, 152))
    assert rest["next_after"] is None


def test_prices_are_exact_decimals_and_searches_are_paged(client: Client) -> None:
    assert client.get("/api/orders/A-001").json()["unit_price"] == "12.50"
    body = client.get("/api/orders?search=A-11&limit=3").json()
    assert [each["order_id"] for each in body["orders"]] == ["A-110", "A-111", "A-112"]
    assert body["more"] is True


@pytest.mark.parametrize("path", ["/api/files/999", "/api/orders/none", "/api/nothing"])
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
        "/api/files",
        "/api/files/by-key",
        "/api/files/{file_id}",
        "/api/files/{file_id}/rejects",
        "/api/orders",
        "/api/orders/{order_id}",
        "/api/uploads",
    ]
    assert client.get("/docs").status_code == 404
    assert "/api/files/by-key" in client.get("/api").text
