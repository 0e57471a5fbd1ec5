"""Pages and API of the declared datasets."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import python_calamine

from ingestion.reader import DatasetReader
from ingestion.row_rules import check
from tabular.declaration import Dataset, Field, load_datasets, parse
from tabular.types.registry import FACTORIES
from tests.support.web import fakes
from tests.support.web.fakes import NOW, Client, FakeDatabase
from web_src import columns, file_template, values
from web_src.queries import Reject
from web_src.tables import DatasetTable

DATASETS = load_datasets(Path("datasets"))
ODD_KEY = 'a/b?c=d&e="f" #%2F+ ..\u00e9'


def _declared(fields: list[dict[str, Any]], **more: Any) -> Dataset:
    schema = {"fieldsMatch": "partial", "primaryKey": fields[0]["name"], "fields": fields} | more
    return parse(json.dumps(schema), name="things", path="datasets/things/schema.json")


@pytest.fixture
def returned(database: FakeDatabase) -> dict[str, Any]:
    """A row with a key of two columns, one of which is a text that addresses can't hold as it is."""
    row = {
        "return_id": ODD_KEY,
        "line": 2,
        "order_id": "A-001",
        "sku": "=MUG",
        "quantity": 1500,
        "reason": "other",
        "returned_on": date(2026, 11, 19),
        "file_id": 7,
    }
    database.rows["returns"] = [row]
    return row


@pytest.mark.parametrize("name", DATASETS)
def test_a_template_as_csv_is_loaded_by_ingestion(client: Client, name: str) -> None:
    response = client.get(f"/datasets/{name}/template.csv")
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}-template.csv"'
    (chunk,) = DatasetReader(DATASETS[name], [response.content], file_id=1).chunks()
    assert (chunk.rows, chunk.rejects) == (1, [])


@pytest.mark.parametrize("name", DATASETS)
def test_a_template_for_excel_has_a_row_that_the_rules_accept(client: Client, name: str) -> None:
    content = client.get(f"/datasets/{name}/template.xlsx").content
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    header, row = workbook.get_sheet_by_index(0).to_python()
    assert header == list(DATASETS[name].columns)
    assert check(DATASETS[name], [str(value) for value in row])[1] == []


@pytest.mark.parametrize(
    ("declared", "expected"),
    [("B-7", "B-7"), ("not valid!", "A-1001"), (None, "A-1001"), (7, "7")],
)
def test_a_declared_example_is_shown_if_the_rules_accept_it(declared: object, expected: str) -> None:
    assert file_template.example(Field(name="a", type="string", semantic_type="code", example=declared)) == expected


def test_a_declared_example_of_a_number_is_written_as_files_write_numbers() -> None:
    field = Field(name="a", type="number", options={"decimalChar": ",", "groupChar": "."}, example=1.234)
    assert file_template.example(field) == "1,234"


@pytest.mark.parametrize("name", DATASETS)
def test_the_page_of_a_dataset_describes_every_column(client: Client, name: str) -> None:
    text = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(f"/datasets/{name}").text)))
    at = 0
    for each in DATASETS[name].fields:
        at = text.index(f" {each.name} {each.label}", at)
        rest = text[at:].partition(" No " if not each.required else " Yes ")[0]
        assert each.column.rule in rest
        assert all(alias in rest for alias in each.aliases)
    assert "Personal data" in text


def test_a_row_is_found_by_whatever_text_its_key_has(client: Client, returned: dict[str, Any]) -> None:
    listed = client.get("/datasets/returns/rows").text
    (address,) = re.findall(r'<th role="rowheader" scope="row"><a href="([^"]+)"', listed)
    page = client.get(unescape(address)).text
    assert ODD_KEY in unescape(page)
    found = client.request("GET", "/api/datasets/returns/row", params={"return_id": ODD_KEY, "line": 2}).json()
    assert found["return_id"] == ODD_KEY


def test_the_key_of_another_dataset_is_a_link_to_its_row(client: Client, returned: dict[str, Any]) -> None:
    text = client.get("/datasets/returns/rows").text
    assert '<a href="/datasets/orders/row?order_id=A-001">A-001</a>' in text
    returned["order_id"] = None
    assert "/datasets/orders/row" not in client.get("/datasets/returns/rows").text


def test_a_dataset_without_a_chart_is_sorted_by_key_and_has_no_filter_by_date(
    client: Client, database: FakeDatabase
) -> None:
    product = {"title": "Mug", "price": Decimal("1234.5"), "weight_kg": None, "active": True, "attributes": "{}"}
    database.rows["products"] = [{"sku": sku, **product, "file_id": 7} for sku in ("C", "A", "B")]
    text = client.get("/datasets/products/rows").text
    assert re.findall(r"row\?sku=(\w)", text) == ["A", "B", "C"]
    assert "1,234.50" in text
    assert 'name="until"' not in text
    assert "<svg" not in client.get("/datasets/products").text
    openapi = client.get("/api/openapi.json").json()
    names = {
        name: [each["name"] for each in path["get"].get("parameters", [])]
        for name, path in openapi["paths"].items()
        if "get" in path
    }
    assert "until" in names["/api/datasets/orders/rows"]
    assert "until" not in names["/api/datasets/products/rows"]


