"""What the tests of reachability share."""

import pytest

from tests.support.reachability_sketch import Sketch


@pytest.fixture
def sketch() -> Sketch:
    """A fresh one, where the function's way to the database is closed on every side."""
    return Sketch()
