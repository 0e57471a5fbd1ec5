"""Removes each optional capability from a copy of the last commit, and checks what remains: `make test-removal`.

The copies stay in .local/removal/ for whoever wants to see what failed.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.capabilities import CapabilityError, check_removable, optional
from scripts.checkout import ROOT, git

SHARED_FOLDERS = (".venv", "node_modules")
STEPS = (["check"], ["test-fast"], ["synth", "ENV=prod"])


def main(arguments: list[str] | None = None) -> None:
    """Exits with 1 where a removal, or what remains of the copy, fails."""
    parser = argparse.ArgumentParser(prog="scripts.try_removal", description=__doc__)
    parser.add_argument("capability", nargs="?", default="")
    chosen = parser.parse_args(arguments).capability
    try:
        if chosen:
            check_removable(chosen, ROOT)
    except CapabilityError as error:
        sys.exit(str(error))
    failures = {name: failed for name in ([chosen] if chosen else optional(ROOT)) if (failed := _failed(name))}
    for name, failed in failures.items():
        print(f"Without {name}, this fails in .local/removal/{name}: {', '.join(failed)}")
    sys.exit(bool(failures))


def copy_of(tree: Path, folder: Path) -> Path:
    """A clone of the last commit that uses the packages of this checkout."""
    shutil.rmtree(folder, ignore_errors=True)
    git("clone", "--quiet", "--shared", str(tree), str(folder), tree=tree)
    for name in SHARED_FOLDERS:
        (folder / name).symlink_to((tree / name).resolve())
    with (folder / ".git/info/exclude").open("a") as exclude:
        exclude.writelines(f"/{name}\n" for name in SHARED_FOLDERS)
    return folder


def _failed(name: str) -> list[str]:
    copy = copy_of(ROOT, ROOT / ".local/removal" / name)
    failed = []
    for step in (["remove", f"CAPABILITY={name}"], *STEPS):
        command = f"make {' '.join(step)}"
        print(f"\nWithout {name}: {command}", flush=True)
        # Without setup: the copy shares .venv with this checkout, whose lock file differs.
        make = ["make", "--no-print-directory", "--old-file", "setup", *step]
        if subprocess.run(make, check=False, cwd=copy).returncode != 0:
            failed.append(command)
    return failed


if __name__ == "__main__":
    main()
