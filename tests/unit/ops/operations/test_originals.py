"""An address is found in a file of any kind; other addresses and broken files are told apart."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from contextlib import suppress

import pytest

from ops.operations import originals
from ops.operations.originals import UnsearchableError, contains

ADDRESS = "o'brien+x@mail.example.com"


def workbook(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", f"<sst><si><t>x</t></si><si><t>{text}</t></si></sst>")
    return file.getvalue()


FILES = {
    "csv": f"id,mail\n1,{ADDRESS},x\n".encode(),
    "another case": f"1;{ADDRESS.upper()}".encode(),
    "utf-16": f"1,{ADDRESS}\n".encode("utf-16"),
    "gzip": gzip.compress(f"1,{ADDRESS}\n".encode()),
    "two members of gzip": gzip.compress(b"1,x\n") + gzip.compress(f"2,{ADDRESS}\n".encode()),
    "the escapes of JSON": json.dumps({"mail": f"\n{ADDRESS}"})
    .replace("+", "\\u002B")
    .replace("'", "\\u0027")
    .encode(),
    "workbook": workbook(ADDRESS.replace("'", "&apos;")),
    "formatted text in a workbook": workbook(ADDRESS.replace("@", "</t></r><r><t>@")),
    "a workbook that is compressed once more": gzip.compress(workbook(ADDRESS)),
    "gzip with padding": gzip.compress(b"1,x\n") + b"\0" * 9 + gzip.compress(f"2,{ADDRESS}\n".encode()) + b"\0\n",
    "the end of a sentence": f"write to {ADDRESS}.".encode(),
    "between two pieces": b"x" * (originals._PIECE - 10) + f",{ADDRESS}".encode() + b",y" * originals._PIECE,
}


BEYOND_ASCII = "jörg@bücher.example"
BEYOND_ASCII_FILES = {
    "utf-8": f"1,{BEYOND_ASCII},x\n".encode(),
    "cp1252": f"1,{BEYOND_ASCII},x\n".encode("cp1252"),
    "utf-16": f"1,{BEYOND_ASCII},x\n".encode("utf-16"),
    "utf-16, the other way round": f"\ufeff1,{BEYOND_ASCII},x\n".encode("utf-16-be"),
    "JSON": json.dumps({"mail": BEYOND_ASCII}).encode(),
    "XML": workbook("".join(f"&#{ord(each)};" for each in BEYOND_ASCII)),
    "XML, in part": workbook(BEYOND_ASCII.replace("@", "&#64;")),
}


@pytest.mark.parametrize("kind", BEYOND_ASCII_FILES)
def test_an_address_beyond_ascii_is_found_in(kind: str) -> None:
    assert contains(io.BytesIO(BEYOND_ASCII_FILES[kind]), BEYOND_ASCII)
    assert not contains(io.BytesIO(BEYOND_ASCII_FILES[kind]), ADDRESS)


@pytest.mark.parametrize("kind", FILES)
def test_an_address_is_found_in(kind: str) -> None:
    assert contains(io.BytesIO(FILES[kind]), ADDRESS)
    assert not contains(io.BytesIO(FILES[kind]), "eve@example.com")


@pytest.mark.parametrize(
    "other", [f"x{ADDRESS}", f"y.{ADDRESS}", f"{ADDRESS}munity", f"{ADDRESS}-x.org", "o.brien@x.de"]
)
def test_another_address_is_not_taken_for_it(other: str) -> None:
    assert not contains(io.BytesIO(f"1,{other},2\n".encode()), ADDRESS)


@pytest.mark.parametrize("pattern", [".*@.*", "a|b@x.de", "(@x.de", "\\@x.de"])
def test_an_address_is_no_pattern(pattern: str) -> None:
    assert not contains(io.BytesIO(b"ada@example.com,a@b.de\n"), pattern)


@pytest.mark.parametrize("broken", [FILES["gzip"][:12] + b"\xff" * 9, b"PK\x03\x04" + b"x" * 99, b"\x28\xb5\x2f\xfd1"])
def test_a_file_that_can_not_be_read_is_no_file_without_the_address(broken: bytes) -> None:
    with pytest.raises(UnsearchableError):
        contains(io.BytesIO(broken), ADDRESS)


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_damaged_archive_ends_the_search(method: int) -> None:
    """The library raises many kinds of errors."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("xl/é.xml", "<c>x</c>" * 9)
    draw = random.Random(1)  # noqa: S311 - repeatable test data
    for _ in range(3_000):
        content = bytearray(file.getvalue())
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(4, len(content))] = draw.choice((0, 255, draw.randrange(256)))
        with suppress(UnsearchableError):
            contains(io.BytesIO(content), ADDRESS)


def test_an_archive_that_memory_could_not_hold_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(originals, "MAX_ARCHIVE_BYTES", 1024**2)
    with pytest.raises(UnsearchableError, match="a ZIP archive of more than"):
        contains(io.BytesIO(b"PK\x03\x04" + b"x" * 5 * 1024**2), ADDRESS)


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: workbook(content.decode())])
def test_a_file_that_grows_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch, pack: Callable[[bytes], bytes]
) -> None:
    monkeypatch.setattr(originals, "MAX_UNPACKED_BYTES", 3 * 1024**2)
    with pytest.raises(UnsearchableError, match="when it is decompressed"):
        contains(io.BytesIO(pack(b"\n" * 5 * 1024**2)), ADDRESS)
