"""A missing browser is installed; if that fails, its tests are skipped, and in CI they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.web.chromium import find_or_install

NOWHERE = Path("/nowhere/chromium")


def _nothing(_: str) -> str | None:
    return None


def test_the_systems_browser_is_used() -> None:
    assert find_or_install(NOWHERE, find=lambda name: f"/usr/bin/{name}") == Path("/usr/bin/chromium")


def test_playwrights_browser_is_used(tmp_path: Path) -> None:
    assert find_or_install(tmp_path, find=_nothing) == tmp_path


def test_a_missing_browser_is_installed(tmp_path: Path) -> None:
    bundled = tmp_path / "chromium"
    commands: list[list[str]] = []

    def install(command: list[str]) -> bool:
        commands.append(command)
        bundled.touch()
        return True

    assert find_or_install(bundled, find=_nothing, run=install) == bundled
    assert [command[-2:] for command in commands] == [["install", "chromium"]]


def test_without_a_browser_the_tests_are_skipped_with_a_message() -> None:
    with pytest.raises(pytest.skip.Exception, match="Chromium is missing and could not be installed"):
        find_or_install(NOWHERE, find=_nothing, run=lambda _: False, in_ci=False)


def test_in_ci_a_missing_browser_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception, match="Chromium is missing"):
        find_or_install(NOWHERE, find=_nothing, run=lambda _: False, in_ci=True)
