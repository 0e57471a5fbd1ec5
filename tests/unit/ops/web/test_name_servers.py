"""The DNS is asked for a domain's name servers, in the format of RFC 1035."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from ops.common.check import SkippedError
from ops.web import name_servers

QUESTION = b"\x07example\x03com\0\0\x02\0\x01"


def _record(type_: int, data: bytes) -> bytes:
    """Its name points to that of the question."""
    return b"\xc0\x0c" + struct.pack(">2HIH", type_, 1, 60, len(data)) + data


FIRST = _record(2, b"\x03NS1\x07awsdns1\x03org\0")
SECOND = _record(2, b"\x03ns2\xc0\x2d")  # and then as in the first, whose second label is there
OTHER = _record(16, b"\x04text")


def _answer(query: bytes, *records: bytes, code: int = 0) -> bytes:
    return query[:2] + struct.pack(">5H", 0x8180 | code, 1, len(records), 0, 0) + QUESTION + b"".join(records)


@pytest.fixture
def resolver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[bytes]]]:
    """Answers the next question, and returns a list in which that question will be."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        configuration = tmp_path / "resolv.conf"
        configuration.write_text("search example.org\nnameserver 127.0.0.1\n")
        monkeypatch.setattr(name_servers, "_RESOLVERS", configuration)
        monkeypatch.setattr(name_servers, "_PORT", server.getsockname()[1])

        def answer(*records: bytes, code: int = 0) -> list[bytes]:
            asked: list[bytes] = []

            def serve() -> None:
                query, sender = server.recvfrom(512)
                asked.append(query)
                server.sendto(_answer(query, *records, code=code), sender)

            Thread(target=serve, daemon=True).start()
            return asked

        yield answer


def test_the_names_of_all_servers_are_read(resolver: Callable[..., list[bytes]]) -> None:
    asked = resolver(FIRST, OTHER, SECOND)
    assert name_servers.of("example.com") == {"ns1.awsdns1.org", "ns2.awsdns1.org"}
    assert asked[0][12:] == QUESTION


@pytest.mark.parametrize("data", [b"\x09short", b"\xc0\x29"])  # the second points to itself
def test_an_answer_that_cannot_be_read_says_nothing(resolver: Callable[..., list[bytes]], data: bytes) -> None:
    resolver(_record(2, data))
    with pytest.raises(SkippedError, match="can't be read"):
        name_servers.of("example.com")


def test_a_domain_that_does_not_exist_has_none(resolver: Callable[..., list[bytes]]) -> None:
    resolver(code=3)
    assert name_servers.of("example.com") == set()


def test_a_resolver_that_fails_says_nothing_about_the_domain(resolver: Callable[..., list[bytes]]) -> None:
    resolver(code=2)
    with pytest.raises(SkippedError, match=r"127\.0\.0\.1 can't answer"):
        name_servers.of("example.com")


def test_without_a_resolver_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_servers, "_RESOLVERS", tmp_path / "missing")
    with pytest.raises(SkippedError, match="names no DNS resolver"):
        name_servers.of("example.com")


def test_a_resolver_that_is_silent_says_nothing(
    resolver: Callable[..., list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_servers, "_SECONDS", 0.05)
    with pytest.raises(SkippedError, match="does not answer"):
        name_servers.of("example.com")
