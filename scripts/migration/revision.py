"""Writes a migration as a module of Alembic, in the style of those that people write."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from alembic.script import ScriptDirectory

from .changes import SchemaChange
from .tables import WIDTH, name

LOCK_TIMEOUT = "3s"
_MAX_SLUG = 40
_BIND = re.compile(r"(?<![:\w\\]):(?=\w)")  # what SQLAlchemy would take for a parameter
_HEAD = '''"""{title}

`make migration` wrote this from the declarations in datasets/:

{changes}
"""

from __future__ import annotations

from alembic import op

revision = "{revision}"
down_revision = {before}
'''
_ACCEPTED = """
# What this loses, and why that is intended. `make test` refuses a loss without a reason.
ACCEPTED = {{
{entries}
}}
"""
# A statement that waits for a lock blocks all later ones. So it gives up soon, and migrate.py tries again.
_LOCKS = f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';"
_NO_LOCKS = "SET lock_timeout = 0"  # these may wait for loads: they block neither readers nor other loads meanwhile
_IN_ONE_TRANSACTION = '''

def upgrade() -> None:
    """Change everything in one transaction."""
    op.execute(STATEMENTS)
'''
_IN_STEPS = '''

def upgrade() -> None:
    """Change the tables in steps. A run that was interrupted is repeated from the first one."""
{prepare}    # Without a transaction: each statement may take long, but blocks neither readers nor loads.
    with op.get_context().autocommit_block():
        for statement in ONLINE:
            op.execute(statement)
{finish}'''


def write(changes: Sequence[SchemaChange], versions: Path, *, title: str = "") -> Path:
    """Write the next revision after the newest one in `versions`, and return its file.

    Without a title it is named after the tables.
    """
    before = ScriptDirectory(str(versions), version_locations=[str(versions)]).get_current_head()
    revision = f"{int(before or 0) + 1:04}"
    tables = list(dict.fromkeys(change.table for change in changes))
    slug = re.sub(r"[^a-z0-9]+", "_", (title or "_".join(tables)).lower())[:_MAX_SLUG].strip("_")
    file = versions / f"{revision}_{slug}.py"
    sentence = title or f"Change {' and '.join(filter(None, (', '.join(tables[:-1]), tables[-1])))}"
    sentence = f"{sentence[0].upper()}{sentence[1:].removesuffix('.')}."
    file.write_text(_text(changes, title=sentence, revision=revision, before=before), encoding="utf-8")
    return file


def _text(changes: Sequence[SchemaChange], *, title: str, revision: str, before: str | None) -> str:
    listed = (textwrap.fill(f"- {each.words}", WIDTH, subsequent_indent="  ") for each in changes)
    text = _HEAD.format(
        title=_escaped(title),
        changes=_escaped("\n".join(listed)),
        revision=revision,
        before=f'"{before}"' if before else None,
    )
    if losses := dict.fromkeys(each.subject for each in changes if each.way_back):
        text += _ACCEPTED.format(entries="\n".join(f'    "{each}": "",' for each in losses))
    prepare = [each for change in changes for each in change.prepare]
    prepare += _altered(
        (change.table, f"DROP CONSTRAINT IF EXISTS {check},\n    ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID")
        for change in changes
        for check, condition in change.checks.items()
    )
    online = [each for change in changes for each in change.online]
    online += _altered((change.table, f"VALIDATE CONSTRAINT {each}") for change in changes for each in change.validate)
    finish = [each for change in changes for each in change.finish]
    if not online:
        return text + _block("STATEMENTS", [*prepare, *finish]) + _IN_ONE_TRANSACTION
    items = (_marked(f"    {_literal(each.removesuffix(';'))},") for each in (_NO_LOCKS, *online))
    parts = [_block("PREPARE", prepare) if prepare else "", "\n".join(("\nONLINE = (", *items, ")\n"))]
    parts += [_block("FINISH", finish) if finish else ""]
    return "".join((text, *parts, _in_steps(prepare=bool(prepare), finish=bool(finish))))


def _in_steps(*, prepare: bool, finish: bool) -> str:
    return _IN_STEPS.format(
        prepare="    op.execute(PREPARE)\n" if prepare else "", finish="    op.execute(FINISH)\n" if finish else ""
    )


def _altered(actions: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One statement for each table, so that PostgreSQL locks and reads it once."""
    by_table: dict[str, list[str]] = {}
    for table, action in actions:
        by_table.setdefault(table, []).append(action)
    for table, found in by_table.items():
        yield f"ALTER TABLE {name(table)}\n    " + ",\n    ".join(found) + ";"


def _block(variable: str, statements: Sequence[str]) -> str:
    """A constant with statements, and an empty line before each table that is created."""
    lines = (f"\n{each}" if each.startswith("CREATE TABLE") else each for each in (_LOCKS, *statements))
    return _marked(f"\n{variable} = {_literal(chr(10).join(('', *lines, '')))}") + "\n"


def _literal(sql: str) -> str:
    """The SQL as a literal of Python; SQLAlchemy must find no parameters in it."""
    sql = _BIND.sub(r"\\:", sql)
    return f'"""{_escaped(sql)}"""' if "\n" in sql else repr(sql)


def _marked(code: str) -> str:
    """The code with a comment for the linter if a line is too long."""
    return f"{code}  # noqa: E501" if any(len(line) > WIDTH for line in code.splitlines()) else code


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
