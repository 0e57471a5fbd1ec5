"""Error responses: a page for people, JSON under /api/ for programs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

import psycopg
from botocore.exceptions import BotoCoreError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from .rendering import page

T = TypeVar("T")

RETRY_SECONDS = 5
# By status: the title, and the message where the error has none of its own.
_TEXTS = {
    401: ("You are not signed in", "Your session may have expired. Go to the overview to sign in again."),
    403: ("Request blocked", "This request came from another site, so nothing was changed."),
    404: ("Not found", "There is no page at this address."),
    405: ("Method not allowed", "This address doesn't support this kind of request."),
    413: ("Request too large", "This request has more than 64 KiB. Files are uploaded elsewhere: see the upload page."),
    421: ("Wrong address", "This app doesn't answer at this address. Use the address that you were given."),
    422: ("Invalid value", "The request contains an invalid value."),
    500: ("Something went wrong", "An unexpected error occurred, and it was logged. Please try again."),
    503: (
        "The database is unavailable",
        "It may be restarting, failing over or busy. Please try again in a few seconds.",
    ),
}
# What is wrong with a value, after its name: by the type of Pydantic's error, whose own words are for programmers. The
# longest matching beginning counts.
_PROBLEMS = {
    "missing": "is missing",
    "int": "must be a whole number",
    "int_parsing_size": "has too many digits",
    "decimal": "must be a number",
    "finite_number": "must be a number",
    "bool": "must be true or false",
    "date": "must be a date such as 2026-03-31",
    "datetime": "must be a date and time such as 2026-03-31T14:05:00Z",
    "timezone_aware": "must have an offset, as in 2026-03-31T14:05:00Z",
    "timezone_naive": "must not have an offset: write 2026-03-31T14:05:00",
    "time": "must be a time such as 14:05:00",
    "uuid": "must be a UUID",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have {max_length} or fewer characters",
    "string_pattern_mismatch": "must not contain the character NUL",
    "string_type": "must be a text",
    "json": "must be JSON",
    "model_attributes_type": "must be a JSON object",
}
# The names of parameters on pages. Those of columns are their titles.
_NAMES = {
    "after": "The position in the list",
    "before": "The position in the list",
    "dataset": "The dataset",
    "file_id": "The ID of the file",
    "limit": "The number of results",
    "rows_after": "The position in the list",
    "search": "The search",
    "status": "The status",
    "until": "The last day",
}
_FOR_PEOPLE = {"cursor": "belongs to another list"}
_MAX_SHOWN = 60  # characters of a wrong value
_DEFAULT = ("Bad request", "The server can't answer this request.")
# What every address can answer: without a sign-in where one is required, to a body or a host name that is not allowed,
# after a mistake of ours, and while a part is unavailable; and what the server answers by itself (limits.py).
_OF_THE_SERVER = {400: "Invalid HTTP", 408: "The request took too long to arrive", 431: "The headers are too large"}
_EVERYWHERE = (401, 413, 421, 500, 503)
log = logging.getLogger(__name__)


class Problem(BaseModel):
    """A field of the request, and what is wrong with it."""

    field: str
    problem: str


class Error(BaseModel):
    """An error. Invalid requests have a list of problems."""

    error: str
    message: str
    problems: list[Problem] | None = None


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an address of the API answers besides success: these statuses, and those that every address can answer."""
    described: dict[int | str, dict[str, Any]] = {each: {"description": text} for each, text in _OF_THE_SERVER.items()}
    for status in (*_EVERYWHERE, *statuses):
        described[status] = {"model": Error, "description": _TEXTS[status][0]}
    return described


