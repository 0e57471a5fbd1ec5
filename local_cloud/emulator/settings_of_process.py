"""This emulator process's settings, for handlers: set once by the launcher."""

from __future__ import annotations

from .settings import Settings

_taken: list[Settings] = []


def use(settings: Settings) -> None:
    """Called by the launcher before anything else."""
    _taken[:] = [settings]


def settings() -> Settings:
    """The settings that this process was started with."""
    return _taken[0]
