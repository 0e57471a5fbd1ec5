"""The table of a dataset, as statements of PostgreSQL.

Values are checked before they are loaded, so a table repeats only what costs little: types, NOT NULL, ranges, lengths
and short lists. Patterns, lists of codes and foreign keys would cost more than the rest of a load.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from sqlalchemy.dialects import postgresql

from tabular.declaration import Dataset, Field

MAX_IDENTIFIER = 63  # bytes; PostgreSQL cuts longer ones off
GENERATED_CHECK = re.compile(r"_[0-9a-f]{8}_check$")
WIDTH = 120  # of the files into which the statements are written
FILE_ID = "file_id"
# Finds the rows of a file. The rows of a file are next to each other, so a few numbers for each 512 KiB are enough. A
# B-tree would take a fifth of the time of a load, this one a fortieth (docs/decisions/0025).
FILE_ID_INDEX = "USING brin (file_id) WITH (pages_per_range = 64, autosummarize = on)"
FILE_ID_COMMENT = "The file that the row came from."

_preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]


def table_statements(dataset: Dataset) -> Iterator[str]:
    """The statements that create the dataset's table, its indexes and its comments."""
    yield create_table(dataset)
    for column, index in indexes(dataset).items():
        yield f"CREATE INDEX {index_name(dataset.name, column)} ON {name(dataset.name)} {index};"
    yield comment_on_table(dataset)
    for column, comment in comments(dataset).items():
        if comment:
            yield comment_on_column(dataset.name, column, comment)


def indexes(dataset: Dataset) -> dict[str, str]:
    """The method and the column of each index beside the key, by column."""
    chart = dataset.page.chart
    return ({chart: f"({name(chart)})"} if chart else {}) | {FILE_ID: FILE_ID_INDEX}


def create_table(dataset: Dataset) -> str:
    """The statement that creates the table, with its key and its checks."""
    width = max(len(name(column)) for column in (*dataset.columns, "file_id")) + 1
    lines = [f"{name(field.name):{width}}{definition(field, dataset)}" for field in dataset.fields]
    lines.append(f"{'file_id':{width}}bigint NOT NULL")
    lines.append(f"PRIMARY KEY ({names(dataset.primary_key)})")
    lines += [
        _wrapped(f"CONSTRAINT {check}", f"CHECK ({condition})", indent=8)
        for field in dataset.fields
        for check, condition in checks(dataset.name, field).items()
    ]
    return f"CREATE TABLE {name(dataset.name)} (\n    " + ",\n    ".join(lines) + "\n);"


def definition(field: Field, dataset: Dataset) -> str:
    """The column's type, and NOT NULL for a required one."""
    return f"{type_of(field, dataset)}{' NOT NULL' if field.required else ''}"


def type_of(field: Field, dataset: Dataset) -> str:
    """The column's type. Text that only programs compare is sorted by its bytes, in any locale."""
    by_bytes = field.name in dataset.primary_key or field.semantic_type or "enum" in field.constraints
    return field.column.sql_type + (' COLLATE "C"' if by_bytes and field.column.sql_type == "text" else "")


def checks(table: str, field: Field, *, column: str | None = None) -> dict[str, str]:
    """The conditions on the column's values, by the names of the constraints; `column` is its name in the table.

    A name contains a hash of the condition, so constraints with the same name have the same condition.
    """
    column = column or field.name
    return {_check_name(table, column, each): each.format(name(column)) for each in field.column.sql_checks}


def comments(dataset: Dataset) -> dict[str, str]:
    """The comment of each column; empty for none."""
    found = {field.name: _joined(field.title, field.description) for field in dataset.fields}
    return found | {"file_id": FILE_ID_COMMENT}


def comment_on_table(dataset: Dataset) -> str:
    """The statement that sets the table's comment."""
    return _wrapped(
        f"COMMENT ON TABLE {name(dataset.name)} IS", f"{literal(_joined(dataset.title, dataset.description))};"
    )


def comment_on_column(table: str, column: str, comment: str) -> str:
    """The statement that sets the column's comment, or removes it."""
    return _wrapped(f"COMMENT ON COLUMN {name(table)}.{name(column)} IS", f"{literal(comment) if comment else 'NULL'};")


def index_name(table: str, column: str) -> str:
    """The name of the index on a column."""
    full = f"{table}_{column}"
    return full if len(full) <= MAX_IDENTIFIER else _short(table, column, f"_{_hash(full)}")


def name(identifier: str) -> str:
    """The identifier, quoted where it is a reserved word."""
    return _preparer.quote(identifier)


def names(identifiers: Iterable[str]) -> str:
    """The identifiers as a list."""
    return ", ".join(map(name, identifiers))


def literal(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def _check_name(table: str, column: str, condition: str) -> str:
    return _short(table, column, f"_{_hash(condition)}_check")


def _short(table: str, column: str, end: str) -> str:
    return f"{table}_{column}"[: MAX_IDENTIFIER - len(end)] + end


def _wrapped(start: str, end: str, *, indent: int = 4) -> str:
    """Both texts on one line if there is room."""
    return f"{start} {end}" if len(start) + len(end) + indent < WIDTH else f"{start}\n{' ' * indent}{end}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _joined(title: str, description: str) -> str:
    return ": ".join(filter(None, (title, description)))
