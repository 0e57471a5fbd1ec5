"""All processes of `make test` must collect tests with the same ids, otherwise pytest-xdist runs none."""

import gzip

import pytest


@pytest.mark.parametrize("content", [gzip.compress(b"orders")])
def test_test_ids_do_not_contain_timestamps_of_compressed_content(
    content: bytes, request: pytest.FixtureRequest
) -> None:
    assert gzip.decompress(content) == b"orders"
    assert request.node.callspec.id == "content"
