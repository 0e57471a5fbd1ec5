"""What may stand in an address: each kind of value once, for pages and data alike."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationInfo, field_validator

from .queries import HIGHEST_ID, Status

PAGE_ROWS = 50
PAGE_REJECTS = 100
MAX_ROWS = 500


def _empty_is_none(value: object) -> object:
    # A form sends a field that was left empty as an empty text.
    return None if value == "" else value


_EmptyIsNone = BeforeValidator(_empty_is_none)
_NO_NUL = r"^[^\x00]*$"  # which PostgreSQL can't hold
_MAX_ORDER_ID = 64
_MAX_KEY = 1024

FileId = Annotated[int, Path(ge=1, le=HIGHEST_ID)]
OrderId = Annotated[str, Path(max_length=_MAX_ORDER_ID, pattern=_NO_NUL)]
Key = Annotated[str, Query(min_length=1, max_length=_MAX_KEY, pattern=_NO_NUL, description="The file's whole key.")]
AfterLine = Annotated[int, Query(ge=0, le=HIGHEST_ID, description="Show rejected rows after this line.")]
RejectsLimit = Annotated[int, Query(ge=1, le=MAX_ROWS, description="How many at most.")]
_RowsLimit = Annotated[int, Field(ge=1, le=MAX_ROWS, description="How many at most.")]
_OrderId = Annotated[str, Field(max_length=_MAX_ORDER_ID, pattern=_NO_NUL)]


class FileQuery(BaseModel):
    """Which files to list."""

    status: Annotated[Status | None, _EmptyIsNone, Field(description="Only these files.")] = None
    search: Annotated[
        Annotated[str, Field(max_length=_MAX_KEY, pattern=_NO_NUL)] | None,
        _EmptyIsNone,
        Field(description="Only files whose name begins so, in capitals or not; with a slash in it, whose key does."),
    ] = None
    before: Annotated[
        Annotated[int, Field(ge=1, le=HIGHEST_ID)] | None,
        Field(description="Only files that follow the one of this id."),
    ] = None


class OrderQuery(BaseModel):
    """Which orders to list: those found by id, by id; else all until some day, the newest first."""

    search: Annotated[_OrderId | None, _EmptyIsNone, Field(description="Only orders whose id begins so.")] = None
    after_id: Annotated[_OrderId, Field(description="With a search: only orders after the one of this id.")] = ""
    until: Annotated[
        date | None,
        _EmptyIsNone,
        Field(description="Only orders placed on this day (UTC) or before; not with a search."),
    ] = None
    before: Annotated[
        AwareDatetime | None, Field(description="Only orders placed before this, or then and with a lower id.")
    ] = None
    before_id: Annotated[_OrderId, Field(description="With `before`: that id.")] = ""

    @field_validator("until")
    @classmethod
    def _not_with_a_search(cls, until: date | None, info: ValidationInfo) -> date | None:
        if until is not None and info.data.get("search") is not None:
            raise ValueError("can't be combined with a search by id")
        return until


class LimitedFileQuery(FileQuery):
    """As many files as a program wants."""

    limit: _RowsLimit = PAGE_ROWS


class LimitedOrderQuery(OrderQuery):
    """As many orders as a program wants."""

    limit: _RowsLimit = PAGE_ROWS
