"""One test run at a time uses the checkout's local cloud for tests."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def sole_run(lock: Path) -> Iterator[None]:
    """Hold `lock`; if another test run holds it, end this one with one line."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.exit(
                f"another test run of this checkout uses its local cloud (it holds {lock}): wait until it has finished",
                returncode=1,
            )
        yield
