"""Error responses: a page for people, JSON under /api/ for programs."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from botocore.exceptions import BotoCoreError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .rendering import page

T = TypeVar("T")

RETRY_SECONDS = 5
# By status: the title, and the message where the error has none of its own.
_TEXTS = {
    401: ("You are not signed in", "Your session may have expired. Go to the overview to sign in again."),
    403: ("Request blocked", "This request came from another site, so nothing was changed."),
    404: ("Not found", "There is no page at this address."),
    405: ("Method not allowed", "This address doesn't support this kind of request."),
    422: ("Invalid value", "The request contains an invalid value."),
    500: ("Something went wrong", "An unexpected error occurred, and it was logged. Please try again."),
    503: (
        "The database is unavailable",
        "It may be restarting, failing over or busy. Please try again in a few seconds.",
    ),
}
_DEFAULT = ("Bad request", "The server can't answer this request.")
log = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Turn every error of `app` into a readable response."""

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        # Starlette's own details only repeat the status; ours say what is wrong.
        detail = error.detail if error.status_code in (404, 422) and error.detail != "Not Found" else None
        response = error_response(request, error.status_code, detail)
        response.headers.update(error.headers or {})  # with a 405, the allowed methods
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # The field's name replaces the subject of Pydantic's message.
        problems = [{"field": str(each["loc"][-1]), "problem": _problem(each)} for each in error.errors()]
        message = "; ".join(f"{each['field']}: {each['problem']}" for each in problems)
        return error_response(request, 422, message, problems)

    @app.exception_handler(psycopg.OperationalError)
    async def database_unavailable(request: Request, error: psycopg.OperationalError) -> Response:
        log.warning("The database did not answer: %s", error)
        return error_response(request, 503)

    @app.exception_handler(psycopg.DataError)
    async def unreadable(request: Request, error: psycopg.DataError) -> Response:
        log.info("The database can't read a value: %s", error)
        return error_response(request, 422)

    @app.exception_handler(BotoCoreError)
    async def no_credentials(request: Request, error: BotoCoreError) -> Response:
        log.warning("No AWS credentials to sign an upload with: %s", error)
        return error_response(request, 503, "Uploads are not possible right now. Please try again in a few seconds.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> Response:
        return error_response(request, 500)


def _problem(error: Mapping[str, Any]) -> str:
    problem = re.sub(r"^(Input|String|Value) should", "must", error["msg"])
    return f"{problem}, got {error['input']!r}" if error["type"] == "literal_error" else problem


def found_or_404(found: T | None, name: str) -> T:
    """`found`, if it is not None; otherwise raises the error 404 with the name of what was not found."""
    if found is None:
        raise HTTPException(404, f"There is no {name}.")
    return found


def error_response(
    request: Request, status: int, detail: str | None = None, problems: list[dict[str, str]] | None = None
) -> Response:
    """A response with the message `detail`, or else the default message of that status."""
    title, default = _TEXTS.get(status, _DEFAULT)
    if detail and status == 503:
        title = "Temporarily unavailable"
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    message = detail or default
    if request.url.path.startswith("/api/"):
        body: dict[str, Any] = {"error": title, "message": message}
        if problems:
            body["problems"] = problems
        return JSONResponse(body, status_code=status, headers=headers)
    return page(request, "error.html", status_code=status, headers=headers, title=title, message=message, code=status)
