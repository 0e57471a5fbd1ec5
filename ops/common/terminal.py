"""Asking the person at the terminal."""

from __future__ import annotations

import sys


def agreed(question: str, *, yes: bool) -> bool:
    """Whether to go on: `yes` says so beforehand. Where nobody can be asked, nothing is done."""
    if yes:
        return True
    if not sys.stdin.isatty():
        print("Nothing was done: there is no terminal to ask on. YES=1 goes on without asking.")
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False
