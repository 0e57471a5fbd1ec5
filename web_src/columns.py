"""Python types of a dataset's columns: they check the parameters of addresses, and describe the API's rows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, NaiveDatetime, create_model

from tabular.declaration import Dataset
from tabular.declaration import Field as Column

from . import values
from .inputs import NO_NUL

_Text = Annotated[str, Field(pattern=NO_NUL)]


def _decimal(text: str) -> float | str:
    """The number, or its text if a double would round it."""
    number = float(text)
    return number if Decimal(repr(number)) == Decimal(text) else text


def _from_json(text: str) -> Any:
    return json.loads(text, parse_float=_decimal)


def _whole(bits: int) -> Any:
    return Annotated[int, Field(ge=-(2 ** (bits - 1)), le=2 ** (bits - 1) - 1)]


# By PostgreSQL's type. The database returns an interval as text, because Python's timedelta has no months, and JSON.
_TYPES: dict[str, Any] = {
    "text": _Text,
    "smallint": _whole(16),
    "integer": _whole(32),
    "bigint": _whole(64),
    "numeric": Decimal,
    "boolean": bool,
    "date": date,
    "time": time,
    "timestamp": NaiveDatetime,
    "timestamptz": AwareDatetime,
    "interval": _Text,
    "uuid": UUID,
    "jsonb": Annotated[
        Any, BeforeValidator(_from_json), Field(description="JSON. A decimal that a double would round is a text.")
    ],
}


def python_type(column: Column) -> Any:
    """The type of the column's values that are not missing."""
    return _TYPES[column.column.sql_type]


def class_name(dataset: Dataset, what: str) -> str:
    """The name of a model in the API's description: "OrdersRow"."""
    return "".join(part.capitalize() for part in dataset.name.split("_")) + what


def key_model(dataset: Dataset) -> type[BaseModel]:
    """The key of a row, as parameters of an address."""
    return _model(class_name(dataset, "Key"), (dataset.by_name[name] for name in dataset.primary_key))


def row_model(dataset: Dataset) -> type[BaseModel]:
    """A row with the ID of the file that it came from."""
    note = "The file that the row came from."
    return _model(class_name(dataset, "Row"), dataset.fields, file_id=(int, Field(description=note)))


def _model(name: str, columns: Iterable[Column], **more: Any) -> type[BaseModel]:
    # The underscore keeps a column from having the name of one of Pydantic's own attributes, such as "copy".
    fields: dict[str, Any] = {
        f"{each.name}_": (_optional(each), Field(alias=each.name, description=_note(each))) for each in columns
    }
    made: type[BaseModel] = create_model(name, __config__=ConfigDict(protected_namespaces=()), **fields, **more)
    return made


def _optional(column: Column) -> Any:
    return python_type(column) if column.required else python_type(column) | None


def _note(column: Column) -> str:
    title = f"{column.title}: " if column.title else ""
    return f"{title}{column.description or values.rule(column)}"
