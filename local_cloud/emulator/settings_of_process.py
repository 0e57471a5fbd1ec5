"""This emulator process's settings, for handlers: set once by the launcher."""

from __future__ import annotations

from .settings import EmulatorSettings

_taken: list[EmulatorSettings] = []


def use(settings: EmulatorSettings) -> None:
    """Called by the launcher before anything else."""
    _taken[:] = [settings]


def settings() -> EmulatorSettings:
    """The settings that this process was started with."""
    return _taken[0]
