"""Git, generated files and formatting, for the scripts that change a whole checkout."""

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GUARD = "tests/architecture/test_released.py"


class CheckoutError(Exception):
    """The checkout can't be changed. The message says why, and what to do."""


def git(*arguments: str, tree: Path, check: bool = True, stdin: str = "") -> str:
    """The output of git. Raises CheckoutError with its error output if it fails and `check` is true."""
    done = subprocess.run(["git", *arguments], check=False, cwd=tree, capture_output=True, text=True, input=stdin)
    if check and done.returncode != 0:
        raise CheckoutError(f"git {' '.join(arguments)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def tracked(tree: Path) -> list[str]:
    """The tracked files that exist."""
    names = git("ls-files", "-z", tree=tree).split("\0")
    return [name for name in names if name and ((tree / name).is_symlink() or (tree / name).is_file())]


def require_clean(tree: Path) -> None:
    """Raises CheckoutError if there are uncommitted changes: `git diff` must show only what the script changes."""
    if changes := git("status", "--porcelain", tree=tree).splitlines():
        raise CheckoutError(
            f"The work tree has changes that are not committed ({len(changes)}, first: {changes[0].strip()}). "
            "Commit or stash them first: `git diff` must show only what this command changes."
        )


def generated(tree: Path, files: Collection[str]) -> dict[str, str]:
    """The generated files among these paths, each with the make target that writes it (by .gitattributes)."""
    fields = git("check-attr", "-z", "--stdin", "generated-by", tree=tree, stdin="\0".join(files)).split("\0")
    found = zip(fields[0::3], fields[2::3], strict=False)
    return {path: target for path, target in found if target != "unspecified"}


def make(target: str, tree: Path, *, set_up: bool = False) -> bool:
    """Runs a make target and shows its output. With `set_up`, installs new requirements first. False if it fails."""
    print(f"make {target} ...", flush=True)
    old = [] if set_up else ["--old-file", "setup"]
    return subprocess.run(["make", "--no-print-directory", *old, target], check=False, cwd=tree).returncode == 0


def mark_released(tree: Path, *, set_up: bool = False) -> bool:
    """Marks today's templates as released where the replacement guard finds no change: that hides nothing from it."""
    guard = subprocess.run([sys.executable, "-m", "pytest", "-q", GUARD], check=False, cwd=tree)
    return guard.returncode == 0 and make("mark-released", tree, set_up=set_up)


def format_python(files: list[str], tree: Path) -> None:
    """Formats the files and deletes unused imports."""
    ruff = [sys.executable, "-m", "ruff"]
    subprocess.run([*ruff, "check", "--quiet", "--fix", "--select", "F401,I", *files], check=False, cwd=tree)
    subprocess.run([*ruff, "format", "--quiet", *files], check=True, cwd=tree)
