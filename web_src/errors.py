"""What people and programs see when something is wrong: a page, or JSON below /api/."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .rendering import page

RETRY_SECONDS = 5
_TITLES = {
    401: ("You are not signed in", "Your session may have ended. Open the first page to sign in again."),
    403: ("Not allowed", "This request came from another site, so nothing was done."),
    404: ("Not found", "There is no page at this address."),
    405: ("Not possible", "This address can't be used in that way."),
    422: ("Not understood", "A value is not what it may be."),
    500: ("Something went wrong", "The fault is ours. It is in the log, and trying again may help."),
    503: (
        "The database is away",
        "It is being restarted or moved, or has too much to do. Please try again in a few seconds.",
    ),
}
_OTHER = ("Not possible", "This request can't be answered.")
log = logging.getLogger(__name__)


def add_handlers(app: FastAPI) -> None:
    """Make every error of `app` readable."""

    @app.exception_handler(HTTPException)
    async def expected(request: Request, error: HTTPException) -> Response:
        # Starlette's own details are the plain names of the codes; ours say more.
        detail = error.detail if error.status_code in (404, 422) and error.detail != "Not Found" else None
        response = answer(request, error.status_code, detail)
        response.headers.update(error.headers or {})  # a 405 names the methods that it allows
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        problems = [{"field": str(each["loc"][-1]), "problem": str(each["msg"])} for each in error.errors()]
        return answer(request, 422, "; ".join(f"{each['field']}: {each['problem']}" for each in problems), problems)

    @app.exception_handler(psycopg.OperationalError)
    async def database_away(request: Request, error: psycopg.OperationalError) -> Response:
        log.warning("no answer from the database: %s", error)
        return answer(request, 503)

    @app.exception_handler(BotoCoreError)
    async def aws_away(request: Request, error: BotoCoreError) -> Response:
        log.warning("no credentials: %s", error)
        return answer(request, 503, "Files can't be taken just now. Please try again in a few seconds.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> Response:
        return answer(request, 500)


def answer(
    request: Request, status: int, detail: str | None = None, problems: list[dict[str, str]] | None = None
) -> Response:
    """The answer that says what is wrong: `detail`, or what that status usually means."""
    title, words = _TITLES.get(status, _OTHER)
    if detail and status == 503:
        title = "Not just now"
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    message = detail or words
    if request.url.path.startswith("/api/"):
        body: dict[str, Any] = {"error": title, "message": message}
        if problems:
            body["problems"] = problems
        return JSONResponse(body, status_code=status, headers=headers)
    return page(request, "error.html", status_code=status, headers=headers, title=title, message=message, code=status)
