"""The request parameters of pages and API, and their limits."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from tabular.declaration import MAX_KEY_CHARACTERS

from .queries import MAX_ID, Status

PAGE_ROWS = 50
PAGE_REJECTS = 100
MAX_ROWS = 500
MAX_PLACE = 2**48 - 1  # of a row in its table: the number of a block (32 bits), and of a row in it (16 bits)
_ISO_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
NO_NUL = r"^[^\x00]*$"  # PostgreSQL can't store NUL characters


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _day(value: Any) -> Any:
    """Pydantic would also read a number, as seconds since 1970."""
    if isinstance(value, str) and value and not _ISO_DATE.fullmatch(value):
        raise PydanticCustomError("date_text", "must be YYYY-MM-DD")
    return _none_if_empty(value)


# Forms send a field that was left empty as an empty string.
EmptyIsNone = BeforeValidator(_none_if_empty)
EmptyStatusIsNone = BeforeValidator(_none_if_empty, json_schema_input_type=Status | Literal[""] | None)
_MAX_KEY = 1024
_MAX_CURSOR = 20_000

FileId = Annotated[int, Path(ge=1, le=MAX_ID)]
Key = Annotated[str, Query(min_length=1, max_length=_MAX_KEY, pattern=NO_NUL, description="The full key.")]
AfterLine = Annotated[
    int,
    Query(ge=0, le=MAX_ID, description="Only rows after this line: for the next page, the next_after of this page."),
]
AfterPlace = Annotated[int, Query(ge=0, le=MAX_PLACE)]
RejectsLimit = Annotated[int, Query(ge=1, le=MAX_ROWS, description="Maximum number of rows.")]
_RowsLimit = Annotated[int, Field(ge=1, le=MAX_ROWS, description="Maximum number of results.")]
SearchText = Annotated[str, Field(max_length=MAX_KEY_CHARACTERS, pattern=NO_NUL)]


class FileQuery(BaseModel):
    """Which files to list."""

    dataset: Annotated[
        SearchText | None, EmptyIsNone, Field(description="Only files in the folder of this dataset.")
    ] = None
    status: Annotated[Status | None, EmptyStatusIsNone, Field(description="Only files with this status.")] = None
    search: Annotated[
        Annotated[str, Field(max_length=_MAX_KEY, pattern=NO_NUL)] | None,
        EmptyIsNone,
        Field(
            description="Only files whose name starts with this, ignoring case. "
            "If it contains a slash: only files whose full key starts with it, matching case. "
            "Composed and decomposed Unicode characters are the same."
        ),
    ] = None
    before: Annotated[
        Annotated[int, Field(ge=1, le=MAX_ID)] | None,
        Field(description="Only files after the one with this ID: for the next page, the next_before of this page."),
    ] = None
    limit: _RowsLimit = PAGE_ROWS


class RowQuery(BaseModel):
    """Which rows of a dataset to list, by key. The model of each dataset declares `search` by the type of its key."""

    search: Any = None
    after: Annotated[
        Annotated[str, Field(max_length=_MAX_CURSOR)] | None,
        EmptyIsNone,
        Field(description="Only rows after the page whose next_after this is."),
    ] = None
    limit: _RowsLimit = PAGE_ROWS


class DatedRowQuery(RowQuery):
    """Which rows of a dataset to list: with a search by key, otherwise newest first."""

    until: Annotated[
        date | None,
        BeforeValidator(_day, json_schema_input_type=date | Literal[""] | None),
        Field(description="Only rows of this day (UTC) or earlier. Can't be combined with a search."),
    ] = None

    @field_validator("until")
    @classmethod
    def _not_with_search(cls, until: date | None, info: ValidationInfo) -> date | None:
        if until is not None and info.data.get("search") is not None:
            raise PydanticCustomError("combination", "can't be combined with a search")
        return until
