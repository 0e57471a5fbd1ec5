"""Turns data into pages."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

_STATUS_WORDS = {"loaded": "Loaded", "refused": "Refused", "superseded": "Superseded", "deleted": "Deleted"}


def page(name: str, *, status: int = 200, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:
    """The page made from a template."""
    return HTMLResponse(_templates.get_template(name).render(values), status_code=status, headers=headers)


def configure(**values: str) -> None:
    """Set what every page may show."""
    _templates.globals.update(values)


def _number(value: int) -> str:
    return f"{value:,}"


def _size(value: int | None) -> str:
    if value is None:
        return "unknown"
    size = float(value)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _address(name: str) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
_templates.filters.update(number=_number, size=_size, moment=_moment)
_templates.globals.update(stylesheet=_address("app.css"), icon=_address("icon.svg"), status_words=_STATUS_WORDS)
