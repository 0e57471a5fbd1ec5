"""Finds e-mail addresses in texts by their hashes, so that nothing has to keep the addresses themselves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

MASK = "***"  # shorter than any address, so a masked text fits where the text did
# Beyond these limits of an address, nothing is searched: a text that was made for it must not take long.
_MAX_STARTS, _MAX_ENDS = 16, 8
_AROUND_AT = re.compile(r"([^\s\"<>(),:;\[\]\\@]{1,64})@([A-Za-z0-9\u0080-\U0010ffff.-]{1,255})")
# What stands for a character behind a backslash, in JSON and in the reasons of rejected rows.
_ESCAPE = re.compile(r"[abfnrtv]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}")
_AFTER_NO_LETTER = re.compile(r"(?<=[^\W_])(?=[\W_])|(?<=[\W_])(?=[^\W_])")


def address_hash(address: str) -> bytes:
    """SHA-256 of the address with A to Z in lower case, as PostgreSQL's lower() makes it in the collation "C"."""
    return hashlib.sha256(_folded(address)).digest()


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").lower()


class Addresses:
    """Some addresses, of which only the hashes are known."""

    def __init__(self, hashes: Iterable[bytes]) -> None:
        self.hashes = frozenset(hashes)

    def masked(self, text: str) -> str:
        """The text with a mask in place of each of the addresses."""
        return _AROUND_AT.sub(self._masked, text) if "@" in text else text

    def are_in(self, *texts: str | None) -> bool:
        """Whether one of the texts has one of the addresses."""
        return any(text and self.masked(text) != text for text in texts)

    def _masked(self, match: re.Match[str]) -> str:
        local, domain = match.groups()
        ends = sorted(_ends(domain))
        parts = [_folded(domain[start:end]) for start, end in pairwise([0, *ends])]
        after_backslash = match.string[max(0, match.start() - 1) : match.start()] == "\\"
        for start in _starts(local, after_backslash=after_backslash):
            hashed, found = hashlib.sha256(_folded(f"{local[start:]}@")), None
            for end, part in zip(ends, parts, strict=True):
                hashed.update(part)  # instead of all of it again, because a text may have a great many candidates
                if hashed.digest() in self.hashes:
                    found = end
            if found:
                return f"{local[:start]}{MASK}{domain[found:]}"
        return match[0]


def _starts(local: str, *, after_backslash: bool) -> Iterator[int]:
    """Where an address may start: "mail=ada" may be one, or "ada" behind other text or behind an escaped character."""
    yield 0
    if after_backslash and (escape := _ESCAPE.match(local)):
        yield escape.end()
    yield from [each.start() for each in _AFTER_NO_LETTER.finditer(local)][-_MAX_STARTS:]


def _ends(domain: str) -> Iterator[int]:
    """Where an address may end: the dot of a sentence may follow it, and the next sentence without a blank."""
    yield len(domain)
    yield from [each for each, character in enumerate(domain) if character in ".-"][::-1][:_MAX_ENDS]
