"""Deletes the code of one capability from Python source, and leaves every other byte unchanged."""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]
Located = ast.stmt | ast.expr | ast.keyword


class EditError(Exception):
    """The source can't be edited by the general rules; the message names the line."""


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The source that remains, and `line: name` for each remaining use of a deleted name."""

    source: str
    leftovers: list[str]


def remove_capability(source: str, *, word: str, modules: Collection[str]) -> Edited:
    """Deletes the code of the capability `word`, and the comments directly above each deleted piece of code.

    Deleted are imports of the deleted `modules`, class fields and keyword arguments named `word`, `if x.word:`
    statements, and module constants that use a deleted name and are used only in deleted code.
    """
    tree, text = ast.parse(source), _Text(source)
    spans = [
        text.span(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt | ast.keyword) and _belongs(node, word, modules)
    ]
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and _belongs(node, word, modules)
        for alias in node.names
    }
    constants = _own_constants(tree, imported, lambda node: text.is_within(node, spans))
    spans += [text.span(node) for node in constants]
    names = imported | {name for node in constants for name in _targets(node)}
    leftovers = sorted(
        f"{node.lineno}: {node.id}" for node in _names(tree) if node.id in names and not text.is_within(node, spans)
    )
    for start, end in reversed(_outermost(spans)):
        source = source[:start] + source[end:]
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise EditError(f"line {error.lineno} would no longer be valid Python") from error
    return Edited(source=source, leftovers=leftovers)


def _belongs(node: ast.AST, word: str, modules: Collection[str]) -> bool:
    match node:
        case ast.ImportFrom(module=str(module)):
            return module in modules or all(f"{module}.{alias.name}" in modules for alias in node.names)
        case ast.Import():
            return all(alias.name in modules for alias in node.names)
        case ast.AnnAssign(target=ast.Name(id=name)) if name == word:
            return True
        case ast.keyword(arg=name) if name == word:
            return True
        case ast.If(test=ast.Attribute(attr=name)) if name == word:
            if node.orelse:
                raise EditError(f"line {node.lineno}: `if ….{word}:` has an else branch, which would be deleted too")
            return True
    return False


def _names(node: ast.AST) -> Iterator[ast.Name]:
    return (each for each in ast.walk(node) if isinstance(each, ast.Name))


def _targets(node: ast.stmt) -> set[str]:
    targets: Iterable[ast.expr] = ()
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = (node.target,)
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _own_constants(tree: ast.Module, names: set[str], deleted: Callable[[ast.Name], bool]) -> list[ast.stmt]:
    """Finds module constants that use one of `names`, directly or indirectly, and are used only in deleted code."""
    found: list[ast.stmt] = []
    while more := [
        node
        for node in tree.body
        if node not in found
        and _targets(node)
        and not names.union(*map(_targets, found)).isdisjoint(_used(node, lambda name: not deleted(name)))
    ]:
        found += more
    while True:
        by_deleted = _used(tree, deleted).union(*map(_used, found))
        by_others = {
            name for node in tree.body if node not in found for name in _used(node, lambda name: not deleted(name))
        }
        kept = [node for node in found if _targets(node) & by_deleted and not _targets(node) & by_others]
        if kept == found:
            return found
        found = kept


def _used(node: ast.AST, where: Callable[[ast.Name], bool] = lambda _: True) -> set[str]:
    return {name.id for name in _names(node) if isinstance(name.ctx, ast.Load) and where(name)}


class _Text:
    """Positions of nodes as offsets into the source."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = source.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def is_within(self, node: Located, spans: list[Span]) -> bool:
        start, end = self._exact(node)
        return any(first <= start and end <= last for first, last in spans)

    def span(self, node: Located) -> Span:
        """Returns the span to delete: whole lines and the comments above, or a keyword argument and its comma."""
        start, end = self._exact(node)
        before, after = self._source[:start], self._source[end:]
        comma = re.match(r"[ \t]*,[ \t]*", after) if isinstance(node, ast.keyword) else None
        rest = after[comma.end() :] if comma else after
        alone = re.search(r"(?:^|\n)[ \t]*$", before) and re.match(r"[ \t]*(?:#[^\n]*)?(?:\n|$)", rest)
        if alone:
            return self._whole_lines(start, end)
        if comma:
            return start, end + comma.end()
        previous = re.search(r",\s*$", before)
        return (previous.start() if previous else start), end

    def _whole_lines(self, start: int, end: int) -> Span:
        first = self._source.count("\n", 0, start)
        last = self._source.count("\n", 0, end)
        while first and self._lines[first - 1].lstrip().startswith("#"):
            first -= 1
        return self._starts[first], min(self._starts[last + 1], len(self._source))

    def _exact(self, node: Located) -> Span:
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno or node.lineno, node.end_col_offset or node.col_offset),
        )

    def _offset(self, line: int, column: int) -> int:
        """The offset of a position; `ast` counts columns in bytes of UTF-8."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _outermost(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
