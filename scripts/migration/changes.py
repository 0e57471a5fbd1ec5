"""Compares the declarations of datasets with the tables, and writes the SQL that changes the tables accordingly.

Each statement is safe while files are loaded, except where a note says so. docs/datasets.md has the rules.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import psycopg

from tabular.declaration import SCHEMA_FILE, Dataset, Field, folded
from tabular.types import BadValueError

from . import tables
from .catalog import StoredColumn, StoredTable, declared, stored
from .tables import literal, name

_MAX_SHOWN = 200  # characters
# Every value of the first type is one of the second.
_WIDER = {
    ("smallint", "integer"),
    ("smallint", "bigint"),
    ("smallint", "numeric"),
    ("integer", "bigint"),
    ("integer", "numeric"),
    ("bigint", "numeric"),
}


class RefusedChangeError(RuntimeError):
    """A declaration can't become a migration as it is. The message says what to do."""


@dataclass(frozen=True, kw_only=True)
class SchemaChange:
    """A difference between a declaration and its table, and the statements that remove it.

    `subject` is a table or `table.column`. `prepare` may run more than once, and adds `checks`, conditions by name, for
    new rows. Then `online` runs without a transaction, and the checks in `validate` are applied to the table's rows.
    `finish` runs last, in the transaction that also notes the revision. A change with a `way_back` loses values, or
    refuses values that were allowed; the text says how to avoid that. `note` is what people should know before they
    deploy.
    """

    subject: str
    words: str
    prepare: tuple[str, ...] = ()
    checks: Mapping[str, str] = dataclasses.field(default_factory=dict)
    online: tuple[str, ...] = ()
    validate: tuple[str, ...] = ()
    finish: tuple[str, ...] = ()
    way_back: str = ""
    note: str = ""

    @property
    def table(self) -> str:
        """The table that changes."""
        return self.subject.partition(".")[0]


def changes(
    connection: psycopg.Connection, datasets: Mapping[str, Dataset], defaults: Mapping[str, str] | None = None
) -> list[SchemaChange]:
    """Every difference, by table. `defaults` are values for rows in the tables, by `dataset.column`.

    Raises RefusedChangeError for a column that needs such a value, and for what no migration can do.
    """
    left = dict(defaults or {})
    found: list[SchemaChange] = []
    with connection.transaction(force_rollback=True):
        now, then = stored(connection), declared(connection, datasets.values())
        for dataset in datasets.values():
            if dataset.name in now:
                comparison = _Comparison(connection, dataset, now[dataset.name], then[dataset.name], left)
                found += comparison.changes()
            else:
                found.append(_new_table(dataset))
    if left:
        raise RefusedChangeError(
            f"DEFAULTS has a value for {', '.join(left)}, but only a column that becomes required needs one."
        )
    return found + [_dropped_table(table) for table in now if table not in datasets]


def _new_table(dataset: Dataset) -> SchemaChange:
    return SchemaChange(
        subject=dataset.name,
        words=f"creates the table {dataset.name}",
        finish=tuple(tables.table_statements(dataset)),
    )


def _dropped_table(table: str) -> SchemaChange:
    return SchemaChange(
        subject=table,
        words=f"drops the table {table} with its rows",
        finish=(_ignoring("ban-drop-table", f"DROP TABLE {name(table)};"),),
        way_back=f"Put {_file(table)} back. If the dataset has a new name, write a migration that renames the table.",
    )


