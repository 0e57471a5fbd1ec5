"""A command acts only after a clear yes."""

from __future__ import annotations

import io
import sys

import pytest

from ops.common.terminal import confirmed, typed


class Terminal(io.StringIO):
    """A terminal with typed answers."""

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


NAME = {"what": "the name", "variable": "CONFIRM"}


@pytest.mark.parametrize(("written", "agrees"), [("acme-dev\n", True), ("acme\n", False), ("y\n", False), ("", False)])
def test_only_the_whole_name_counts(written: str, agrees: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(written))
    assert typed("acme-dev", given="", **NAME) is agrees


@pytest.mark.parametrize(("given", "agrees"), [("acme-dev", True), ("dev", False)])
def test_a_name_on_the_command_line_skips_the_question(
    given: str, agrees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("acme-dev\n"))
    assert typed("acme-dev", given=given, **NAME) is agrees


def test_without_a_terminal_nobody_is_asked_for_a_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("acme-dev\n"))
    assert typed("acme-dev", given="", **NAME) is False
    assert "CONFIRM=acme-dev" in capsys.readouterr().out
