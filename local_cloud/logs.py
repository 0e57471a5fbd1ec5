"""The last lines of a log, for messages about crashes."""

from __future__ import annotations

from pathlib import Path

_TAIL_BYTES = 16_384


def last_lines(path: Path, *, count: int = 15) -> str:
    """The last `count` lines of a log, indented, or a note that there are none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-count:]
    except FileNotFoundError:
        return f"  (no log at {path})"
    return "\n".join(f"  {visible(line)}" for line in lines) or f"  ({path} is empty)"


def visible(line: str) -> str:
    """The line with everything escaped that a terminal would obey: partners choose the keys and rows in logs."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in line)
