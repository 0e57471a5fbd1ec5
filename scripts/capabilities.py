"""Which capabilities a checkout has, and the deletion of one from its files.

Everything of a capability has its name as a word in its path. What files share with others is found by general rules:
lines of Python by their syntax (`source_lines.py`), other text between marker lines, locked packages by who needs them.
"""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.lock_files import existing_includes, pruned
from scripts.source_lines import EditError, remove_capability

MODEL = "config/model.py"
# The Python files that name optional capabilities: a field, values and a stack each.
SHARED = (MODEL, "config/environments.py", "stacks/platform.py")
# These names contain ordinary words.
NAMES_OF_AWS = re.compile(
    r"Amazon Web Services|AWS::\w+::\w+|[a-z.-]+\.amazonaws\.com|[Ww]eb ?ACL|[Ww]eb_?[Ii]dentity|web (?:address|page)"
)
# History, and an example of a capability.
NOT_SEARCHED = ("CHANGELOG.md", "docs/adding-a-capability.md")


class CapabilityError(Exception):
    """Why a capability can't be removed, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Removed:
    """The files that a removal changed, and the places in shared Python that still use a deleted name."""

    deleted: list[str]
    edited: list[str]
    leftovers: list[str]


def optional(tree: Path) -> list[str]:
    """The fields of Environment that are a Capability or None."""
    model = ast.parse((tree / MODEL).read_text())
    modules = {
        alias.name: node.module
        for node in model.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return sorted(
        field
        for field, class_name in _optional_fields(model)
        if class_name in modules and _is_capability(tree, modules[class_name], class_name)
    )


def _optional_fields(model: ast.Module) -> Iterator[tuple[str, str]]:
    (environment,) = (node for node in model.body if isinstance(node, ast.ClassDef) and node.name == "Environment")
    for node in environment.body:
        match node:
            case ast.AnnAssign(
                target=ast.Name(id=field),
                annotation=ast.BinOp(left=ast.Name(id=class_name), op=ast.BitOr(), right=ast.Constant(value=None)),
            ):
                yield field, class_name


def _is_capability(tree: Path, module: str, class_name: str) -> bool:
    file = tree / f"{module.replace('.', '/')}.py"
    return file.exists() and any(
        isinstance(node, ast.ClassDef)
        and node.name == class_name
        and any(isinstance(base, ast.Name) and base.id == "Capability" for base in node.bases)
        for node in ast.parse(file.read_text()).body
    )


def check_removable(name: str, tree: Path) -> None:
    """Raises CapabilityError for a core capability and for one that isn't there."""
    names = optional(tree)
    if name in names:
        return
    offered = f"Optional capabilities here: {', '.join(names) or 'none'}."
    if name not in ("", "common") and (tree / "components" / name / "__init__.py").exists():
        raise CapabilityError(f"{name} is part of the core, which every environment has. {offered}")
    raise CapabilityError(f"There is no capability {name!r}. {offered}" if name else offered)


def has_word(path: str, word: str) -> bool:
    """Whether the path has the word on its own or between `_`, `-` and `.`.

    The word may have a `_` itself, which names of stacks leave out.
    """
    return bool(re.search(rf"(?<![a-z0-9]){word.replace('_', '[_-]?')}(?![a-z0-9])", path.lower()))


def remove(name: str, *, tree: Path, files: Collection[str]) -> Removed:
    """Deletes the capability from the files of the tree."""
    deleted = sorted(path for path in files if has_word(path, name))
    modules = {_module(path) for path in deleted if path.endswith(".py")}
    for path in deleted:
        _delete(tree / path)
    edited, leftovers = [], []
    for path in sorted(set(files) - set(deleted)):
        try:
            before, after, left = _edited(path, name, tree, modules)
        except EditError as error:
            raise CapabilityError(f"{path}: {error}") from error
        leftovers += [f"{path}:{place}" for place in left]
        if before != after:
            (tree / path).write_text(after, newline="")
            edited.append(path)
    for _, path in lock_pairs(set(files) - set(deleted)):
        before = (tree / path).read_text()
        if (after := pruned(before, tree)) != before:
            (tree / path).write_text(after)
            edited.append(path)
    return Removed(deleted=deleted, edited=edited, leftovers=leftovers)


