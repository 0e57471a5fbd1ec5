"""Fixtures of the reachability tests."""

import pytest

from tests.support.reachability_sketch import Sketch


@pytest.fixture
def sketch() -> Sketch:
    """A new sketch, in which nothing allows the function to connect to the database."""
    return Sketch()
