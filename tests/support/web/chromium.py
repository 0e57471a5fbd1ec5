"""Finds a Chromium, or installs one where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_INSTALL_SECONDS = 300.0


def launch(playwright: Playwright) -> Browser:
    """A running browser. Where there is none and none can be installed, the test is skipped; in CI it fails."""
    return playwright.chromium.launch(
        executable_path=obtain(Path(playwright.chromium.executable_path)),
        # Chromium's sandbox refuses root, and these pages are our own.
        args=["--no-sandbox"] if os.geteuid() == 0 else [],
    )


def obtain(
    own: Path,
    *,
    find: Callable[[str], str | None] = shutil.which,
    run: Callable[[list[str]], bool] | None = None,
    in_ci: bool = bool(os.environ.get("CI")),
) -> Path:
    """The system's Chromium or Playwright's `own`, installed if need be."""
    run = run or _succeeds
    found = _found(own, find)
    if found is None:
        for command in _ways(find):
            if run(command):
                break
        found = _found(own, find)
    if found is None:
        words = (
            "no Chromium here, and none could be installed: apt-get install chromium, or playwright install chromium"
        )
        (pytest.fail if in_ci else pytest.skip)(words)
    return found


def _found(own: Path, find: Callable[[str], str | None]) -> Path | None:
    programs = (find(name) for name in _PROGRAMS)
    return next((Path(program) for program in programs if program), own if own.exists() else None)


def _ways(find: Callable[[str], str | None]) -> list[list[str]]:
    """The distribution's package as root, Playwright's own download elsewhere."""
    if os.geteuid() == 0 and find("apt-get"):
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        # A fresh image has no lists of packages.
        return [install, ["sh", "-c", f"apt-get update && {' '.join(install)}"]]
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


def _succeeds(command: list[str]) -> bool:
    print(f"no Chromium here: {' '.join(command)}")
    try:
        done = subprocess.run(
            command,
            check=False,
            timeout=_INSTALL_SECONDS,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