def _module(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _delete(file: Path) -> None:
    """Deletes the file, and its folder where only bytecode is left: an empty folder is still a namespace package."""
    file.unlink()
    folder = file.parent
    while all(each.name == "__pycache__" for each in folder.iterdir()):
        for bytecode in folder.glob("__pycache__/*"):
            bytecode.unlink()
        for cache in folder.glob("__pycache__"):
            cache.rmdir()
        folder.rmdir()
        folder = folder.parent


def _edited(path: str, name: str, tree: Path, modules: Collection[str]) -> tuple[str, str, list[str]]:
    before = text_of(tree / path) or ""
    if path in SHARED:
        edited = remove_capability(before, word=name, modules=modules)
        return before, edited.source, edited.leftovers
    after = unmarked(before, name)
    if path.endswith(".in"):
        after = existing_includes(after, tree)
    return before, after, []


def lock_pairs(files: Collection[str]) -> list[tuple[str, str]]:
    """Each requirements.in with its lock file."""
    pairs = [(path, path.removesuffix(".in") + ".txt") for path in sorted(files) if path.endswith(".in")]
    return [pair for pair in pairs if pair[1] in files]


def text_of(file: Path) -> str | None:
    """The text of a file as it is, line ends included; None for links, missing and binary files."""
    if file.is_symlink() or not file.is_file():
        return None
    try:
        return file.read_bytes().decode()
    except UnicodeDecodeError:
        return None


def unmarked(text: str, name: str) -> str:
    """The text without what is marked as the capability's.

    A block stands between `<!-- capability: x -->` and `<!-- end: x -->`, each on its own line. YAML and the like have
    `#` there, Mermaid `%%`, JSON with comments `//`. After text, the first marker marks that line alone, as tables and
    lists need it.
    """
    begin, end = (rf"(?:<!--|#|%%|//) ?{word}: {name}(?: ?-->)?[ \t]*$" for word in ("capability", "end"))

    def neighbours(block: re.Match[str]) -> str:
        """One blank line between them is enough."""
        blank_above = text[: block.start()].endswith("\n\n") or block.start() == 0
        return "" if blank_above else block.group("blank")

    rest = re.sub(rf"(?ms)^[ \t]*{begin}\n(.*?)^[ \t]*{end}\n(?P<blank>(?:[ \t]*\n)?)", neighbours, text)
    if alone := re.search(rf"(?m)^[ \t]*(?:{begin}|{end})", rest):
        raise EditError(f"marker without its counterpart: {alone.group(0).strip()}")
    return re.sub(rf"(?m)^.*{begin}\n?", "", rest)


def traces(name: str, *, tree: Path, files: Collection[str]) -> list[str]:
    """Finds the remaining uses of the word: paths, and `file:line: text` for each line outside `NOT_SEARCHED`.

    As `git grep -iw`, and as a part of identifiers too: `some_name`, `NameStack`.
    """
    camel = "".join(map(str.capitalize, name.split("_")))
    plain = name.replace("_", "[_ -]?")
    word = re.compile(rf"(?i:(?<![a-z0-9]){plain}(?![a-z0-9]))|(?<![A-Za-z]){camel}(?=[A-Z])")
    found = []
    for path in sorted(files):
        if path in NOT_SEARCHED or (text := text_of(tree / path)) is None:
            continue
        if has_word(path, name):
            found.append(f"{path}: the path")
        found += [
            f"{path}:{number}: {line.strip()[:160]}"
            for number, line in enumerate(text.splitlines(), 1)
            if word.search(NAMES_OF_AWS.sub("", line))
        ]
    return found
