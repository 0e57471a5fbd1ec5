"""gzip: told by its first bytes, read to its last member, and never beyond the limit."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.compression import PIECE_BYTES, decompressed
from ingestion.landed_file import promise_of_gzip
from ingestion.refusal import RefusedError

CONTENT = b"".join(b"row %d\n" % number for number in range(50_000))


def read(data: bytes, *, size: int = 1000, promised: str | None = None, max_bytes: int = 10_000_000) -> bytes:
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return b"".join(decompressed(pieces, promised=promised, max_bytes=max_bytes))


def test_what_is_not_compressed_comes_as_it_is() -> None:
    assert read(CONTENT) == CONTENT


@pytest.mark.parametrize("size", [1, 7, 1000, 1_000_000])
def test_all_members_are_read_however_the_bytes_arrive(size: int) -> None:
    data = gzip.compress(CONTENT[:5000]) + gzip.compress(b"") + gzip.compress(CONTENT[5000:9000])
    assert read(data, size=size) == CONTENT[:9000]


@given(content=st.binary(max_size=300), cuts=st.integers(1, 50))
def test_whatever_was_compressed_comes_out(content: bytes, cuts: int) -> None:
    assert read(gzip.compress(content), size=cuts) == content


@given(st.binary(max_size=60), st.integers(1, 20))
def test_no_bytes_after_the_magic_ones_crash_it(rest: bytes, size: int) -> None:
    try:
        read(b"\x1f\x8b" + rest, size=size)
    except RefusedError as error:
        assert str(error)


def test_padding_of_zeros_is_no_damage() -> None:
    assert read(gzip.compress(CONTENT) + bytes(512)) == CONTENT


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(CONTENT)[:-5], "too early"),
        (gzip.compress(CONTENT)[:100], "too early"),
        (gzip.compress(CONTENT)[:-8] + bytes(8), "damaged"),
        (gzip.compress(CONTENT) + b"rubbish", "damaged"),
        (b"\x1f\x8b\x09" + bytes(20), "damaged"),
    ],
    ids=["without its end", "cut early", "another checksum", "rubbish behind", "another method"],
)
def test_damage_is_refused_with_its_reason(data: bytes, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        read(data)


def test_what_grows_beyond_the_limit_is_refused_as_soon_as_it_does() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    consumed = itertools.count()

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(bomb), 100):
            next(consumed)
            yield bomb[at : at + 100]

    with pytest.raises(RefusedError, match="more than 1,000,000 bytes"):
        list(decompressed(pieces(), promised=None, max_bytes=1_000_000))
    # The limit is a fiftieth of the content: twice as much of the file may be received, on every Python version.
    assert next(consumed) <= len(bomb) / 100 / 25
    assert len(read(gzip.compress(bytes(1_000_000)), max_bytes=1_000_000)) == 1_000_000


def test_a_promise_that_is_not_kept_is_refused_and_says_who_made_it() -> None:
    with pytest.raises(RefusedError, match="The file's name says"):
        read(CONTENT, promised=promise_of_gzip("incoming/a.csv.GZ", ""))
    with pytest.raises(RefusedError, match="The Content-Encoding aws-chunked,gzip says"):
        read(b"x", promised=promise_of_gzip("incoming/a.csv", "aws-chunked,gzip"))
    assert promise_of_gzip("incoming/gzip.csv", "identity") is None


def test_an_empty_file_is_empty_whatever_was_promised() -> None:
    assert read(b"", promised="The file's name") == b""


def test_empty_members_are_no_content() -> None:
    assert read(gzip.compress(b"") * 1000 + gzip.compress(b"x") + gzip.compress(b"")) == b"x"


def test_many_tiny_members_come_in_pieces_of_a_size() -> None:
    data = gzip.compress(b"x") * 70_000
    sizes = [len(piece) for piece in decompressed(iter([data]), promised=None, max_bytes=1_000_000)]
    assert sizes == [PIECE_BYTES, 70_000 - PIECE_BYTES]
