"""Reads a version of a file from the landing bucket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

PIECE_BYTES = 64 * 1024
# S3 answers "method not allowed" where the version is a delete marker.
_GONE = frozenset({"NoSuchVersion", "NoSuchKey", "MethodNotAllowed", "404", "405"})


class GoneError(Exception):
    """The version is no longer there."""


class LandedFiles:
    """The files of the landing bucket."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    @contextmanager
    def open(self, bucket: str, key: str, version_id: str) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The size in bytes, and the content in pieces; raises GoneError where that version is no longer there."""
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise GoneError from error
            raise
        with closing(answer["Body"]) as body:
            yield answer["ContentLength"], _pieces(body)


def _pieces(body: StreamingBody) -> Iterator[bytes]:
    while piece := body.read(PIECE_BYTES):
        yield piece
