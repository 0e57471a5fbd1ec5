"""The tables of declared datasets. `make snapshots` writes the snapshots of the shipped ones again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from scripts.migration.tables import GENERATED_CHECK, checks, create_table, index_name, table_statements
from tabular.declaration import Dataset, load_datasets, parse

SNAPSHOTS = Path(__file__).parents[3] / "snapshots" / "datasets"
DATASETS = load_datasets(Path("datasets"))


def dataset(name: str, *fields: Mapping[str, object]) -> Dataset:
    declaration = {"fieldsMatch": "partial", "primaryKey": fields[0]["name"], "fields": fields}
    return parse(json.dumps(declaration), name=name, path="schema.json")


@pytest.mark.parametrize("name", DATASETS)
def test_tables_are_as_last_reviewed(name: str, request: pytest.FixtureRequest) -> None:
    file, text = SNAPSHOTS / f"{name}.sql", "\n".join((*table_statements(DATASETS[name]), ""))
    if request.config.getoption("--update-snapshots"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    assert file.exists(), f"{file} is missing: `make snapshots`"
    assert file.read_text() == text, f"{file} differs: read the difference, then `make snapshots`"


def test_no_snapshot_is_left_over() -> None:
    assert {file.stem for file in SNAPSHOTS.iterdir()} == set(DATASETS)


def test_the_longest_names_fit_and_differ() -> None:
    table, columns = "t" * 48, ["c" * 47 + "1", "c" * 47 + "2"]
    made = dataset(table, *({"name": name, "type": "integer", "constraints": {"minimum": 0}} for name in columns))
    found = [check for field in made.fields for check in checks(table, field)]
    found += [index_name(table, column) for column in columns]
    assert all(len(name) <= 63 for name in found)
    assert len({*found[2:]}) == 2


def test_equal_limits_have_equal_names_and_others_do_not() -> None:
    def names(**limits: int) -> set[str]:
        return set(checks("t", dataset("t", {"name": "n", "type": "integer", "constraints": limits}).fields[0]))

    assert names(minimum=1, maximum=9) & names(minimum=1, maximum=8) == names(minimum=1)
    assert all(GENERATED_CHECK.search(name) for name in names(minimum=1, maximum=9))


def test_columns_may_be_named_by_words_of_sql() -> None:
    text = create_table(dataset("order", {"name": "select", "type": "integer", "constraints": {"minimum": 1}}))
    assert 'CREATE TABLE "order" (' in text
    assert 'CHECK ("select" >= 1)' in text
    assert 'PRIMARY KEY ("select")' in text


def test_only_text_that_programs_compare_is_sorted_by_its_bytes() -> None:
    sorted_by_bytes = {
        (name, field.name)
        for name, made in DATASETS.items()
        for field in made.fields
        if f'{field.name} text COLLATE "C"' in " ".join(create_table(made).split())
    }
    assert {("orders", "order_id"), ("orders", "sku"), ("orders", "currency"), ("returns", "reason")} < sorted_by_bytes
    assert not {("orders", "customer_email"), ("orders", "notes"), ("products", "title")} & sorted_by_bytes
