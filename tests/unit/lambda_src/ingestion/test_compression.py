"""Gzip is recognized by its first bytes and decompressed to its last member, but never beyond the limit."""

from __future__ import annotations

import gzip
import importlib
import itertools
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.compression import PIECE_BYTES, decompressed
from ingestion.landed_file import gzip_declaration
from ingestion.refusal import RefusedError

CONTENT = b"".join(b"row %d\n" % number for number in range(50_000))


def read(data: bytes, *, size: int = 1000, declared: str | None = None, max_bytes: int = 10_000_000) -> bytes:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(decompressed(pieces, declared=declared, max_bytes=max_bytes))


def test_content_that_is_not_compressed_is_unchanged() -> None:
    assert read(CONTENT) == CONTENT


@pytest.mark.parametrize("size", [1, 7, 1000, 1_000_000])
def test_all_members_are_read_however_the_bytes_arrive(size: int) -> None:
    data = gzip.compress(CONTENT[:5000]) + gzip.compress(b"") + gzip.compress(CONTENT[5000:9000])
    assert read(data, size=size) == CONTENT[:9000]


@given(content=st.binary(max_size=300), cuts=st.integers(1, 50))
def test_compressed_content_is_restored(content: bytes, cuts: int) -> None:
    assert read(gzip.compress(content), size=cuts) == content


@given(st.binary(max_size=60), st.integers(1, 20))
def test_no_bytes_after_the_magic_number_cause_any_other_error(rest: bytes, size: int) -> None:
    try:
        read(b"\x1f\x8b" + rest, size=size)
    except RefusedError as error:
        assert str(error)


@pytest.mark.parametrize("padding", [bytes(512), b"\r\n", b"\n\n", b" \x1a"])
@pytest.mark.parametrize("size", [1, 1000])
def test_padding_and_line_ends_after_a_member_are_ignored(padding: bytes, size: int) -> None:
    member = gzip.compress(CONTENT[:5000])
    assert read(member + padding + member + padding, size=size) == CONTENT[:5000] * 2


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(CONTENT)[:-5], "is incomplete"),
        (gzip.compress(CONTENT)[:100], "is incomplete"),
        (gzip.compress(CONTENT)[:-8] + bytes(8), "damaged"),
        (gzip.compress(CONTENT) + b"rubbish", "damaged"),
        (b"\x1f\x8b\x09" + bytes(20), "damaged"),
    ],
    ids=["end missing", "cut early", "wrong checksum", "trailing garbage", "unknown method"],
)
def test_a_damaged_file_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        read(data)


def test_a_gzip_bomb_is_refused_as_soon_as_it_exceeds_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    consumed = itertools.count()

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(bomb), 100):
            next(consumed)
            yield bomb[at : at + 100]

    with pytest.raises(RefusedError, match="more than 1,000,000 bytes"):
        list(decompressed(pieces(), declared=None, max_bytes=1_000_000))
    # The limit is a fiftieth of the content: twice as much of the file may be received, on every Python version.
    assert next(consumed) <= len(bomb) / 100 / 25
    assert len(read(gzip.compress(bytes(1_000_000)), max_bytes=1_000_000)) == 1_000_000


def test_a_file_that_is_declared_gzip_and_is_not_is_refused_and_the_declaration_named() -> None:
    with pytest.raises(RefusedError, match="The file's name says"):
        read(CONTENT, declared=gzip_declaration("incoming/a.csv.GZ", ""))
    with pytest.raises(RefusedError, match="The Content-Encoding aws-chunked,gzip says"):
        read(b"x", declared=gzip_declaration("incoming/a.csv", "aws-chunked,gzip"))
    assert gzip_declaration("incoming/gzip.csv", "identity") is None


def test_an_empty_file_is_accepted_although_it_is_declared_gzip() -> None:
    assert read(b"", declared="The file's name") == b""


@pytest.mark.skipif(sys.version_info < (3, 14), reason="the standard library has no Zstandard")
def test_zstandard_is_decompressed_within_the_limits() -> None:
    zstd = importlib.import_module("compression.zstd")
    data = zstd.compress(CONTENT[:5000]) + zstd.compress(b"") + zstd.compress(CONTENT[5000:])
    for size in (1, 1000, 1_000_000):
        assert read(data, size=size) == CONTENT
    large_window = {zstd.CompressionParameter.window_log: 27}
    for bad, words in (
        (data[:-5], "incomplete"),
        (data + b"rubbish", "damaged"),
        (zstd.compress(bytes(300_000_000), options=large_window), "too much memory"),
    ):
        with pytest.raises(RefusedError, match=words):
            read(bad)
    with pytest.raises(RefusedError, match="more than 1,000 bytes"):
        read(data, max_bytes=1_000)


def test_empty_members_add_no_content() -> None:
    assert read(gzip.compress(b"") * 1000 + gzip.compress(b"x") + gzip.compress(b"")) == b"x"


def test_many_tiny_members_are_joined_into_pieces_of_fixed_size() -> None:
    data = gzip.compress(b"x") * 70_000
    sizes = [len(piece) for piece in decompressed(iter([data]), declared=None, max_bytes=1_000_000)]
    assert sizes == [PIECE_BYTES, 70_000 - PIECE_BYTES]
