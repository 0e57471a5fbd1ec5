"""The processes that `make test` starts must collect the same tests by the same names, or pytest-xdist runs none."""

import gzip

import pytest


@pytest.mark.parametrize("content", [gzip.compress(b"orders")])
def test_no_test_is_named_by_the_time_that_compressed_content_holds(
    content: bytes, request: pytest.FixtureRequest
) -> None:
    assert gzip.decompress(content) == b"orders"
    assert request.node.callspec.id == "content"
