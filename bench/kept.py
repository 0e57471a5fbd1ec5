"""The folder of what one run of the benchmarks leaves for later runs."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(".local/bench")


def kept(name: str, made_from: bytes, fill: Callable[[Path], object]) -> Path:
    """The folder that `fill` filled, in this run or in an earlier one with the same `made_from`.

    A folder of the same name that was made from something else is deleted.
    """
    folder = FOLDER.resolve() / f"{name}-{hashlib.sha256(made_from).hexdigest()[:12]}"
    if not folder.exists():
        for former in FOLDER.glob(f"{name}-*"):
            shutil.rmtree(former)
        draft = folder.with_name(f"{name}-draft")
        draft.mkdir(parents=True)
        fill(draft)
        draft.rename(folder)
    return folder
