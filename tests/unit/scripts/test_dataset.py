"""`make dataset` drafts a declaration with which the file itself can be loaded, without questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.dataset import main
from tabular.declaration import Dataset, load_datasets
from tests.support.reading import read

GERMAN = """Kunden-Nr;Name;Geburtstag;Umsatz;aktiv;PLZ
K1;Müller, Änne;31.12.1999;1.234,50;ja;01069
K2;Groß;01.02.2000;12,00;nein;80331
"""
LINES = "order,line,sku,shipped,weight\n7,1,MUG,2026-11-20,1.5\n7,2,TEE,2026-11-21,NA\n8,1,MUG,2026-11-21,2\n"


def drafted(tmp_path: Path, content: bytes, *, name: str = "drafted") -> tuple[Dataset, dict[str, Any]]:
    """The dataset that is drafted from a file, and its declaration."""
    source = tmp_path / "file.csv"
    source.write_bytes(content)
    main(["--name", name, "--from", str(source)], tree=tmp_path)
    schema = json.loads((tmp_path / "datasets" / name / "schema.json").read_text())
    return load_datasets(tmp_path / "datasets")[name], schema


def test_a_german_export_is_drafted_with_its_numbers_dates_words_and_encoding(tmp_path: Path) -> None:
    dataset, schema = drafted(tmp_path, GERMAN.encode("cp1252"))
    types = {field["name"]: field["type"] for field in schema["fields"]}
    assert types == {
        "kunden_nr": "string",
        "name": "string",
        "geburtstag": "date",
        "umsatz": "number",
        "aktiv": "boolean",
        "plz": "string",  # a number with a leading zero is no number
    }
    assert dataset.encoding == "cp1252"
    found = read(GERMAN.encode("cp1252"), dataset=dataset)
    assert ([row["umsatz"] for row in found.rows], found.rejects) == (["1234.50", "12.00"], [])


def test_rows_that_share_a_number_get_a_key_of_two_columns(tmp_path: Path) -> None:
    dataset, _ = drafted(tmp_path, LINES.encode())
    assert dataset.primary_key == ("order", "line")
    found = read(LINES.encode(), dataset=dataset)
    assert ([row["weight"] for row in found.rows], found.rejects) == (["1.5", "", "2"], [])


def test_a_date_that_could_be_two_days_stays_text_until_a_row_decides(tmp_path: Path) -> None:
    undecided, _ = drafted(tmp_path, b"id,day\n1,01/02/2026\n2,03/04/2026\n", name="undecided")
    decided, _ = drafted(tmp_path, b"id,day\n1,01/02/2026\n2,13/04/2026\n", name="decided")
    assert (undecided.by_name["day"].type, decided.by_name["day"].format) == ("string", "%d/%m/%Y")


def test_the_samples_beside_a_draft_have_the_reasons_that_they_promise(tmp_path: Path) -> None:
    dataset, _ = drafted(tmp_path, LINES.encode())
    samples = tmp_path / "datasets/drafted/samples"
    assert read((samples / "drafted.csv").read_bytes(), dataset=dataset).rejects == []
    found = read((samples / "drafted-with-mistakes.csv").read_bytes(), dataset=dataset)
    expected = json.loads((samples / "drafted-with-mistakes.rejects.json").read_text())
    assert {str(each.line_number): each.reasons for each in found.rejects} == expected
    assert len(expected) == 4


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("Wrong", b"a,b\n1,2\n", "the folder's name must be a lower-case letter"),
        ("empty", b"", "a header and at least one row"),
        ("holes", b"a,b\n1,\n,2\n", "no column has a value in every row"),
        ("binary", b"a,b\n\x81,2\n", "neither utf-8 nor cp1252 text"),
    ],
)
def test_what_cannot_be_drafted_is_said_and_nothing_is_written(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(SystemExit, match=message):
        drafted(tmp_path, content, name=name)
    assert not (tmp_path / "datasets").exists()
