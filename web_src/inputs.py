"""The request parameters of pages and API, and their limits."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from .queries import MAX_ID, Status

PAGE_ROWS = 50
PAGE_REJECTS = 100
MAX_ROWS = 500


# Forms send a field that was left empty as an empty string.
_EmptyIsNone = BeforeValidator(lambda value: None if value == "" else value)
_NO_NUL = r"^[^\x00]*$"  # PostgreSQL can't store NUL characters
_MAX_ORDER_ID = 64
_MAX_KEY = 1024

FileId = Annotated[int, Path(ge=1, le=MAX_ID)]
OrderId = Annotated[str, Path(max_length=_MAX_ORDER_ID, pattern=_NO_NUL)]
Key = Annotated[str, Query(min_length=1, max_length=_MAX_KEY, pattern=_NO_NUL, description="The full key.")]
AfterLine = Annotated[
    int,
    Query(ge=0, le=MAX_ID, description="Only rows after this line: for the next page, the next_after of this page."),
]
RejectsLimit = Annotated[int, Query(ge=1, le=MAX_ROWS, description="Maximum number of rows.")]
_RowsLimit = Annotated[int, Field(ge=1, le=MAX_ROWS, description="Maximum number of results.")]
_OrderId = Annotated[str, Field(max_length=_MAX_ORDER_ID, pattern=_NO_NUL)]


class FileQuery(BaseModel):
    """Which files to list."""

    status: Annotated[Status | None, _EmptyIsNone, Field(description="Only files with this status.")] = None
    search: Annotated[
        Annotated[str, Field(max_length=_MAX_KEY, pattern=_NO_NUL)] | None,
        _EmptyIsNone,
        Field(
            description="Only files whose name starts with this, ignoring case. "
            "If it contains a slash: only files whose full key starts with it, matching case."
        ),
    ] = None
    before: Annotated[
        Annotated[int, Field(ge=1, le=MAX_ID)] | None,
        Field(description="Only files after the one with this ID: for the next page, the next_before of this page."),
    ] = None


class OrderQuery(BaseModel):
    """Which orders to list: with `search` by order ID, otherwise newest first."""

    search: Annotated[_OrderId | None, _EmptyIsNone, Field(description="Only orders whose ID starts with this.")] = None
    after_id: Annotated[
        _OrderId, Field(description="With a search: only orders after this order ID, for the next page.")
    ] = ""
    until: Annotated[
        date | None,
        _EmptyIsNone,
        Field(description="Only orders placed on or before this day (UTC). Can't be combined with a search."),
    ] = None
    before: Annotated[
        AwareDatetime | None,
        Field(description="Only orders placed before this time: for the next page, the ordered_at of the last order."),
    ] = None
    before_id: Annotated[
        _OrderId,
        Field(description="Also orders of that time with a lower ID: for the next page, the ID of the last order."),
    ] = ""

    @field_validator("until")
    @classmethod
    def _not_with_search(cls, until: date | None, info: ValidationInfo) -> date | None:
        if until is not None and info.data.get("search") is not None:
            raise PydanticCustomError("combination", "can't be combined with search")
        return until


class LimitedFileQuery(FileQuery):
    """The API's query for files, with a limit."""

    limit: _RowsLimit = PAGE_ROWS


class LimitedOrderQuery(OrderQuery):
    """The API's query for orders, with a limit."""

    limit: _RowsLimit = PAGE_ROWS
