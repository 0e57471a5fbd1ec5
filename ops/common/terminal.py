"""Asks the person at the terminal, and formats what is shown there."""

from __future__ import annotations

import sys
from datetime import UTC, datetime


def utc(at: datetime) -> str:
    """The time in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def confirmed(question: str, *, yes: bool) -> bool:
    """Whether to continue. `yes` skips the question; without a terminal the answer is no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        print("Nothing was done: there is no terminal to ask for confirmation. YES=1 skips the question.")
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False


def typed(expected: str, *, what: str, given: str, variable: str) -> bool:
    """Whether `given`, or else what the person types, is exactly `expected`. `variable` is make's name for `given`."""
    if not given:
        if not sys.stdin.isatty():
            print(f"Nothing was done: there is no terminal to ask for {what}. {variable}={expected} confirms it.")
            return False
        try:
            given = input(f"Type {what} ({expected}) to continue: ").strip()
        except EOFError:  # Ctrl-D
            return False
    if given != expected:
        print(f"Nothing was done: {what} is {expected}, got {given!r}.")
    return given == expected
