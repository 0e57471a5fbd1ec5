"""Fixtures: stubbed AWS clients, and a copy of the makefiles."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.makefile import Checkout
from tests.support.ops.fake_dev import FakeDev, clear_caches
from tests.support.ops.stubs import Stubs
from tests.support.paths import AWKWARD


@pytest.fixture
def aws() -> Iterator[Stubs]:
    """Fails if an expected call was not made."""
    with ExitStack() as active:
        stubs = Stubs(active)
        yield stubs
        stubs.assert_no_pending_responses()


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell without any setting of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / AWKWARD)


@pytest.fixture
def dev(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDev]:
    """Dev with an empty template, not deployed."""
    clear_caches()
    yield FakeDev(monkeypatch)
    clear_caches()
