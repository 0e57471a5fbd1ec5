"""Addresses are found in texts by their hashes."""

from __future__ import annotations

import time

import pytest

from tabular.addresses import Addresses, address_hash

ADDRESSES = ["ada@example.com", "o'brien+x@mail.example.co.uk", "jörg@bücher.example", "a@b.de"]
KNOWN = Addresses(map(address_hash, ADDRESSES))


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "text",
    ["{}", "mail {} please", "Write to {}. Thanks", "{}.Thanks", "<{}>", "mailto:{}?subject=x", "x,{},y", "mail={}&y=1",
     '{{"mail": "{}"}}', "({})", "{}/{}", "{};{}",
     '"of\\n{}\\n"', '{{"a": "\\u000a{}"}}', '"of\\xa0{}" is too long', '"\\U000e0001{}"'],
)  # fmt: skip
def test_an_address_is_masked_wherever_it_stands(address: str, text: str) -> None:
    masked = KNOWN.masked(text.format(address, address))
    assert masked == text.format("***", "***")
    assert KNOWN.masked(text.format(address.upper() if address.isascii() else address, address)) == masked
    assert KNOWN.are_in(None, text.format(address, address))


@pytest.mark.parametrize(
    "text", ["joada@example.com", "ada@example.community", "ada@example.com2", "ada@ example.com", "ada", "@", "x@y"]
)
def test_another_address_stays(text: str) -> None:
    assert KNOWN.masked(text) == text
    assert not KNOWN.are_in(text, "", None)


@pytest.mark.parametrize("text", ["-a" * 50_000 + "@", "a.-" * 40 + "@" + "b-" * 120, "a@" * 50_000, "@" * 100_000])
def test_a_text_that_was_made_to_take_long_does_not(text: str) -> None:
    text = (text * 1000)[:100_000]
    before = time.process_time()
    KNOWN.masked(text)
    assert time.process_time() - before < 3
