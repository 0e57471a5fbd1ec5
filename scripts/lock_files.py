"""Deletes packages that no requirement needs any more from lock files, without a package index."""

import re
from pathlib import Path

from packaging.utils import canonicalize_name

# A line that begins with the name of a package.
_PACKAGE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)


def listed(file: Path) -> set[str]:
    """The packages that a requirements.in or a lock file lists."""
    return {canonicalize_name(match.group(1)) for match in _PACKAGE.finditer(file.read_text())}


def locks(lock: Path, requirements: Path) -> bool:
    """Whether the lock file lists every package that the requirements list."""
    return listed(requirements) <= listed(lock)


def existing_includes(requirements: str, tree: Path) -> str:
    """The text of a requirements.in without the `-r` lines that name a missing file."""
    lines = requirements.splitlines(keepends=True)
    return "".join(
        line for line in lines if not (match := re.match(r"-r\s+(\S+)", line)) or (tree / match.group(1)).exists()
    )


def pruned(lock: str, tree: Path) -> str:
    """The lock file without the packages that nothing needs. The `# via` lines of a package say what needs it."""
    header, *blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", lock)
    while True:
        names = {_name(block) for block in blocks}
        reasons = {
            block: [each for each in _reasons(block) if _holds(each, _name(block), names, tree)] for block in blocks
        }
        kept = [
            _with_reasons(block, reasons[block])
            for block in blocks
            if any(not each.startswith("-c ") for each in reasons[block])
        ]
        if kept == blocks:
            return header + "".join(blocks)
        blocks = kept


def _name(block: str) -> str:
    return canonicalize_name(re.split(r"[^A-Za-z0-9._-]", block, maxsplit=1)[0])


def _reasons(block: str) -> list[str]:
    _, _, written = block.partition("    # via")
    return [line.strip(" #") for line in written.splitlines() if line.strip(" #")]


def _holds(reason: str, package: str, locked: set[str], tree: Path) -> bool:
    if reason.startswith("-c "):
        return True
    if reason.startswith("-r "):
        file = tree / reason.removeprefix("-r ")
        return file.exists() and package in listed(file)
    return canonicalize_name(reason.partition("[")[0]) in locked


def _with_reasons(block: str, reasons: list[str]) -> str:
    before, _, _ = block.partition("    # via")
    written = f" {reasons[0]}\n" if len(reasons) == 1 else "".join(["\n", *(f"    #   {each}\n" for each in reasons)])
    return f"{before}    # via{written}"
