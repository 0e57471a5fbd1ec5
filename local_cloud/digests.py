"""Hashes that show whether files have changed since something was made from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .state import CHECKOUT

_OWN_SUFFIXES = {".py", ".json", ".txt"}


def digest(files: Iterable[Path], root: Path) -> str:
    """A hash of the files' contents and their paths below `root`, in this order."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def own_code_digest(folder: Path = CHECKOUT / "local_cloud") -> str:
    """A hash of the local cloud's own code and the versions that it pins."""
    return digest(sorted(path for path in folder.rglob("*") if path.suffix in _OWN_SUFFIXES), folder)
