"""Nothing is done that nobody agreed to."""

from __future__ import annotations

import io
import sys

import pytest

from ops.common.terminal import agreed


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "agrees"), [("y\n", True), ("Yes \n", True), ("\n", False), ("n\n", False), ("", False)]
)
def test_only_a_clear_yes_counts(typed: str, agrees: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert agreed("Sure?", yes=False) is agrees


def test_a_yes_given_beforehand_is_not_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert agreed("Sure?", yes=True) is True


def test_where_nobody_can_be_asked_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert agreed("Sure?", yes=False) is False
    assert "YES=1" in capsys.readouterr().out