def add_handlers(app: FastAPI) -> None:
    """Turn every error of `app` into a readable response."""

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # FastAPI's answer to a body that is not even UTF-8
            problem = {"field": "body", "problem": _PROBLEMS["json"]}
            return error_response(request, 422, "body: must be JSON", [problem])
        # Starlette's own details only repeat the status; ours say what is wrong.
        detail = error.detail if error.status_code in (404, 422) and error.detail != "Not Found" else None
        response = error_response(request, error.status_code, detail)
        response.headers.update(error.headers or {})
        if response.headers.get("Allow") == "GET":  # FastAPI's own list does not know head.py
            response.headers["Allow"] = "GET, HEAD"
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        if _is_for_programs(request):
            problems = [
                {"field": _field(each), "problem": _problem(each) + _wrong_value(each, "got")}
                for each in error.errors()
            ]
            message = "; ".join(f"{each['field']}: {each['problem']}" for each in problems)
            return error_response(request, 422, message, problems)
        message = " ".join(
            f"{_name(request, each)} {_FOR_PEOPLE.get(each['type']) or _problem(each)}{_wrong_value(each, 'not')}."
            for each in error.errors()
        )
        return error_response(request, 422, message)

    @app.exception_handler(psycopg.OperationalError)
    async def database_unavailable(request: Request, error: psycopg.OperationalError) -> Response:
        log.warning("The database did not answer: %s", error)
        return error_response(request, 503)

    @app.exception_handler(psycopg.DataError)
    async def unreadable(request: Request, error: psycopg.DataError) -> Response:
        log.info("The database can't read a value of the request: %s", type(error).__name__)  # the text has the value
        return error_response(request, 422)

    @app.exception_handler(ResponseValidationError)
    async def undescribed(request: Request, error: ResponseValidationError) -> Response:
        # The error's own text has the values of rows.
        places = sorted({f"{each['loc']}: {each['type']}" for each in error.errors()})
        log.error("A response is not as described: %s", "; ".join(places))
        return error_response(request, 500)

    @app.exception_handler(BotoCoreError)
    async def no_credentials(request: Request, error: BotoCoreError) -> Response:
        log.warning("No AWS credentials to sign an upload with: %s", error)
        return error_response(request, 503, "Uploads are not possible right now. Please try again in a few seconds.")

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _: Exception) -> Response:
        return error_response(request, 500)


def _is_for_programs(request: Request) -> bool:
    return request.url.path.startswith("/api/")


def _field(error: Mapping[str, Any]) -> str:
    """The name of the field. Of a body that is no JSON, the place is the number of a character."""
    return next(part for part in reversed(error["loc"]) if isinstance(part, str))


def _name(request: Request, error: Mapping[str, Any]) -> str:
    """The name of the field for people."""
    field = _field(error)
    table = request.app.state.services.tables.get(request.path_params.get("dataset"))
    column = table.dataset.by_name.get(field) if table else None
    return column.label if column else _NAMES.get(field, field)


def _problem(error: Mapping[str, Any]) -> str:
    kind = error["type"]
    text = max((each for each in _PROBLEMS if kind.startswith(each)), key=len, default=None)
    if text is None:
        return str(error["msg"]).replace("Input should", "must", 1)
    return _PROBLEMS[text].format(**error.get("ctx", {}))


def _wrong_value(error: Mapping[str, Any], word: str) -> str:
    """The value after a comma and the word; empty if it is no text or number, too long, or not printable."""
    given = error.get("input")
    shown = isinstance(given, str | int) and str(given).isprintable() and 0 < len(str(given)) <= _MAX_SHOWN
    return f", {word} {given!r}" if shown else ""


def found_or_404(found: T | None, name: str) -> T:
    """`found`, if it is not None; otherwise raises the error 404 with the name of what was not found."""
    if found is None:
        raise HTTPException(404, f"There is no {name}.")
    return found


def bare_response(request: Request, status: int) -> Response:
    """A response that tells nothing about the app. Pages have the name of the bucket in their footer."""
    if _is_for_programs(request):
        return error_response(request, status)
    return PlainTextResponse(_TEXTS[status][1], status_code=status)


def error_response(
    request: Request, status: int, detail: str | None = None, problems: list[dict[str, str]] | None = None
) -> Response:
    """A response with the message `detail`, or else the default message of that status."""
    title, default = _TEXTS.get(status, _DEFAULT)
    if detail and status == 503:
        title = "Temporarily unavailable"
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    message = detail or default
    if _is_for_programs(request):
        body: dict[str, Any] = {"error": title, "message": message}
        if problems:
            body["problems"] = problems
        return JSONResponse(body, status_code=status, headers=headers)
    return page(request, "error.html", status_code=status, headers=headers, title=title, message=message, code=status)
