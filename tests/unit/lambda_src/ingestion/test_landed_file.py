"""Reads exactly one version from S3 in pieces, and recognizes a version that no longer exists."""

from __future__ import annotations

import io
from collections.abc import Iterator

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from ingestion.landed_file import PIECE_BYTES, LandedFiles, NoSuchVersionError

EXPECTED = {"Bucket": "landing", "Key": "incoming/a", "VersionId": "v1"}


@pytest.fixture
def stub() -> Iterator[tuple[LandedFiles, Stubber]]:
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    s3 = session.create_client("s3", region_name="eu-central-1")
    with Stubber(s3) as stubber:
        yield LandedFiles(s3), stubber  # type: ignore[arg-type] # botocore's


def test_the_requested_version_is_read_in_small_pieces(stub: tuple[LandedFiles, Stubber]) -> None:
    files, stubber = stub
    content = b"x" * (PIECE_BYTES * 2 + 10)
    body = StreamingBody(io.BytesIO(content), len(content))
    stubber.add_response("get_object", {"Body": body, "ContentLength": len(content)}, EXPECTED)
    with files.open("landing", "incoming/a", "v1") as landed:
        read = list(landed.pieces)
    assert (landed.size, landed.declared_gzip) == (len(content), None)
    assert b"".join(read) == content
    assert max(map(len, read)) <= PIECE_BYTES


@pytest.mark.parametrize(("code", "status"), [("NoSuchVersion", 404), ("NoSuchKey", 404), ("MethodNotAllowed", 405)])
def test_a_version_that_does_not_exist_is_reported_as_such(
    stub: tuple[LandedFiles, Stubber], code: str, status: int
) -> None:
    files, stubber = stub
    stubber.add_client_error("get_object", code, http_status_code=status)
    with pytest.raises(NoSuchVersionError), files.open("landing", "incoming/a", "v1"):
        pass


def test_access_denied_is_not_mistaken_for_a_missing_version(stub: tuple[LandedFiles, Stubber]) -> None:
    files, stubber = stub
    stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
    with pytest.raises(ClientError), files.open("landing", "incoming/a", "v1"):
        pass
