"""Finds a key as a person names it: in whatever Unicode form, with or without the prefix, or as a URL.

S3 compares keys byte by byte. "é" is one character in composed form (NFC), which keyboards type, and two in decomposed
form (NFD), which macOS has in the names of files.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, takewhile
from typing import TYPE_CHECKING
from unicodedata import is_normalized, normalize

from ops.common.errors import CommandError
from ops.ingestion import versions
from ops.ingestion.versions import Version

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LONGEST_BYTES = 1_024  # Amazon S3 User Guide, "Naming Amazon S3 objects"
_SEARCHED = 10_000  # versions, to find a key that is partly composed and partly decomposed


def without_bucket(named: str, bucket: str) -> str:
    """The key in `s3://<bucket>/<key>`, or all of it if it is no URL. Raises CommandError for another bucket."""
    scheme, found, rest = named.partition("://")
    if scheme.lower() != "s3" or not found:
        return named
    other, _, key = rest.partition("/")
    if other != bucket or not key:
        raise CommandError(f"KEY must name a file in s3://{bucket}/, got {named!r}")
    return key


def forms(key: str) -> list[str]:
    """The key as it is, then composed and decomposed, without repetitions and without what is too long for a key."""
    others = (normalize("NFC", key), normalize("NFD", key))
    return list(dict.fromkeys((key, *(other for other in others if len(other.encode()) <= _LONGEST_BYTES))))


def same(one: str, other: str) -> bool:
    """Whether the two keys differ at most in their Unicode form."""
    return normalize("NFC", one) == normalize("NFC", other)


def stored(s3: S3Client, bucket: str, key: str) -> dict[str, list[Version]]:
    """The versions of the key by each form that the bucket has; `key` itself comes first if it exists."""
    found = _of_keys(s3, bucket, forms(key))
    if found or len(forms(key)) == 1:
        return found
    # For example a composed folder with a decomposed file name. All forms start with what is the same in both.
    pairs = zip(normalize("NFC", key), normalize("NFD", key), strict=False)
    start = "".join(composed for composed, decomposed in takewhile(lambda pair: pair[0] == pair[1], pairs))
    listed = islice(versions.listed(s3, bucket, start), _SEARCHED)
    return _of_keys(s3, bucket, dict.fromkeys(version.key for version in listed if same(version.key, key)))


def described(key: str) -> str:
    """The form of the key, and how to type it in bash or zsh, because keys that differ only in form look the same."""
    form = "composed" if is_normalized("NFC", key) else "decomposed" if is_normalized("NFD", key) else "mixed"
    typed = "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}" for byte in key.encode())
    return f"in {form} Unicode, KEY=$'{typed}'"


def _of_keys(s3: S3Client, bucket: str, keys: Iterable[str]) -> dict[str, list[Version]]:
    found = {key: versions.of_key(s3, bucket, key) for key in keys}
    return {key: of_key for key, of_key in found.items() if of_key}
