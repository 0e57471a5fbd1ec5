"""What people and programs see when something is wrong: a page, or JSON below /api/."""

from __future__ import annotations

import logging

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .rendering import page

RETRY_SECONDS = 5
_TITLES = {
    404: ("Not found", "There is no page at this address."),
    405: ("Not possible", "This address can't be used in that way."),
    422: ("Not understood", "A value in the address is not what it may be."),
    500: ("Something went wrong", "The fault is ours. It is in the log, and trying again may help."),
    503: ("The database is away", "It is being restarted or moved. Please try again in a few seconds."),
}
_log = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Make every error of `app` readable."""

    @app.exception_handler(HTTPException)
    async def expected(request: Request, error: HTTPException) -> Response:
        detail = error.detail if error.status_code not in (405,) else None
        answer = _answer(request, error.status_code, None if detail in (None, "Not Found") else detail)
        answer.headers.update(error.headers or {})  # a 405 names the methods that it allows
        return answer

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        wrong = [f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors()]
        return _answer(request, 422, "; ".join(wrong))

    @app.exception_handler(psycopg.OperationalError)
    async def database_away(request: Request, error: psycopg.OperationalError) -> Response:
        _log.warning("no answer from the database: %s", error)
        return _answer(request, 503, None, {"Retry-After": str(RETRY_SECONDS)})

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> Response:
        return _answer(request, 500, None)


def _answer(request: Request, status: int, detail: str | None, headers: dict[str, str] | None = None) -> Response:
    title, words = _TITLES.get(status, ("Not possible", "This request can't be answered."))
    message = detail or words
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": title, "message": message}, status_code=status, headers=headers)
    return page("error.html", status=status, headers=headers, title=title, message=message, code=status)
