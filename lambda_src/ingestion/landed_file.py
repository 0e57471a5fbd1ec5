"""Reads a version of a file from the landing bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 64 * 1024  # larger pieces were slower: they leave the processor's cache before they are used
# S3 answers "method not allowed" if the version is a delete marker.
_NO_SUCH_VERSION = frozenset({"NoSuchVersion", "NoSuchKey", "MethodNotAllowed", "404", "405"})


class NoSuchVersionError(Exception):
    """The version does not exist any more."""


class LandedFile(NamedTuple):
    """A version that can be read: its size in bytes, what declares it to be gzip (or None), and its bytes."""

    size: int
    declared_gzip: str | None
    pieces: Iterator[bytes]


class LandedFiles:
    """The files of the landing bucket."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    @contextmanager
    def open(self, bucket: str, key: str, version_id: str) -> Iterator[LandedFile]:
        """The version, to be read once; raises NoSuchVersionError if it does not exist any more."""
        try:
            response = self._s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NO_SUCH_VERSION:
                raise NoSuchVersionError from error
            raise
        with closing(response["Body"]) as body:
            declaration = gzip_declaration(key, response.get("ContentEncoding", ""))
            yield LandedFile(response["ContentLength"], declaration, body.iter_chunks(PIECE_BYTES))


def gzip_declaration(key: str, content_encoding: str) -> str | None:
    """The property that declares a file to be gzip: Content-Encoding or name. None if no property does."""
    if "gzip" in content_encoding.lower():
        return f"The Content-Encoding {content_encoding}"
    return "The file's name" if key.lower().endswith((".gz", ".gzip")) else None
