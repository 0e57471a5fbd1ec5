"""A command acts only after a clear yes."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from ops.common.terminal import confirmed, show, typed


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


@pytest.mark.parametrize("error", [False, True])
def test_no_character_that_a_terminal_obeys_is_printed(error: bool, capsys: pytest.CaptureFixture[str]) -> None:
    obeyed = [*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), *"\u061c\u200b\u200e\u200f\u2028\u2029\ufeff"]
    obeyed += [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A)), "\udc9b", "\U000e0041"]
    show(*(f"before{character}after" for character in obeyed), error=error)
    out, err = capsys.readouterr()
    lines = (err if error else out).split("\n")
    assert lines.pop() == ""
    assert lines == [f"before{ascii(character)[1:-1]}after" for character in obeyed]
    assert all(line.isprintable() for line in lines)


def test_letters_of_every_language_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    text = "incoming/re\u0301sum\u00e9-\u6ce8\u6587-\u0437\u0430\u043a\u0430\u0437 \\ \U0001f600.csv"
    show(text)
    assert capsys.readouterr().out == f"{text}\n"


def test_commands_print_in_no_other_way() -> None:
    ops = Path(__file__).parents[4] / "ops"
    printing = re.compile(r"\bprint\b|\bsys\.std(out|err)\b(?!\.fileno\(\))")
    files = [file for file in sorted(ops.rglob("*.py")) if printing.search(file.read_text(encoding="utf-8"))]
    assert files == [ops / "common/terminal.py"]