def test_an_optional_date_does_not_hide_rows_without_it() -> None:
    fields: list[dict[str, Any]] = [
        {"name": "id", "type": "integer"},
        {"name": "on", "type": "date", "constraints": {"required": True}},
    ]
    page = {"x-dataset": {"page": {"chart": "on"}}}
    assert DatasetTable(_declared(fields, **page)).newest_first == ("on", "id")
    del fields[1]["constraints"]
    assert DatasetTable(_declared(fields, **page)).newest_first == ()


def test_openapi_has_the_columns_of_each_dataset(client: Client) -> None:
    schemas = client.get("/api/openapi.json").json()["components"]["schemas"]
    for name, dataset in DATASETS.items():
        found = schemas[columns.class_name(dataset, "Row")]
        assert list(found["properties"]) == [*dataset.columns, "file_id"]
        assert set(found["required"]) >= dataset.required_columns, name
    assert schemas["OrdersRow"]["properties"]["quantity"]["type"] == "integer"
    assert schemas["CustomersRow"]["properties"]["registered_at"]["format"] == "date-time"


def test_the_api_lists_the_datasets_and_returns_their_declarations(client: Client) -> None:
    listed = client.get("/api/datasets").json()
    assert [each["name"] for each in listed] == list(DATASETS)
    (email, *_) = listed[0]["columns"]
    assert (email["name"], email["aliases"], email["personal"]) == ("email", ["e-mail address"], True)
    assert client.get("/api/datasets/orders/schema").json()["primaryKey"] == "order_id"
    assert client.get("/api/datasets/order/schema").status_code == 404


def test_a_dataset_may_accept_only_smaller_files(database: FakeDatabase, tmp_path: Path) -> None:
    _declare(tmp_path, 1, maxFileMb=1)
    client = fakes.client(database, environment={"DATASETS": str(tmp_path)})
    request = {"dataset": "dataset_01", "name": "a.csv", "size": 1024 * 1024 + 1}
    response = client.request("POST", "/api/uploads", json=request)
    assert response.json()["message"] == "size: the file has 1,048,577 bytes, the maximum is 1,048,576"
    signed = client.request("POST", "/api/uploads", json=request | {"size": 1}).json()
    assert signed["max_bytes"] == 1024 * 1024
    assert signed["key"].startswith("incoming/dataset_01/")


@pytest.mark.parametrize("number", [1, 20])
def test_pages_work_with_one_dataset_and_with_twenty(database: FakeDatabase, tmp_path: Path, number: int) -> None:
    _declare(tmp_path, number)
    client = fakes.client(database, environment={"DATASETS": str(tmp_path)})
    names = sorted(each.name for each in tmp_path.iterdir())
    for path in ("/", "/datasets", "/upload", "/files", "/api"):
        assert client.get(path).status_code == 200
    assert re.findall(r'href="/datasets/(\w+)">File format', client.get("/datasets").text) == names
    for name in names:
        assert client.get(f"/datasets/{name}").status_code == 200
        assert client.get(f"/api/datasets/{name}/rows").json() == {"rows": [], "next_after": None}


def _declare(folder: Path, number: int, **extension: Any) -> None:
    """Write `number` declarations, whose columns have the names of attributes of Python's and Pydantic's classes."""
    page = {"page": {"chart": "json"}} | extension
    fields = [
        {"name": "copy", "type": "integer"},
        {"name": "model_config", "type": "string"},
        {"name": "json", "type": "date", "constraints": {"required": True}},
    ]
    schema = {"fieldsMatch": "partial", "primaryKey": "copy", "fields": fields, "x-dataset": page}
    for each in range(1, number + 1):
        file = folder / f"dataset_{each:02}" / "schema.json"
        file.parent.mkdir()
        file.write_text(json.dumps(schema))


