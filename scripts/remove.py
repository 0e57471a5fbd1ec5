"""Deletes an optional capability for good: `make remove CAPABILITY=name`. Without a name, lists the names."""

import argparse
import json
import sys
from pathlib import Path

from scripts.capabilities import SHARED, CapabilityError, check_removable, optional, remove, traces
from scripts.checkout import ROOT, CheckoutError, format_python, make, mark_released, require_clean, tracked


def main(arguments: list[str] | None = None, *, tree: Path = ROOT) -> None:
    """Removes the capability, writes generated files again, and exits with 1 if a trace is left."""
    parser = argparse.ArgumentParser(prog="scripts.remove", description=__doc__)
    parser.add_argument("capability", nargs="?", default="")
    parser.add_argument("--list", action="store_true", help="print the optional capabilities as JSON")
    options = parser.parse_args(arguments)
    if options.list:
        print(json.dumps(optional(tree)))
        return
    try:
        check_removable(options.capability, tree)
        require_clean(tree)
        _remove(options.capability, tree)
    except (CapabilityError, CheckoutError) as error:
        sys.exit(str(error))


def _remove(name: str, tree: Path) -> None:
    removed = remove(name, tree=tree, files=tracked(tree))
    print(f"Deleted {len(removed.deleted)} files of {name}.")
    format_python(list(SHARED), tree)
    for path in removed.edited:
        print(f"Edited {path}")
    print("The generated files follow. This takes a few minutes.", flush=True)
    written = make("snapshots", tree)
    marked = written and mark_released(tree)
    problems = removed.leftovers + traces(name, tree=tree, files=tracked(tree))
    for problem in problems:
        print(problem)
    if problems:
        print(
            f"\n{len(problems)} traces of {name} are left. Move each trace into a folder named {name}, mark the trace "
            f"(`capability: {name}`, docs/forking.md), or reword the trace."
        )
    if not written:
        print("\n`make snapshots` failed, see above.")
    elif not marked:
        print(
            "\nThe released templates are unchanged: apart from the removal, a deployment would replace or "
            "delete the resources that are listed above."
        )
    if problems or not marked:
        print("`git checkout . && git clean -d --interactive` undoes the removal.")
        sys.exit(1)
    print(f"\n{name} is removed. Read `git diff`, run `make check test-fast`, then commit. `make lock` is not needed.")


if __name__ == "__main__":
    main()
