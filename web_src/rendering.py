"""Turns data into pages."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

STATUS_WORDS = {"loaded": "Loaded", "refused": "Refused", "superseded": "Superseded", "deleted": "Deleted"}


def page(
    request: Request, name: str, *, status_code: int = 200, headers: dict[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """The page made from a template, for whoever asks."""
    text = _templates.get_template(name).render(values, person=request.scope.get("person"))
    return HTMLResponse(text, status_code=status_code, headers=headers)


def shared_page(request: Request, name: str, content: Markup) -> HTMLResponse:
    """The page around a `content` that many get: put around it once for each of them."""
    return HTMLResponse(_around(name, content, request.scope.get("person")))


@lru_cache(maxsize=64)
def _around(name: str, content: Markup, person: str | None) -> bytes:
    return _templates.get_template(name).render(content=content, person=person).encode()


def part(name: str, **values: Any) -> Markup:
    """A part of a page, the same for everyone."""
    return Markup(_templates.get_template(name).render(values))  # noqa: S704 - the template has escaped it


def configure(**values: Any) -> None:
    """Set what every page may show."""
    _templates.globals.update(values)


def _number(value: int) -> str:
    return f"{value:,}"


def _size(value: int | None) -> str:
    if value is None:
        return "unknown"
    size = float(value)
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{_short(size)} {unit}"
        size /= 1024
    return f"{_short(size)} GiB"


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _file_name(key: str) -> str:
    return key.rpartition("/")[2] or key


def _folder(key: str) -> str:
    return "".join(key.rpartition("/")[:2])


def _address(name: str) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


_templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
_templates.filters.update(
    number=_number, size=_size, moment=_moment, day=_day, file_name=_file_name, folder=_folder
)  # fmt: skip
_templates.globals.update(
    stylesheet=_address("app.css"),
    icon=_address("icon.svg"),
    upload_script=_address("upload.js"),
    status_words=STATUS_WORDS,
)
