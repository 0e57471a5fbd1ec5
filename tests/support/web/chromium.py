"""Finds Chromium, or installs it if possible."""

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
    """A running browser. Without Chromium, and if it can't be installed, the test is skipped; in CI it fails."""
    return playwright.chromium.launch(
        executable_path=find_or_install(Path(playwright.chromium.executable_path)),
        # Chromium refuses to run its sandbox as root. These tests load only our own pages.
        args=["--no-sandbox"] if os.geteuid() == 0 else [],
    )


def find_or_install(
    bundled: Path,
    *,
    find: Callable[[str], str | None] = shutil.which,
    run: Callable[[list[str]], bool] | None = None,
    in_ci: bool = bool(os.environ.get("CI")),
) -> Path:
    """The system's Chromium, or else Playwright's `bundled` one; installed if both are missing."""
    run = run or _succeeds
    found = _found(bundled, find)
    if found is None:
        for command in _install_commands(find):
            if run(command):
                break
        found = _found(bundled, find)
    if found is None:
        message = (
            "Chromium is missing and could not be installed: apt-get install chromium, or playwright install chromium"
        )
        (pytest.fail if in_ci else pytest.skip)(message)
    return found


def _found(bundled: Path, find: Callable[[str], str | None]) -> Path | None:
    programs = (find(name) for name in _PROGRAMS)
    return next((Path(program) for program in programs if program), bundled if bundled.exists() else None)


def _install_commands(find: Callable[[str], str | None]) -> list[list[str]]:
    """As root the distribution's package, otherwise Playwright's download. Tried in order until one succeeds."""
    if os.geteuid() == 0 and find("apt-get"):
        install = ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]
        # A fresh container image has no package lists.
        return [install, ["sh", "-c", f"apt-get update && {' '.join(install)}"]]
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


def _succeeds(command: list[str]) -> bool:
    print(f"Chromium is missing: {' '.join(command)}")
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