class _Comparison:
    """One dataset and its table."""

    def __init__(
        self,
        connection: psycopg.Connection,
        dataset: Dataset,
        now: StoredTable,
        then: StoredTable,
        defaults: dict[str, str],
    ) -> None:
        self._connection = connection
        self._dataset = dataset
        self._table = dataset.name
        self._now = now
        self._then = then
        self._defaults = defaults
        self._alter = f"ALTER TABLE {name(dataset.name)}"

    def changes(self) -> Iterator[SchemaChange]:
        """The columns in the order of the declaration, then dropped columns, then the table itself."""
        self._require_the_same_key()
        for field in self._dataset.fields:
            old = self._now.columns.get(self._old(field.name))
            if old is None:
                yield self._added(field)
            else:
                yield from self._altered(field, old)
        for column in self._now.columns:
            if column not in self._then.columns and column not in self._renames:
                yield self._dropped(column)
        yield from self._indexed()
        yield from self._commented()

    def _require_the_same_key(self) -> None:
        key = tuple(self._renames.get(column, column) for column in self._now.key)
        if key != self._dataset.primary_key:
            raise RefusedChangeError(
                f"The primary key of {self._table} is ({', '.join(key)}) in the database, and "
                f"({', '.join(self._dataset.primary_key)}) in {_file(self._table)}. With another key the same files "
                "make other rows, so no migration changes it. There are two ways out: put the key back, or declare a "
                "new dataset."
            )

    @cached_property
    def _renames(self) -> dict[str, str]:
        """The new names of columns by the old ones: a column that is gone, and that a new field has as an alias."""
        return {
            column: field.name
            for column in self._now.columns
            for field in self._dataset.fields
            if column not in self._then.columns
            and field.name not in self._now.columns
            and folded(column) in map(folded, field.aliases)
        }

    def _old(self, column: str) -> str:
        """The column's name in the table."""
        return next((old for old, new in self._renames.items() if new == column), column)

    def _added(self, field: Field) -> SchemaChange:
        column, checks = name(field.name), tables.checks(self._table, field)
        statement = f"{self._alter} ADD COLUMN IF NOT EXISTS {column} {tables.type_of(field, self._dataset)}"
        words = f"adds the column {self._full(field)}"
        prepare = [f"{statement};"]
        if field.required:
            value = self._default(field)
            words += f", with {value} in the rows of the table"
            # PostgreSQL keeps the value for these rows without writing them. New rows must bring their own.
            dropped = _ignoring("ban-drop-default", f"{self._alter} ALTER COLUMN {column} DROP DEFAULT;")
            prepare = [f"{statement} NOT NULL DEFAULT {value};", dropped]
        return SchemaChange(
            subject=self._full(field), words=words, prepare=tuple(prepare), checks=checks, validate=tuple(checks)
        )

    def _altered(self, field: Field, old: StoredColumn) -> Iterator[SchemaChange]:
        new = self._then.columns[field.name]
        if self._old(field.name) != field.name:
            yield self._renamed(self._old(field.name), field)
        if (old.type, old.collation) != (new.type, new.collation):
            yield self._retyped(field, old, new)
        else:
            yield from self._checked(field)
        if old.required and not new.required:
            statement = f"{self._alter} ALTER COLUMN {name(field.name)} DROP NOT NULL;"
            yield SchemaChange(
                subject=self._full(field),
                words=f"makes {self._full(field)} optional",
                finish=(_ignoring("ban-drop-not-null", statement),),
            )
        elif new.required and not old.required:
            yield self._now_required(field)

    def _renamed(self, before: str, field: Field) -> SchemaChange:
        """The names of checks and indexes contain that of the column, so they are renamed too."""
        index = tables.index_name(self._table, before)
        finish = [
            _ignoring("renaming-column", f"{self._alter} RENAME COLUMN {name(before)} TO {name(field.name)};"),
            *(
                _ignoring("renaming-object", f"{self._alter} RENAME CONSTRAINT {old} TO {new};")
                for new, old in self._kept(field).items()
            ),
        ]
        if index in self._now.indexes.get(before, ()):
            new_index = tables.index_name(self._table, field.name)
            finish.append(_ignoring("renaming-object", f"ALTER INDEX {index} RENAME TO {new_index};"))
        return SchemaChange(
            subject=self._full(field),
            words=f"renames the column {self._table}.{before} to {field.name}",
            finish=tuple(finish),
            note=f"From the migration on, only the new release can use {self._table}: files wait for it.",
        )

    def _retyped(self, field: Field, old: StoredColumn, new: StoredColumn) -> SchemaChange:
        """Checks are replaced in the same transaction, because their conditions fit only one of the types."""
        column, full, type_ = name(field.name), self._full(field), tables.type_of(field, self._dataset)
        rewrites, order = old.type != new.type, "by its bytes" if new.collation else "by the locale"
        loses = rewrites and (old.type, new.type) not in _WIDER
        using = f" USING {column}::{new.type}" if loses else ""
        statement = f"{self._alter} ALTER COLUMN {column} TYPE {type_}{using};"
        added = (
            _ignoring("constraint-missing-not-valid", f"{self._alter} ADD CONSTRAINT {check} CHECK ({condition});")
            for check, condition in tables.checks(self._table, field).items()
            if check not in self._kept(field)
        )
        work = f"Rewrites the table {self._table}" if rewrites else f"Rebuilds the indexes on {full}"
        note = f"{work}, and blocks the table meanwhile: if it has many rows, deploy when few files come."
        return SchemaChange(
            subject=full,
            words=f"changes the type of {full} from {old.type} to {new.type}" if rewrites else f"sorts {full} {order}",
            finish=(*self._drop_gone(field), _ignoring("changing-column-type", statement), *added),
            way_back=f"Put the type back in {_file(self._table)}, or declare a new column." if loses else "",
            note=f"{note} A value that is no {new.type} fails the migration." if loses else note,
        )

    def _checked(self, field: Field) -> Iterator[SchemaChange]:
        kept, full = self._kept(field), self._full(field)
        in_table = tables.checks(self._table, field, column=self._old(field.name)).values()
        new = {
            check: condition
            for check, condition in zip(tables.checks(self._table, field), in_table, strict=True)
            if check not in kept
        }
        gone = self._drop_gone(field)
        if not new and not gone:
            return
        narrow = {check: condition for check, condition in new.items() if not self._is_implied(field, condition)}
        if narrow:
            words = f"allows fewer values of {full}: {_shown(narrow.values())}"
        elif new:
            words = f"allows {'more' if gone else 'the same'} values of {full}: {_shown(new.values())}"
        else:
            words = f"limits {full} less"
        so_far = [self._now.checks[check].condition.removeprefix("(").removesuffix(")") for check in self._gone(field)]
        yield SchemaChange(
            subject=full,
            words=f"{words}; so far: {_shown(so_far)}" if so_far else words,
            checks=new,
            validate=tuple(check for check in new if check not in narrow),
            finish=gone,
            way_back=f"Put the limits back in {_file(self._table)}." if narrow else "",
            note=f"Rows of {self._table} that break the new limits stay, but can't be changed." if narrow else "",
        )

    def _is_implied(self, field: Field, condition: str) -> bool:
        """Whether the conditions that the table has already imply this one."""
        self._connection.execute("SET LOCAL constraint_exclusion = on")
        plan = self._rows(f"EXPLAIN SELECT FROM {name(self._table)} WHERE NOT ({condition})")
        return any("One-Time Filter: false" in line for (line,) in plan) or self._allows_each_choice(field, condition)

    def _allows_each_choice(self, field: Field, condition: str) -> bool:
        """Whether each value of the column's list meets the condition. PostgreSQL proves nothing for 100 and more."""
        column = self._old(field.name)
        lists = (
            check.condition.partition(" = ANY (")[2].removesuffix("))")
            for check in self._now.checks.values()
            if check.column == column and check.validated
        )
        query = "SELECT 1 FROM unnest({}) AS {} WHERE NOT ({})"
        return any(array and not self._rows(query.format(array, name(column), condition)) for array in lists)

    def _rows(self, query: str) -> list[tuple[str]]:
        return self._connection.execute(query.encode()).fetchall()

    def _kept(self, field: Field) -> dict[str, str]:
        """The declared checks that the table has: their names, and their names in the table."""
        in_table = tables.checks(self._table, field, column=self._old(field.name))
        pairs = zip(tables.checks(self._table, field), in_table, strict=True)
        return {new: old for new, old in pairs if old in self._now.checks}

    def _gone(self, field: Field) -> list[str]:
        """The names of the checks that nothing declares any more."""
        column, kept = self._old(field.name), self._kept(field).values()
        return [check for check, stored in self._now.checks.items() if stored.column == column and check not in kept]

    def _drop_gone(self, field: Field) -> tuple[str, ...]:
        return tuple(f"{self._alter} DROP CONSTRAINT {check};" for check in self._gone(field))

    def _now_required(self, field: Field) -> SchemaChange:
        value, column = self._default(field), name(self._old(field.name))
        check = tables.index_name(self._table, f"{field.name}_required")
        return SchemaChange(
            subject=self._full(field),
            words=f"makes {self._full(field)} required, with {value} in the rows that have no value",
            checks={check: f"{column} IS NOT NULL"},
            online=(f"UPDATE {name(self._table)} SET {column} = {value} WHERE {column} IS NULL;",),  # noqa: S608
            validate=(check,),
            finish=(
                # The check proves that every row has a value, so PostgreSQL does not read the rows.
                _ignoring("adding-not-nullable-field", f"{self._alter} ALTER COLUMN {name(field.name)} SET NOT NULL;"),
                f"{self._alter} DROP CONSTRAINT {check};",
            ),
            note=f"Writes every row that has no {self._full(field)}; a file with the same row waits meanwhile.",
        )

    def _dropped(self, column: str) -> SchemaChange:
        return SchemaChange(
            subject=f"{self._table}.{column}",
            words=f"drops the column {self._table}.{column} with its values",
            finish=(_ignoring("ban-drop-column", f"{self._alter} DROP COLUMN {name(column)};"),),
            way_back=f"Put the field {column} back into {_file(self._table)}. If it has a new name, write the old one "
            f'there: "x-field": {{"aliases": ["{column}"]}}.',
        )

    def _indexed(self) -> Iterator[SchemaChange]:
        for column, definition in tables.indexes(self._dataset).items():
            old = self._old(column)
            if self._now.indexes.get(old):
                continue
            index = tables.index_name(self._table, column)
            on = definition.replace(name(column), name(old))
            yield SchemaChange(
                subject=f"{self._table}.{column}",
                words=f"adds an index on {self._table}.{column}",
                online=(
                    # An attempt that was interrupted leaves an index that can't be used.
                    f"DROP INDEX CONCURRENTLY IF EXISTS {index};",
                    f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON {name(self._table)} {on};",
                ),
            )

    def _commented(self) -> Iterator[SchemaChange]:
        statements = []
        if self._now.comment != self._then.comment:
            statements.append(tables.comment_on_table(self._dataset))
        for column, comment in tables.comments(self._dataset).items():
            old = self._now.columns.get(self._old(column))
            if comment != (old.comment if old else ""):
                statements.append(tables.comment_on_column(self._table, column, comment))
        if statements:
            yield SchemaChange(
                subject=self._table, words=f"changes the comments on {self._table}", finish=tuple(statements)
            )

    def _default(self, field: Field) -> str:
        """The value for the rows of the table, as a literal. Raises RefusedChangeError if there is none."""
        full = self._full(field)
        if full not in self._defaults:
            raise RefusedChangeError(
                f"{full} is required, but the rows of the table have no value for it. There are two ways out:\n"
                f'  1. Say which value they get: make migration DEFAULTS="{full}={field.column.example}"\n'
                f"  2. Make it optional: leave out required in {_file(self._table)}."
            )
        try:
            return literal(field.column.check(self._defaults.pop(full)))
        except BadValueError as error:
            raise RefusedChangeError(f"DEFAULTS: {full} {error}.") from None

    def _full(self, field: Field) -> str:
        return f"{self._table}.{field.name}"


def _shown(conditions: Iterable[str]) -> str:
    return textwrap.shorten(" and ".join(conditions), _MAX_SHOWN, placeholder=" …")


def _ignoring(rule: str, statement: str) -> str:
    """The statement with a comment that silences squawk: a person reads the migration."""
    return f"-- squawk-ignore {rule}\n{statement}"


def _file(dataset: str) -> str:
    return f"datasets/{dataset}/{SCHEMA_FILE}"
