"""Files as common programs export them are loaded correctly, or rejected or refused with a reason.

tests/support/real_files holds the shapes, with made-up values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.compression import decompressed
from ingestion.landed_file import gzip_declaration
from ingestion.refusal import RefusedError
from tests.support.reading import ORDERS, Read, read

FILES = Path(__file__).resolve().parents[3] / "support" / "real_files"


@dataclass(frozen=True)
class Loads:
    """The file has so many valid rows, these words in the reasons of its rejects by line, and these in its note."""

    rows: int
    rejects: dict[int, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True)
class Refused:
    """The file is refused, with these words in the reason."""

    words: str


def every(lines: range, words: str) -> Loads:
    """Every row is rejected: nothing is loaded, and the file is refused with its most common reason."""
    return Loads(0, dict.fromkeys(lines, words))


DAMAGED = "has changed, so the original is lost"
EXPECTED: dict[str, Loads | Refused] = {
    # orders with several lines
    "shopify-line-items.csv": Loads(
        2, {3: "continuation of the one before it", 4: "continuation of the one before it"}
    ),
    "shopify-full-export.csv": Refused(
        "Columns order_id, customer_email, sku, quantity, unit_price, ordered_at are missing. "
        "Found instead: Name, Email, Financial Status, Created at, Lineitem quantity, Lineitem name, Lineitem price, "
        "Lineitem sku. "
        '"Lineitem quantity": did you mean quantity?'
    ),
    "amazon-line-items.tsv": Loads(4),
    # quotes
    "amazon-unclosed-quote.tsv": Loads(5, {3: "never closed"}),
    "stray-quote-once.tsv": Loads(2, {3: "a quote is never closed"}),
    "single-quotes.csv": every(range(2, 3), "order_id \"'A-1001'\""),
    "quoted-newlines.csv": Loads(2),
    # identifiers that a program has changed
    "pandas-float-ids.csv": every(range(2, 4), DAMAGED),
    "pandas-float-ids-only.csv": every(range(2, 4), DAMAGED),
    "spark-double-ids.csv": every(range(2, 5), DAMAGED),
    "excel-scientific-ids.csv": every(range(2, 4), DAMAGED),
    "null-literals-ids.csv": every(range(2, 7), "is how programs write that there is no value"),
    "order-number-hash.csv": every(range(2, 4), 'order_id "#100'),
    "excel-text-formula.csv": every(range(2, 4), "spreadsheet's mark for text"),
    # missing values
    "postgres-copy-text.tsv": Loads(1, dict.fromkeys((3, 4, 5), "PostgreSQL's COPY")),
    "snowflake.csv.gz": Loads(1),
    # dates and times
    "psql-copy-csv.csv": Loads(2),
    "pandas-to_csv-tz.csv": Loads(2),
    "bigquery.csv": Loads(2),
    "athena.csv": Loads(1),
    "shopify-offset.csv": Loads(2),
    "nanoseconds.csv": Loads(2),
    "date-us.csv": every(range(2, 4), "such as 2026-03-31T14:05:00+02:00"),
    "date-only.csv": every(range(2, 4), "such as 2026-03-31T14:05:00+02:00"),
    "pandas-to_json.jsonl": every(range(1, 2), "ordered_at must be text in quotes"),
    # amounts
    "magento-four-decimals.csv": Loads(2),
    "kuwait-three-decimals.csv": Loads(2),
    "excel-de-semicolon.csv": every(range(2, 7), 'unit_price "19,99"'),
    "currency-lower-case.csv": every(range(2, 4), "in capitals"),
    # lines that are no rows
    "excel-sep-line.csv": Loads(2),
    "excel-blank-rows.csv": Loads(10),
    "excel-blank-rows-few.csv": Loads(10),
    "trailing-delimiter-rows.csv": Loads(30),
    "trailing-blank-lines.csv": Loads(1),
    "preamble.csv": Refused("The header must be the first line, but line 4 looks like it"),
    "footer.csv": Loads(2, {4: "the row has 1 value, but the header has 8 columns"}),
    # headers
    "pipe-redshift-unload.txt": Loads(2),
    "bom-quoted-header.csv": Loads(1),
    "header-title-case.csv": Loads(1),
    "header-upper.csv": Loads(1),
    "header-duplicate-unknown.csv": Loads(1, note="Columns tag, tag were ignored."),
    # encodings
    "unicode-notes.csv": Loads(5),
    "excel-unicode-text.txt": Loads(1),
    "gz-of-utf16.csv.gz": Loads(2),
    "cp1252-30rows.csv": Refused("The file is not UTF-8 text: 15 of the first 30 rows"),
    "cp1252-few.csv": Loads(1, {2: 'not UTF-8 text: it contains the bytes "\\xfc\\xdf"'}),
    "mojibake.csv": Loads(1),
    # JSON
    "firehose-concatenated.json": Loads(5),
    "array.json": Loads(3),
    "array-pretty.json": Loads(3),
    "wrapper-one-line.json": every(range(1, 2), 'the rows are inside the list "orders"'),
    "wrapper-pretty.json": every(range(1, 2), 'the rows are inside the list "orders"'),
    "pretty-object-small.json": Loads(1),
    "trailing-commas.jsonl": every(range(1, 4), "a comma follows the JSON object"),
    "leading-space.jsonl": Loads(3),
    "json-seq.json": Loads(3),
    "bom-crlf.jsonl": Loads(3),
    "airbyte.jsonl": every(range(1, 4), 'the values are inside "_airbyte_data"'),
    "dynamodb-export.json": every(range(1, 2), 'the values are inside "Item"'),
    # compression
    "gzip-n.csv.gz": Loads(2),
    "gz-trailing-crlf.csv.gz": Loads(2),
    "plain-named.csv.gz": Refused("says that the file is compressed with gzip, but it is not"),
    "orders.tar.gz": Refused("The file is a tar archive."),
    "orders.zip": Refused("The file is a ZIP archive"),
    "orders.csv.bz2": Refused("The file is compressed with bzip2."),
}


def read_file(name: str) -> Read:
    """Read a file as it lands, with the declaration of the dataset."""
    data = (FILES / name).read_bytes()
    pieces = (data[at : at + 100] for at in range(0, len(data), 100))
    declared = gzip_declaration(name, "")
    content = decompressed(pieces, declared=declared, max_bytes=1_000_000)
    return read(content, max_rejected_percent=ORDERS.max_rejected_percent)


def test_every_shape_has_an_expectation() -> None:
    assert sorted(EXPECTED) == sorted(file.name for file in FILES.iterdir())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_as_people_send_it_is_read_or_the_reason_named(name: str) -> None:
    expected = EXPECTED[name]
    if isinstance(expected, Refused):
        with pytest.raises(RefusedError) as caught:
            read_file(name)
        assert expected.words in str(caught.value)
        return
    found = read_file(name)
    assert len(found.rows) == expected.rows
    reasons = {each.line_number: "; ".join(each.reasons) for each in found.rejects}
    assert reasons.keys() == expected.rejects.keys()
    for line, words in expected.rejects.items():
        assert words in reasons[line]
    assert (found.file.format.note or "") == expected.note
    if not found.rows:
        # The reason that the loader gives when it refuses the file.
        assert next(iter(expected.rejects.values())) in str(found.file.reasons)


def values(name: str, column: str) -> list[str]:
    """A column of the valid rows."""
    return [row[column] for row in read_file(name).rows]


def test_what_is_accepted_keeps_its_meaning() -> None:
    assert values("quoted-newlines.csv", "notes") == ["two\nlines", 'two\r\nlines, and "quotes"']
    assert values("postgres-copy-text.tsv", "notes") == [""]
    assert values("snowflake.csv.gz", "notes") == [""]
    assert values("excel-unicode-text.txt", "order_id") == ["A-1001"]
    assert values("nanoseconds.csv", "ordered_at") == ["2026-11-20T10:00:00.123456+00:00"] * 2
    assert [float(each) for each in values("kuwait-three-decimals.csv", "unit_price")] == [1.25, 0.755]
    assert values("firehose-concatenated.json", "order_id") == [f"A-{number}" for number in range(1000, 1005)]
    assert values("unicode-notes.csv", "notes")[3] == "line\u2028sep\u0085nel\u000bvt\u001cfs"
    assert values("amazon-unclosed-quote.tsv", "notes") == ["", "", "", 'fits 12"', ""]
