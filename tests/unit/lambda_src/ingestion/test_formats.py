"""A file's encoding, delimiter and header are recognized, and a refusal names the kind of a file that can't be read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest

from ingestion.compression import decompressed
from ingestion.content import Content
from ingestion.reader import DatasetReader
from ingestion.refusal import RefusedError
from tabular.declaration import parse
from tests.support.reading import HEADER, ORDERS, ROW, read

UTC_ROW = ROW.replace(b"+02:00", b"+00:00")  # as the rules write it, too
TEXT = HEADER + UTC_ROW + b"gift\n" + UTC_ROW.replace(b"A-1", b"A-2") + b"\n"
GOOD = read(TEXT).rows


def tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo("orders.csv")
        entry.size = len(TEXT)
        archive.addfile(entry, io.BytesIO(TEXT))
    return file.getvalue()


def zipped(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return file.getvalue()


KINDS = {
    "compressed with bzip2": bz2.compress(TEXT),
    "compressed with xz": lzma.compress(TEXT),
    "compressed with LZMA": lzma.compress(TEXT, lzma.FORMAT_ALONE),
    "compressed with Zstandard": b"\x28\xb5\x2f\xfd\x24\x00",
    "compressed with LZ4": b"\x04\x22\x4d\x18\x64",
    "compressed twice": gzip.compress(TEXT),
    "a tar archive": tar(),
    "a ZIP archive": zipped("orders.csv"),
    "a ZIP archive that is empty": zipped(),
    "a binary Excel workbook": zipped("xl/workbook.bin"),
    "an OpenDocument file": zipped("mimetype", "content.xml"),
    "a Word document": zipped("word/document.xml"),
    "a 7-Zip archive": b"7z\xbc\xaf\x27\x1c\x00\x04",
    "a RAR archive": b"Rar!\x1a\x07\x01\x00",
    "an Excel 97 workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "an Avro file": b"Obj\x01\x04\x14avro.codec",
    "a Parquet file": b"PAR1\x15\x04\x15",
    "an ORC file": b"ORC\x11\x00\x00",
    "a SQLite database": b"SQLite format 3\x00\x10",
    "a PDF document": b"%PDF-1.7\n",
    "an RTF document": b"{\\rtf1\\ansi",
    "an image": b"\x89PNG\r\n\x1a\n",
    "an HTML page": b"\n<!DOCTYPE html>\n<html><table>",
    "an XML document": b'\xef\xbb\xbf<?xml version="1.0"?>\n<orders/>',
    "UTF-32 text": TEXT.decode().encode("utf-32"),
    "encrypted": b"-----BEGIN PGP MESSAGE-----\n",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_kind_that_can_t_be_read_is_named_in_the_refusal_inside_gzip_too(kind: str, compressed: bool) -> None:
    data = gzip.compress(KINDS[kind]) if compressed else KINDS[kind]
    with pytest.raises(RefusedError, match=f"^The file is {kind}") as caught:
        read(decompressed(iter([data]), declared=None, max_bytes=1_000_000) if compressed else data)
    assert str(caught.value).count(".") >= 1


@pytest.mark.parametrize("name", [b"PARENT", b"ORC", b"SEQ", b"BZh91", b"Obj"])
def test_a_column_that_begins_like_another_kind_of_file_is_no_reason(name: bytes) -> None:
    data = b"".join(first + b"," + line for first, line in zip((name, b"x", b"y"), TEXT.splitlines(True), strict=True))
    assert read(data).rows == GOOD


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
@pytest.mark.parametrize("size", [1, 3, 100_000])
def test_text_is_decoded_by_its_byte_order_mark(encoding: str, size: int) -> None:
    text = TEXT.decode().replace("gift", "Grüße 🎁\tπ")
    data = ("" if encoding.endswith(("16", "sig")) else "\ufeff").encode(encoding) + text.encode(encoding)
    for dataset in (ORDERS, replace(ORDERS, encoding="cp1252")):
        found = read((data[at : at + size] for at in range(0, len(data), size)), dataset=dataset)
        assert [row["notes"] for row in found.rows] == ["Grüße 🎁\tπ", ""]


def test_utf_16_in_json_and_with_half_of_a_pair() -> None:
    assert len(read('\ufeff[{"sku": "x"}, {}]'.encode("utf-16-le")).rejects) == 2
    broken = TEXT.decode().replace("gift", "\ud83c").encode("utf-16", "surrogatepass")
    (found,) = read(broken).rejects
    assert "not UTF-8" in found.reasons[0]
    with pytest.raises(RefusedError, match="ends within a character"):
        read(TEXT.decode().encode("utf-16")[:-1])


def test_a_declared_encoding_is_decoded_and_bytes_that_it_lacks_are_rejected() -> None:
    dataset = replace(ORDERS, encoding="cp1252")
    data = TEXT.replace(b"gift", "Grüße für 5 €".encode("cp1252"))
    assert read(data, dataset=dataset).rows[0]["notes"] == "Grüße für 5 €"
    (found,) = read(TEXT.replace(b"gift", b"\x81"), dataset=dataset).rejects
    assert found.reasons == ['the row is not UTF-8 text: it contains the bytes "\\x81"']


@pytest.mark.parametrize("size", [1, 70_000, 1_000_000])
def test_utf_8_is_refused_where_another_encoding_is_declared(size: int) -> None:
    dataset = replace(ORDERS, encoding="cp1252")
    ascii_rows = ROW + b"gift\n"
    data = HEADER + ascii_rows * 1_000 + ROW + "Grüße\n".encode()
    with pytest.raises(RefusedError, match="The file is UTF-8 text, but the dataset declares the encoding cp1252"):
        read((data[at : at + size] for at in range(0, len(data), size)), dataset=dataset)
    # Some characters of cp1252 in a row are one of UTF-8, and others are not.
    mixed = HEADER + ROW + "Ã¼ und ü\n".encode("cp1252")
    assert read(mixed, dataset=dataset).rows[0]["notes"] == "Ã¼ und ü"


@pytest.mark.parametrize("form", [json.dumps, lambda row: json.dumps([row]), lambda row: f"\x1e{json.dumps(row)}"])
def test_json_is_unicode_whatever_is_declared(form: Callable[[object], str]) -> None:
    data = form(GOOD[0] | {"notes": "Gruesse"}).replace("Gruesse", "Grüße").encode()
    found = read(data, dataset=replace(ORDERS, encoding="cp1252"))
    assert [each["notes"] for each in found.rows] == ["Grüße"]


def test_a_file_with_many_rows_in_another_encoding_is_refused_as_such() -> None:
    bad = ROW + "Grüße".encode("cp1252") + b"\n"
    good = ROW + b"\n"
    assert len(read(HEADER + bad * 10, max_rejected_percent=20).rejects) == 10
    assert len(read(HEADER + bad * 11 + good * 44, max_rejected_percent=20).rejects) == 11
    with pytest.raises(RefusedError, match="The file is not UTF-8 text: 11 of the first 54 rows"):
        read(HEADER + bad * 11 + good * 43, max_rejected_percent=20)


@pytest.mark.parametrize(
    "data",
    [
        b"sep=;\r\n" + TEXT.replace(b",", b";"),
        b'"sep=;"\n\n' + TEXT.replace(b",", b";"),
        b"\xef\xbb\xbfsep=,\n" + TEXT,
        b"\xef\xbb\xbf\xef\xbb\xbf" + TEXT,
        b"\n \r\n" + TEXT,
        TEXT.replace(b"\n", b"\r\r\n"),
        TEXT.replace(b"\n", b",\n"),
        TEXT[:-2] + b"\n",
        TEXT + b"\x1a",
        TEXT[:-1] + b"\x1a",
        TEXT + b"\x1a\x1a\r\n",
        TEXT + b",,,,,,,\r\n" * 3 + b'"","","",,,,,\n' + b"\t \n",
        TEXT.replace(b"\nA-2", b"\n,,,,,,,\n\n \nA-2"),
    ],
)
@pytest.mark.parametrize("size", [1, 100_000])
def test_what_is_around_the_rows_doesn_t_count(data: bytes, size: int) -> None:
    found = read(data[at : at + size] for at in range(0, len(data), size))
    assert (found.rows, found.rejects) == (GOOD, [])


def test_a_mark_in_the_middle_of_a_file_is_no_end() -> None:
    found = read(HEADER + ROW + b"\n\x1a\n" + ROW + b"\n")
    assert (len(found.rows), [each.line_number for each in found.rejects]) == (2, [3])


def test_the_header_must_be_the_first_line_and_the_reason_says_where_it_is() -> None:
    with pytest.raises(RefusedError, match="line 4 looks like it"):
        read(b"\nOrders; 2026\nquantity\n" + TEXT)
    with pytest.raises(RefusedError, match=r"Columns customer_email, .* are missing"):
        read(b"order_id,sku\n" + TEXT.replace(b"customer_email", b"mail"))


def test_a_line_that_is_in_quotes_as_a_whole_is_refused_with_that_reason() -> None:
    with pytest.raises(RefusedError, match="The whole header is in quotes"):
        read(b'"' + TEXT.strip().replace(b"\n", b'"\n"') + b'"\n')


def test_a_row_with_fewer_values_is_accepted_only_if_the_missing_ones_are_optional() -> None:
    short = ROW[:-1]
    found = read(HEADER + short + b"\n" + short[: short.rindex(b",")] + b"\n" + short + b",a,b\n")
    assert len(found.rows) == 1
    assert [each.reasons for each in found.rejects] == [
        ["the row has 6 values, but the header has 8 columns"],
        ["the row has 9 values, but the header has 8 columns"],
    ]


@pytest.mark.parametrize("behind", [b",", b", ,"])
def test_empty_values_behind_the_header_are_ignored_only_if_every_row_has_them(behind: bytes) -> None:
    rows = [ROW + b"gift" + behind + b"\n"] * 200
    found = read(HEADER + b"".join(rows))
    assert (len(found.rows), found.rejects) == (200, [])
    # A comma in a text without quotes, and a last value that is empty, look the same.
    shifted = ROW + b"gift, blue" + behind[:-1] + b"\n"
    other = read(HEADER + b"".join(rows) + shifted + ROW + b"gift\n" + ROW + b"gift, x" + behind + b"\n")
    assert len(other.rows) == 200
    more = f", and the rows at the beginning of the file have {8 + behind.count(b',')} values"
    given = [8 + behind.count(b","), 8, 9 + behind.count(b",")]
    assert [each.reasons for each in other.rejects] == [
        [f"the row has {number} values, but the header has 8 columns{more}"] for number in given
    ]


@pytest.mark.parametrize("again", ["sku,name\n", '"SKU",Name\r\n', " sku ,name\n"])
def test_the_header_again_is_no_row_even_where_it_could_be_one(again: str) -> None:
    fields = [
        {"name": "sku", "type": "string", "constraints": {"maxLength": 20}, "x-field": {"semanticType": "code"}},
        {"name": "name", "type": "string"},
    ]
    schema = {"fieldsMatch": "partial", "primaryKey": "sku", "fields": fields}
    dataset = parse(json.dumps(schema), name="names", path="schema.json")
    rows = "sku,Name of an SKU\nskus,name\n"
    found = read(f"sku,name\n{rows}{again}{rows}{again}".encode(), dataset=dataset)
    assert [(row["sku"], row["name"]) for row in found.rows] == [("sku", "Name of an SKU"), ("skus", "name")] * 2
    assert [(each.line_number, each.reasons) for each in found.rejects] == [
        (line, ["the row is the header again"]) for line in (4, 7)
    ]
    assert [each.reasons for each in read(TEXT + HEADER).rejects] == [["the row is the header again"]]


@pytest.mark.parametrize("before", [0, 1, 100])
def test_one_empty_value_too_many_is_no_value_of_a_row_that_alone_has_it(before: int) -> None:
    good = (ROW + b"gift\n") * before
    found = read(HEADER + good + ROW.replace(b"MUG", b"MUG,L") + b"\n" + good)
    assert len(found.rows) == 2 * before
    assert [each.reasons for each in found.rejects] == [["the row has 9 values, but the header has 8 columns"]]


def test_a_short_row_under_a_long_header_has_only_its_own_values() -> None:
    header = HEADER.strip() + b"".join(b",x%d" % number for number in range(7_000))
    found = read(header + b"\n" + (ROW + b"gift\n") * 2)
    assert (len(found.rows), found.rejects) == (2, [])
    record = DatasetReader(ORDERS, [header + b"\n" + ROW + b"gift\n"], file_id=1).format.next_record()
    assert record is not None
    assert len(record.values_in_file) == 8


@pytest.mark.parametrize(
    "data",
    [
        HEADER + b"\n" * 200_000,
        HEADER + b",,,,,,,\r\n" * 20_000,
        HEADER + b'" "\n" ",,"\r",\n' * 20_000,
        b"{}\n" + b" \n" * 100_000,
        b"\n" * 200_000 + TEXT,
    ],
)
def test_lines_without_values_are_passed_by_many_at_once(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = (data[at : at + 65_536] for at in range(0, len(data), 65_536))
    records = 0

    def counted(content: Content) -> bytes:
        nonlocal records
        records += 1
        return line(content)

    line = Content.line
    monkeypatch.setattr(Content, "line", lambda content, offset=0: counted(content))
    read(pieces)
    assert records <= 20
