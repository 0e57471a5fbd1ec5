"""A command acts only after a clear yes."""

from __future__ import annotations

import io
import sys

import pytest

from ops.common.terminal import confirmed


class Terminal(io.StringIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "agrees"), [("y\n", True), ("Yes \n", True), ("\n", False), ("n\n", False), ("", False)]
)
def test_only_a_clear_yes_counts(typed: str, agrees: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert confirmed("Sure?", yes=False) is agrees


def test_yes_on_the_command_line_skips_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert confirmed("Sure?", yes=True) is True


def test_without_a_terminal_the_answer_is_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert confirmed("Sure?", yes=False) is False
    assert "YES=1" in capsys.readouterr().out
