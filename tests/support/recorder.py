"""Records the statements that PostgreSQL is asked to run, and finds those in the code that were never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import Composable

# Words that are in capitals only in SQL.
_SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|COPY|TRUNCATE|CREATE|ALTER|SET LOCAL|FROM|WHERE)\b")


class Recorder:
    """The statements that any connection was asked to run since this was created."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: set[str] = set()
        for cursor, method in (
            (psycopg.Cursor, "execute"),
            (psycopg.Cursor, "copy"),
            (psycopg.AsyncCursor, "execute"),
            (psycopg.AsyncCursor, "copy"),
        ):
            monkeypatch.setattr(cursor, method, self._recording(getattr(cursor, method)))

    def _recording(self, original: Any) -> Any:
        def record(cursor: Any, statement: Any, *arguments: Any, **options: Any) -> Any:
            self.statements.add(statement.as_string(None) if isinstance(statement, Composable) else statement)
            return original(cursor, statement, *arguments, **options)

        return record


def never_run(folder: Path, statements: set[str]) -> list[str]:
    """Every piece of SQL in the folder's code that is part of none of the statements, with its file and line."""
    return [
        f"{file}:{line}: {' '.join(text.split())}"
        for file in sorted(folder.glob("*.py"))
        for line, text, pattern in _sql(ast.parse(file.read_text()))
        if not any(pattern.search(statement) for statement in statements)
    ]


def _sql(tree: ast.Module) -> Iterator[tuple[int, str, re.Pattern[str]]]:
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # documentation
    for node in ast.walk(tree):
        if id(node) in prose or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        pieces = [node] if isinstance(node, ast.Constant) else node.values
        # A placeholder of Python or psycopg may stand for anything.
        text = "".join(str(piece.value) if isinstance(piece, ast.Constant) else "{}" for piece in pieces)
        if _SQL.search(text):
            pattern = ".*".join(map(re.escape, re.split(r"\{\w*\}", text)))
            yield node.lineno, text, re.compile(pattern, re.DOTALL)
