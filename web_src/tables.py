"""A dataset's table as pages and API show it: its order, its cursors and the addresses of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote_plus

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, create_model

from tabular.declaration import Dataset, ForeignKey, folded
from tabular.declaration import Field as Column

from . import columns, values
from .inputs import DatedRowQuery, EmptyIsNone, RowQuery, SearchText
from .queries import Reject

Row = Mapping[str, Any]


class Cell(NamedTuple):
    """A value as pages show it. `address` is that of the row that it refers to; `moment` is a date in ISO 8601."""

    label: str
    is_amount: bool
    text: str
    address: str | None
    moment: str | None


class DatasetTable:
    """A dataset and its table.

    `newest_first` are the columns that sort the rows, newest first: that of the chart, then the key. It is empty if
    rows are sorted by key only. An optional date never sorts rows, because a row without a date would be missing.
    `amounts` are the columns with numbers that people compare.
    """

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.name, self.title, self.key = dataset.name, dataset.title, dataset.primary_key
        self.path = f"/datasets/{dataset.name}"
        chart = dataset.page.chart
        self.newest_first = (chart, *self.key) if chart and dataset.by_name[chart].required else ()
        self.listed = [dataset.by_name[name] for name in dataset.page.columns]
        self.beside_key = [each for each in dataset.fields if each.name not in self.key]
        self.searched = dataset.by_name[self.key[0]]
        self.searches_beginning = self.searched.column.sql_type == "text"
        self.row_model = columns.row_model(dataset)
        self.key_model = columns.key_model(dataset)
        self.query_model = self._query_model()
        self.key_labels = ", ".join(dataset.by_name[name].label for name in self.key)
        self._references = {name: each for each in reversed(dataset.foreign_keys) for name in each.fields}
        names = {*self.key, *self._references}
        self.amounts = {each.name for each in dataset.fields if each.type in ("integer", "number")} - names
        self._texts = {each.name: values.reader(each, is_name=each.name in names) for each in dataset.fields}

    def order(self, query: RowQuery) -> tuple[str, ...]:
        """The columns that sort the rows of this query."""
        return self.newest_first if self.newest_first and query.search is None else self.key

    def cursor(self, row: Row, query: RowQuery) -> str:
        """The text for `after` that stands for this row."""
        order = self.order(query)
        return self._cursors[order].dump_json(tuple(row[name] for name in order)).decode()

    def read_cursor(self, query: RowQuery) -> Sequence[Any] | None:
        """The values of the row that the query's `after` stands for. Raises RequestValidationError."""
        if query.after is None:
            return None
        try:
            found: tuple[Any, ...] = self._cursors[self.order(query)].validate_json(query.after)
            return found
        except ValidationError:
            problem = "must be the next_after of a page with the same search"
            raise RequestValidationError([{"type": "cursor", "loc": ("after",), "msg": problem}]) from None

    def address(self, row: Row) -> str:
        """The address of the row's page."""
        return _row_address(self.name, self.key, [row[name] for name in self.key])

    def name_of(self, row: Row) -> str:
        """The key of the row as people read it."""
        if len(self.key) == 1:
            return self.text(self.searched, row)
        parts = (self.dataset.by_name[name] for name in self.key)
        return ", ".join(f"{each.label} {self.text(each, row)}" for each in parts)

    def described(self, key: BaseModel) -> str:
        """The row with this key, in words."""
        given = key.model_dump(by_alias=True)
        return f"row with {', '.join(f'{name} {values.exact(value)}' for name, value in given.items())} in {self.title}"

    def cells(self, row: Row, shown: Iterable[Column]) -> list[Cell]:
        """The values of these columns."""
        return [
            Cell(
                each.label,
                each.name in self.amounts,
                self._texts[each.name](row),
                self._reference(each.name, row),
                values.moment(row[each.name]),
            )
            for each in shown
        ]

    def text(self, column: Column, row: Row) -> str:
        """The value of a column as people read it."""
        return self._texts[column.name](row)

    def in_order(self, names: Iterable[str]) -> list[str]:
        """The names of a file's columns in the order of the dataset; PostgreSQL doesn't keep the file's order."""
        known = self.dataset.names_in_files
        places = {name: place for place, name in enumerate(self.dataset.columns)}
        return sorted(names, key=lambda name: places.get(known.get(folded(name), ""), len(places)))

    def rejected_names(self, reject: Reject) -> set[str]:
        """The names, in the file, of the columns that the reasons name: a reason begins with its column."""
        wrong = {name for name in self.dataset.columns if any(each.startswith(f"{name} ") for each in reject.reasons)}
        names = self.dataset.names_in_files
        return {given for given in reject.fields or {} if names.get(folded(given)) in wrong}

    def _reference(self, column: str, row: Row) -> str | None:
        found: ForeignKey | None = self._references.get(column)
        if found is None:
            return None
        given = [row[name] for name in found.fields]
        return None if None in given else _row_address(found.dataset, found.key, given)

    @cached_property
    def _cursors(self) -> dict[tuple[str, ...], TypeAdapter[Any]]:
        types = {name: columns.python_type(each) for name, each in self.dataset.by_name.items()}
        kinds: dict[tuple[str, ...], Any] = {
            order: tuple[*(types[name] for name in order)]  # type: ignore[misc] # known only now
            for order in (self.key, self.newest_first)
        }
        return {order: TypeAdapter(kind) for order, kind in kinds.items()}

    def _query_model(self) -> type[RowQuery]:
        if self.searches_beginning:
            kind, note = SearchText, f"Only rows whose {self.searched.name} starts with this, sorted by key."
        else:
            kind, note = columns.python_type(self.searched), f"Only rows with this {self.searched.name}."
        search: Any = (Annotated[kind | None, EmptyIsNone, Field(description=note)], None)
        base = DatedRowQuery if self.newest_first else RowQuery
        return create_model(columns.class_name(self.dataset, "Query"), __base__=base, search=search)


def _row_address(dataset: str, key: Sequence[str], given: Sequence[Any]) -> str:
    # A query instead of a path: browsers resolve "." and "..", and a server can't tell "%2F" from "/".
    pairs = zip(key, given, strict=True)
    return f"/datasets/{dataset}/row?{'&'.join(f'{name}={quote_plus(values.exact(each))}' for name, each in pairs)}"


def checked(model: type[BaseModel], parameters: Mapping[str, Any]) -> Any:
    """The parameters of an address as `model`. Raises RequestValidationError."""
    try:
        return model.model_validate(dict(parameters))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None


def last_included_day(query: RowQuery) -> date | None:
    """The `until` of a query that has one."""
    return query.until if isinstance(query, DatedRowQuery) else None
