"""The data for programs."""

from __future__ import annotations

import pytest

from tests.support.web.stand_ins import Client


def test_following_older_files_shows_each_file_once(client: Client) -> None:
    seen: list[int] = []
    before = ""
    while True:
        answer = client.get(f"/api/files?limit=50{before}").json()
        seen += [each["file_id"] for each in answer["files"]]
        if answer["next_before"] is None:
            break
        before = f"&before={answer['next_before']}"
    assert seen == list(range(120, 0, -1))


def test_a_key_that_was_not_taken_in_yet_has_no_versions(client: Client) -> None:
    assert client.get("/api/files/by-key?key=incoming/new.csv").json() == []
    (version,) = client.get("/api/files/by-key?key=incoming/7.csv").json()
    assert (version["file_id"], version["rows_loaded"]) == (7, 1200)


def test_rejects_are_given_by_line_with_where_to_go_on(client: Client) -> None:
    first = client.get("/api/files/7/rejects?limit=100").json()
    rest = client.get(f"/api/files/7/rejects?limit=100&after={first['next_after']}").json()
    lines = [each["line_number"] for each in first["rejects"] + rest["rejects"]]
    assert lines == list(range(2, 152))
    assert rest["next_after"] is None


def test_orders_keep_their_exact_price(client: Client) -> None:
    assert client.get("/api/orders/A-001").json()["unit_price"] == "12.50"
    answer = client.get("/api/orders?search=A-11&limit=3").json()
    assert [each["order_id"] for each in answer["orders"]] == ["A-110", "A-111", "A-112"]
    assert answer["more"] is True


@pytest.mark.parametrize("path", ["/api/files/999", "/api/orders/none", "/api/nothing"])
def test_what_is_not_there_is_said_in_json(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "Not found"


def test_every_bad_field_is_named(client: Client) -> None:
    answer = client.get("/api/files?limit=0&status=odd")
    assert answer.status_code == 422
    assert sorted(each["field"] for each in answer.json()["problems"]) == ["limit", "status"]
    assert "limit: " in answer.json()["message"]


def test_the_data_is_described_by_openapi_and_the_pages_are_not(client: Client) -> None:
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
