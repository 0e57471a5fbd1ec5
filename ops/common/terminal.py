"""Asks the person at the terminal, and formats what is shown there.

Commands print through `show` only: partners choose keys and rows, and a terminal obeys the control characters in them.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime


def show(*lines: str, error: bool = False) -> None:
    """Print each text as one line, at once, on stderr if it is an error."""
    for line in lines:
        print(visible(line), file=sys.stderr if error else sys.stdout, flush=True)


def visible(text: str) -> str:
    """The text with everything escaped that does not show itself: control, format and bidirectional characters."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def utc(at: datetime) -> str:
    """The time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether to continue. `yes` skips the question; without a terminal the answer is no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        show("Nothing was done: there is no terminal to ask for confirmation. YES=1 skips the question.")
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False


def typed(expected: str, *, what: str, given: str, variable: str) -> bool:
    """Whether `given`, or else what the person types, is exactly `expected`. `variable` is make's name for `given`."""
    if not given:
        if not sys.stdin.isatty():
            show(f"Nothing was done: there is no terminal to ask for {what}. {variable}={expected} confirms it.")
            return False
        try:
            given = input(f"Type {what} ({expected}) to continue: ").strip()
        except EOFError:  # Ctrl-D
            return False
    if given != expected:
        show(f"Nothing was done: {what} is {expected}, got {given!r}.")
    return given == expected
