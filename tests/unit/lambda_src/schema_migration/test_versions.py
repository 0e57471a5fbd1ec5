"""Every migration takes only short locks, and each loss was accepted with a reason."""

from __future__ import annotations

import importlib.util
import io
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from schema_migration.migrate import PACKAGE

VERSIONS = sorted((PACKAGE / "versions").glob("[0-9]*.py"))
EXCLUDED = {
    "ban-drop-constraint": "a check whose limit changes is replaced by another one",
    "prefer-bigint-over-int": "the declared limits decide between integer and bigint",
    "require-statement-timeout": "migrate.py limits all statements together",
}
# Findings of squawk that a comment above the statement ignores, because a person accepted the loss.
LOSSES = ("ban-drop-column", "ban-drop-table")


def _loaded(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"version_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sql(module: Any) -> str:
    """The statements of a migration, with the transactions that it runs in."""
    text = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": text, "transactional_ddl": True}
    )
    with Operations.context(context), context.begin_transaction():
        module.upgrade()
    return text.getvalue()


def lint(statements: str) -> str:
    """The findings of squawk; empty for none."""
    excluded = ",".join(EXCLUDED)
    command = ["squawk", "--pg-version=16", f"--exclude={excluded}", "--reporter=gcc", "--stdin-filepath=migration.sql"]
    done = subprocess.run(command, input=statements, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_every_migration_follows_the_one_before() -> None:
    numbers = [file.name[:4] for file in VERSIONS]
    assert [_loaded(file).revision for file in VERSIONS] == numbers
    assert [_loaded(file).down_revision for file in VERSIONS] == [None, *numbers[:-1]]


@pytest.mark.parametrize("file", VERSIONS[1:], ids=lambda file: file.stem)
def test_a_migration_blocks_nobody_for_long(file: Path) -> None:
    """The first one fills an empty database."""
    assert lint(sql(_loaded(file))) == ""


@pytest.mark.parametrize("statement", ["ALTER TABLE orders DROP COLUMN notes", "CREATE INDEX i ON orders (sku)"])
def test_a_migration_that_loses_or_blocks_is_found(statement: str) -> None:
    assert "warning" in lint(f"BEGIN; SET LOCAL lock_timeout = '3s'; {statement}; COMMIT;")


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_every_loss_was_accepted_for_a_reason(file: Path) -> None:
    accepted = getattr(_loaded(file), "ACCEPTED", {})
    for subject, reason in accepted.items():
        assert len(reason.split()) >= 5, f"{file.name}: ACCEPTED[{subject!r}] is {reason!r}, too short for a reason"
    lost = re.findall(rf"squawk-ignore (?:{'|'.join(LOSSES)})\n.* (?:TABLE|COLUMN) (\w+);", file.read_text())
    for name in lost:
        assert any(name in subject.split(".") for subject in accepted), f"{file.name}: ACCEPTED does not have {name}"