@pytest.mark.parametrize("kind", FACTORIES)
def test_every_declared_type_has_a_python_type(kind: str) -> None:
    assert columns.python_type(Field(name="a", type=kind)) is not None


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("12.5", "EUR", "12.50 EUR"),
        ("1234567", "JPY", "1,234,567 JPY"),
        ("1.5", "KWD", "1.500 KWD"),
        ("0.12345", "EUR", "0.12345 EUR"),
        ("100", "EUR", "100.00 EUR"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency_and_is_never_rounded(value: str, currency: str, text: str) -> None:
    row = {"unit_price": Decimal(value), "currency": currency}
    assert values.reader(DATASETS["orders"].by_name["unit_price"], is_name=False)(row) == text


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (Field(name="a", type="year"), 2026, "2026"),
        (Field(name="a", type="integer"), 1234, "1,234"),
        (Field(name="a", type="integer"), 9007199254740993, "9,007,199,254,740,993"),
        (
            Field(name="a", type="number"),
            Decimal("123456789012345678.123456789012345678"),
            "123,456,789,012,345,678.123456789012345678",
        ),
        (Field(name="a", type="boolean"), False, "No"),
        (Field(name="a", type="date"), date(2026, 3, 31), "2026-03-31"),
        (Field(name="a", type="datetime"), NOW, "2026-11-20 10:30:00 UTC"),
        (Field(name="a", type="datetime", timezone="none"), NOW.replace(tzinfo=None), "2026-11-20 10:30:00"),
        (Field(name="a", type="object"), {"a": "ä"}, '{"a": "ä"}'),
        (Field(name="a", type="string"), None, values.NONE),
    ],
)
def test_values_are_shown_as_people_read_them(field: Field, value: object, text: str) -> None:
    assert values.reader(field, is_name=False)({"a": value}) == text


def test_numbers_of_keys_are_not_grouped() -> None:
    table = DatasetTable(_declared([{"name": "id", "type": "integer"}, {"name": "count", "type": "integer"}]))
    row = {"id": 12345, "count": 12345}
    assert [table.text(each, row) for each in table.listed] == ["12345", "12,345"]


def test_rows_are_exported_as_listed_with_every_column_and_without_formulas(
    client: Client, database: FakeDatabase, returned: dict[str, Any]
) -> None:
    database.rows["returns"] = [
        returned | {"line": number, "quantity": -number, "returned_on": date(2026, 11, 19) - timedelta(days=number % 3)}
        for number in range(1, 1201)
    ]
    response = client.get("/datasets/returns/rows.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="returns.csv"'
    found = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert found[0] == list(DATASETS["returns"].columns)
    assert found[1] == [ODD_KEY, "1200", "A-001", "'=MUG", "-1200", "other", "2026-11-19"]
    lines = [int(row[1]) for row in found[1:]]
    assert sorted(lines) == list(range(1, 1201))
    assert lines == sorted(lines, key=lambda number: (number % 3, -number))
    assert database.connections == 3


def test_values_of_rejected_rows_are_shown_by_column_with_the_wrong_ones_marked(
    client: Client, database: FakeDatabase
) -> None:
    fields = {"Order Number": "A-1", "quantity": "0", "sku": "", "extra": "<b>"}
    reasons = ['order_id "A-1" must be new', "sku is missing"]
    database.rejects = [Reject(line_number=2, raw="raw text", reasons=reasons, fields=fields)]
    text = client.get("/files/7").text
    assert re.findall(r'<div(?: class="(\w*)")?><dt>([^<]+)</dt>', text.partition('class="fields"')[2]) == [
        ("wrong", "Order Number"),
        ("wrong", "sku"),
        ("", "quantity"),
        ("", "extra"),
    ]
    assert "<dd>&lt;b&gt;</dd>" in text
    assert "raw text" not in text
    database.rejects = [replace(database.rejects[0], fields=None)]
    assert "raw text" in client.get("/files/7").text


def test_rejected_rows_are_exported_by_column_if_all_of_the_first_ones_have_the_same(
    client: Client, database: FakeDatabase
) -> None:
    def exported() -> list[list[str]]:
        text = client.get("/files/7/rejects.csv").content.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))

    good = [
        Reject(line_number=line, raw=f"raw {line}", reasons=["x"], fields={"sku": "=1", "order_id": "A"})
        for line in range(2, 502)
    ]
    other = Reject(line_number=600, raw="raw 600", reasons=["y"], fields={"sku": "B"})
    database.rejects = [*good, other]
    found = exported()
    assert found[0] == ["rejected_line", "rejected_reasons", "order_id", "sku", "rejected_row"]
    assert found[1] == ["2", "x", "A", "'=1", "raw 2"]
    assert found[-1] == ["600", "y", "", "", "raw 600"]
    database.rejects = [good[0], other]
    assert exported() == [
        ["rejected_line", "rejected_reasons", "rejected_row"],
        ["2", "x", "raw 2"],
        ["600", "y", "raw 600"],
    ]


def test_files_are_filtered_by_dataset(client: Client, database: FakeDatabase) -> None:
    database.files = [fakes.file(1), fakes.file(2, dataset="returns"), fakes.file(3, dataset=None)]
    assert [each["file_id"] for each in client.get("/api/files?dataset=returns").json()["files"]] == [2]
    text = client.get("/files?dataset=returns").text
    assert '<option value="returns" selected>' in text
    assert re.findall(r'href="/files/(\d)"', text) == ["2"]


def test_an_ignored_file_is_shown_with_its_reason(client: Client, database: FakeDatabase) -> None:
    database.files = [fakes.file(7, status="ignored", reason="A marker.")]
    for path in ("/files", "/files/7"):
        text = client.get(path).text
        assert '<span class="badge ignored">Ignored</span>' in text
        assert "A marker." in text
