"""On a machine without a browser one is installed, or its tests say that they were left out; in CI they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.web.chromium import obtain

NOWHERE = Path("/nowhere/chromium")


def _nothing(_: str) -> str | None:
    return None


def test_the_systems_browser_is_used() -> None:
    assert obtain(NOWHERE, find=lambda name: f"/usr/bin/{name}") == Path("/usr/bin/chromium")


def test_a_browser_that_playwright_brought_is_used(tmp_path: Path) -> None:
    assert obtain(tmp_path, find=_nothing) == tmp_path


def test_a_missing_browser_is_installed(tmp_path: Path) -> None:
    own = tmp_path / "chromium"
    commands: list[list[str]] = []

    def install(command: list[str]) -> bool:
        commands.append(command)
        own.touch()
        return True

    assert obtain(own, find=_nothing, run=install) == own
    assert [command[-2:] for command in commands] == [["install", "chromium"]]


def test_without_a_browser_the_tests_are_skipped_with_a_line_that_says_so() -> None:
    with pytest.raises(pytest.skip.Exception, match="no Chromium here, and none could be installed"):
        obtain(NOWHERE, find=_nothing, run=lambda _: False, in_ci=False)


def test_in_ci_a_missing_browser_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="no Chromium here"):
        obtain(NOWHERE, find=_nothing, run=lambda _: False, in_ci=True)
