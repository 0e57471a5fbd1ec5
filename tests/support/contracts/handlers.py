"""Imports a function's handler with the variables that the templates set."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from tests.support.contracts.deployed import deployed


def deployed_handler(package: str, monkeypatch: pytest.MonkeyPatch, *, case: str = "prod") -> Any:
    """The handler's module as it runs in that environment or variant."""
    runtime = deployed(case).runtime(package)
    for name, value in (runtime.environment() | {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, f"{runtime.package}.handler", raising=False)
    return importlib.import_module(f"{runtime.package}.handler")
