"""The settings of this emulator process, for handlers; the launcher sets them once."""

from __future__ import annotations

from .settings import EmulatorSettings

_taken: list[EmulatorSettings] = []


def use(settings: EmulatorSettings) -> None:
    """Set them; the launcher calls this first."""
    _taken[:] = [settings]


def settings() -> EmulatorSettings:
    """The settings that this process was started with."""
    return _taken[0]
