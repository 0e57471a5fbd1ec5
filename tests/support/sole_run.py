"""One test run at a time has the checkout's test cloud."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def sole_run(lock: Path) -> Iterator[None]:
    """Hold `lock`; where another test run holds it, end this one with one line and leave the other's cloud alone."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.exit(
                f"another test run of this checkout is using the test cloud (it holds {lock}): wait until it is done",
                returncode=1,
            )
        yield
