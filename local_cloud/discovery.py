"""Finds the modules that each capability adds to the local cloud.

Standard library only: the emulator's interpreter uses it too.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

_TOP = Path(__file__).parent


def capability_modules(name: str) -> dict[str, ModuleType]:
    """The module or package `local_cloud.<package>.<name>` of each package that has one, by package."""
    found = [*_TOP.glob(f"*/{name}.py"), *_TOP.glob(f"*/{name}/__init__.py")]
    packages = sorted(path.relative_to(_TOP).parts[0] for path in found)
    return {each: importlib.import_module(f"{_TOP.name}.{each}.{name}") for each in packages}
