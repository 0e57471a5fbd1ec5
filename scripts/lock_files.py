"""Deletes from lock files what no requirement needs any more, without a package index. `make lock` resolves anew."""

import re
from pathlib import Path

_PACKAGE = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)


def normal(name: str) -> str:
    """The one spelling of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requested(requirements: Path) -> set[str]:
    """The packages that a requirements.in names itself."""
    return {normal(match.group(1)) for match in _PACKAGE.finditer(requirements.read_text())}


def locks(lock: Path, requirements: Path) -> bool:
    """Whether the lock has every package that the requirements name."""
    return requested(requirements) <= {normal(match.group(1)) for match in _PACKAGE.finditer(lock.read_text())}


def existing_includes(requirements: str, tree: Path) -> str:
    """The text of a requirements.in without the `-r` lines whose file is gone."""
    lines = requirements.splitlines(keepends=True)
    return "".join(
        line for line in lines if not (match := re.match(r"-r\s+(\S+)", line)) or (tree / match.group(1)).exists()
    )


def pruned(lock: str, tree: Path) -> str:
    """The lock without the packages that nothing asks for; the reasons below each package name what still does."""
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
    return normal(re.split(r"[^A-Za-z0-9._-]", block, maxsplit=1)[0])


def _reasons(block: str) -> list[str]:
    _, _, written = block.partition("    # via")
    return [line.strip(" #") for line in written.splitlines() if line.strip(" #")]


def _holds(reason: str, package: str, locked: set[str], tree: Path) -> bool:
    if reason.startswith("-c "):
        return True
    if reason.startswith("-r "):
        file = tree / reason.removeprefix("-r ")
        return file.exists() and package in requested(file)
    return normal(reason.partition("[")[0]) in locked


def _with_reasons(block: str, reasons: list[str]) -> str:
    before, _, _ = block.partition("    # via")
    written = f" {reasons[0]}\n" if len(reasons) == 1 else "".join(["\n", *(f"    #   {each}\n" for each in reasons)])
    return f"{before}    # via{written}"
