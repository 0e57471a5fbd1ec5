"""Reading from S3: in pieces, that very version, and what it means when it is gone."""

from __future__ import annotations

import io
from collections.abc import Iterator

import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from ingestion.landed_file import PIECE_BYTES, GoneError, LandedFiles

EXPECTED = {"Bucket": "landing", "Key": "incoming/a", "VersionId": "v1"}


@pytest.fixture
def stub() -> Iterator[tuple[LandedFiles, Stubber]]:
    session = botocore.session.Session()
    session.set_credentials("key", "secret")
    s3 = session.create_client("s3", region_name="eu-central-1")
    with Stubber(s3) as stubber:
        yield LandedFiles(s3), stubber  # type: ignore[arg-type]


def test_the_version_asked_for_comes_in_small_pieces(stub: tuple[LandedFiles, Stubber]) -> None:
    files, stubber = stub
    content = b"x" * (PIECE_BYTES * 2 + 10)
    body = StreamingBody(io.BytesIO(content), len(content))
    stubber.add_response("get_object", {"Body": body, "ContentLength": len(content)}, EXPECTED)
    with files.open("landing", "incoming/a", "v1") as landed:
        read = list(landed.pieces)
    assert (landed.size, landed.promises_gzip) == (len(content), None)
    assert b"".join(read) == content
    assert max(map(len, read)) <= PIECE_BYTES


@pytest.mark.parametrize(("code", "status"), [("NoSuchVersion", 404), ("NoSuchKey", 404), ("MethodNotAllowed", 405)])
def test_a_version_that_is_not_there_any_more_is_gone(
    stub: tuple[LandedFiles, Stubber], code: str, status: int
) -> None:
    files, stubber = stub
    stubber.add_client_error("get_object", code, http_status_code=status)
    with pytest.raises(GoneError), files.open("landing", "incoming/a", "v1"):
        pass


def test_a_version_that_may_not_be_read_is_not_taken_for_gone(stub: tuple[LandedFiles, Stubber]) -> None:
    files, stubber = stub
    stubber.add_client_error("get_object", "AccessDenied", http_status_code=403)
    with pytest.raises(ClientError), files.open("landing", "incoming/a", "v1"):
        pass
