"""After a quote that is never closed, the rows are still read; and text of several lines is loaded."""

from __future__ import annotations

import json

import pytest

from tabular.declaration import Dataset, parse
from tests.support.reading import HEADER, ROW, Read, read


def narrow(*fields: tuple[str, str]) -> Dataset:
    """A dataset with a code as its key, and columns with these names and types."""
    columns = [
        {"name": "sku", "type": "string", "constraints": {"maxLength": 20}, "x-field": {"semanticType": "code"}},
        *({"name": name, "type": kind} for name, kind in fields),
    ]
    schema = {"fieldsMatch": "partial", "primaryKey": "sku", "fields": columns}
    return parse(json.dumps(schema), name="narrow", path="schema.json")


TWO_COLUMNS = narrow(("name", "string"))
THREE_COLUMNS = narrow(("price", "number"), ("name", "string"))


def outcome(found: Read) -> tuple[list[str], list[int]]:
    """The keys of the rows, and the lines of the rejects."""
    key = found.file.dataset.primary_key[0]
    return [row[key] for row in found.rows], [each.line_number for each in found.rejects]


@pytest.mark.parametrize(
    ("dataset", "text"),
    [
        (TWO_COLUMNS, 'sku,name\nA1,"Best mug\nA2,Tee\nA3,Cap 12"\nA4,Pen\n'),
        (THREE_COLUMNS, 'sku,price,name\nA1,1,"Best mug\nA2,2,Tee\nA3,3.50,Cap 12"\nA4,4,Pen\n'),
        (THREE_COLUMNS, 'sku\tprice\tname\nA1\t1\t"Best mug\nA2\t2\tTee\nA3\t3.50\tCap 12"\nA4\t4\tPen\n'),
    ],
)
def test_a_value_that_would_contain_rows_is_rejected_and_the_rows_are_read(dataset: Dataset, text: str) -> None:
    assert outcome(read(text.encode(), dataset=dataset)) == (["A2", "A3", "A4"], [2])


def test_rows_inside_a_value_are_seen_even_if_they_have_mistakes() -> None:
    bad = ROW.replace(b"A-1", b"#2") + b"\n"
    found = read(HEADER + ROW + b'"Best mug\n' + bad + ROW.replace(b"A-1", b"A-3") + b'fits 12"\n')
    assert outcome(found) == (["A-3"], [2, 3])


@pytest.mark.parametrize(
    ("dataset", "note"),
    [
        (TWO_COLUMNS, "Hello,\nthanks, Ada"),
        (TWO_COLUMNS, "Main St 5\n10115 Berlin, Germany\nEurope"),
        (TWO_COLUMNS, "first\nsecond,third\nfourth\nlast"),
        (TWO_COLUMNS, "one\n\n\ntwo"),
        (THREE_COLUMNS, "Dear shop,\nsend 2, please, or 3\nbye"),
        (THREE_COLUMNS, "a,b\nc,d\ne"),
    ],
)
def test_text_with_several_lines_is_loaded(dataset: Dataset, note: str) -> None:
    empty = "," * (len(dataset.columns) - 2)
    text = f'{",".join(dataset.columns)}\nA1,{empty}"{note}"\nA2,{empty}"x\ny"\n'
    assert [row["name"] for row in read(text.encode(), dataset=dataset).rows] == [note, "x\ny"]


def test_text_with_several_lines_in_the_first_column_is_loaded() -> None:
    text = 'name,price,sku\n"a\nb",1,A1\n"x\r\ny, z",2,A2\n'
    assert [row["name"] for row in read(text.encode(), dataset=THREE_COLUMNS).rows] == ["a\nb", "x\r\ny, z"]


def test_quotes_are_ordinary_where_the_declaration_says_so() -> None:
    columns = {"name": "sku", "type": "string", "constraints": {"maxLength": 20}}
    schema = {
        "fieldsMatch": "partial",
        "primaryKey": "sku",
        "fields": [columns, {"name": "name", "type": "string"}],
        "x-dataset": {"dialect": {"quoteChar": None}},
    }
    dataset = parse(json.dumps(schema), name="plain", path="schema.json")
    found = read(b'sku\tname\nA1\t"Best mug\nA2\tTee\nA3\tCap 12"\n', dataset=dataset)
    assert [row["name"] for row in found.rows] == ['"Best mug', "Tee", 'Cap 12"']
