"""Reads a version of a file from the landing bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 64 * 1024  # larger pieces were slower: what is read is still in the processor's cache when it is used
# S3 answers "method not allowed" where the version is a delete marker.
_GONE = frozenset({"NoSuchVersion", "NoSuchKey", "MethodNotAllowed", "404", "405"})


class GoneError(Exception):
    """The version is no longer there."""


class LandedFile(NamedTuple):
    """A version that can be read: its size in bytes, what makes gzip expected of it, if anything, and its bytes."""

    size: int
    promises_gzip: str | None
    pieces: Iterator[bytes]


class LandedFiles:
    """The files of the landing bucket."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    @contextmanager
    def open(self, bucket: str, key: str, version_id: str) -> Iterator[LandedFile]:
        """The version, to be read once; raises GoneError where it is no longer there."""
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise GoneError from error
            raise
        with closing(answer["Body"]) as body:
            promise = promise_of_gzip(key, answer.get("ContentEncoding", ""))
            yield LandedFile(answer["ContentLength"], promise, _pieces(body))


def promise_of_gzip(key: str, content_encoding: str) -> str | None:
    """What says that a file is compressed with gzip: its Content-Encoding or its name; None where nothing does."""
    if "gzip" in content_encoding.lower():
        return f"The Content-Encoding {content_encoding}"
    return "The file's name" if key.lower().endswith((".gz", ".gzip")) else None


def _pieces(body: StreamingBody) -> Iterator[bytes]:
    while piece := body.read(PIECE_BYTES):
        yield piece
