"""Renders pages from templates."""

from __future__ import annotations

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse

from . import values

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"

STATUS_LABELS = {
    "loaded": "Loaded",
    "refused": "Refused",
    "superseded": "Superseded",
    "deleted": "Deleted",
    "ignored": "Ignored",
    "withdrawn": "Withdrawn",
}


def page(
    request: Request, template: str, *, status_code: int = 200, headers: dict[str, str] | None = None, **context: Any
) -> HTMLResponse:
    """A page, rendered for the user of this request."""
    text = templates.get_template(template).render(context, user=_user_name(request))
    return HTMLResponse(text, status_code=status_code, headers=headers)


def shared_page(request: Request, template: str, content: Markup) -> HTMLResponse:
    """A page around `content`, which is the same for all users. Rendered once per user and content."""
    return HTMLResponse(_rendered(template, content, _user_name(request)))


def _user_name(request: Request) -> str | None:
    user = request.scope.get("user")
    return user.name if user else None


@lru_cache(maxsize=64)
def _rendered(template: str, content: Markup, user: str | None) -> bytes:
    return templates.get_template(template).render(content=content, user=user).encode()


def fragment(template: str, **context: Any) -> Markup:
    """A rendered part of a page, the same for all users."""
    return Markup(templates.get_template(template).render(context))  # noqa: S704 - the template escapes its values


def page_url(path: str, query: BaseModel, **changes: object) -> str:
    """The address of the page with this query and these changes to it."""
    given = query.model_dump(exclude_defaults=True) | changes
    found = {name: values.exact(value) for name, value in given.items() if value is not None}
    return f"{path}?{urlencode(found)}" if found else path


def _size(value: int | None) -> str:
    if value is None:
        return "unknown"
    size, unit = float(value), "bytes"
    for larger in ("KiB", "MiB", "GiB"):
        if size >= 1024:
            size, unit = size / 1024, larger
    return f"{size:.1f}".removesuffix(".0") + f" {unit}"


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _file_name(key: str) -> str:
    return key.rpartition("/")[2] or key


def _folder(key: str) -> str:
    return "".join(key.rpartition("/")[:2])


def _static_url(name: str) -> str:
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


templates = Environment(
    loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)  # fmt: skip
templates.filters.update(
    number="{:,}".format, size=_size, timestamp=values.timestamp, rule=values.rule, day=_day, file_name=_file_name,
    folder=_folder,
)  # fmt: skip
templates.globals.update(
    stylesheet=_static_url("app.css"),
    icon=_static_url("icon.svg"),
    upload_script=_static_url("upload.js"),
    status_labels=STATUS_LABELS,
)
