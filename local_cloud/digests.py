"""Hashes that tell whether files are still those that something was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from .state import CHECKOUT

_OWN_SUFFIXES = {".py", ".json", ".txt"}


def digest(files: Iterable[Path], root: Path) -> str:
    """A hash of these files' paths below `root` and contents, in the order given."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def own_code_digest(folder: Path = CHECKOUT / "local_cloud") -> str:
    """A hash of what running services were made from: the local cloud's code, and the versions that it pins."""
    return digest(sorted(path for path in folder.rglob("*") if path.suffix in _OWN_SUFFIXES), folder)
