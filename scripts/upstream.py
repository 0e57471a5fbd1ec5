"""Merges a newer upstream into a fork: `make upstream`, or `make upstream UPSTREAM=remote/branch`.

Before the merge, the fork's removed capabilities and its name are applied to upstream's old and new state alike. So a
file of a removed capability stays deleted, and a line beside a deleted one has no conflict. Generated files are written
again instead of being merged. A person resolves what conflicts after that; the same command then finishes the merge.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.capabilities import MODEL, SHARED, CapabilityError, lock_pairs, optional, remove
from scripts.checkout import (
    ROOT,
    CheckoutError,
    format_python,
    generated,
    git,
    make,
    mark_released,
    require_clean,
    tracked,
)
from scripts.lock_files import locks
from scripts.rename import name_in, rename

LOCK = "lock"  # the value of generated-by in .gitattributes: these files are merged, because each side adds packages
IDENTITY = ("-c", "user.name=make upstream", "-c", "user.email=upstream@example.com")  # of commits that nobody keeps


@dataclass(frozen=True, kw_only=True)
class Fork:
    """The decisions of the fork, which are applied to every state of upstream."""

    tree: Path
    removed: list[str]
    project: str


def main(arguments: list[str] | None = None, *, tree: Path = ROOT) -> None:
    """Merges, or finishes a merge whose conflicts are resolved. Exits with 1 where something is left to do."""
    parser = argparse.ArgumentParser(prog="scripts.upstream", description=__doc__)
    parser.add_argument("upstream", nargs="?", default="upstream/main")
    upstream = parser.parse_args(arguments).upstream
    try:
        if not _merging(tree):
            require_clean(tree)
            if not _merge(_commit_of(upstream, tree), upstream, tree):
                return
        _finish(tree)
    except (CapabilityError, CheckoutError) as error:
        sys.exit(str(error))


def _merging(tree: Path) -> bool:
    return bool(git("rev-parse", "--quiet", "--verify", "MERGE_HEAD", tree=tree, check=False))


def _commit_of(upstream: str, tree: Path) -> str:
    """The newest commit of the remote branch, or of a branch here."""
    remote, _, branch = upstream.partition("/")
    if branch and remote in git("remote", tree=tree).split():
        git("fetch", "--", remote, f"refs/heads/{branch}", tree=tree)
        return git("rev-parse", "FETCH_HEAD", tree=tree).strip()
    commit = git(
        "rev-parse", "--quiet", "--verify", "--end-of-options", f"{upstream}^{{commit}}", tree=tree, check=False
    ).strip()
    if not commit:
        raise CheckoutError(
            f"There is no {upstream}. Name the repository that this one was forked from, once: "
            "git remote add upstream URL. Or name a branch: make upstream UPSTREAM=remote/branch"
        )
    return commit


def _merge(theirs: str, upstream: str, tree: Path) -> bool:
    """Merges into the work tree without a commit. False where there is nothing new."""
    base = git("merge-base", "HEAD", theirs, tree=tree, check=False).strip()
    if not base:
        raise CheckoutError(
            f"{upstream} and this branch share no commit. Fork by cloning: a copy has no history to merge."
        )
    if base == theirs:
        print(f"Nothing is new in {upstream}.")
        return False
    print(
        f"Merging {git('rev-list', '--count', f'{base}..{theirs}', tree=tree).strip()} commits of {upstream}.",
        flush=True,
    )
    with _checked_out(base, tree) as old, _checked_out(theirs, tree) as new:
        removed = sorted(set(optional(old)) - set(optional(tree)))
        fork = Fork(tree=tree, removed=removed, project=name_in((tree / MODEL).read_text()))
        files = {*tracked(old), *tracked(new), *tracked(tree)}
        written = _not_merged(new, files)
        # If upstream now writes a file by hand, the file is merged: the fork's generated file counts as unchanged.
        old_commit = _adapted(old, fork, written | _not_merged(tree, files))
        new_commit = _adapted(new, fork, written)
    merge = ["git", "merge-recursive", old_commit, "--", "HEAD", new_commit]
    names = {f"GITHEAD_{new_commit}": upstream}  # for the markers of conflicts
    done = subprocess.run(merge, check=False, cwd=tree, capture_output=True, text=True, env=os.environ | names)
    if done.returncode > 1:
        raise CheckoutError(f"git merge-recursive: {done.stderr.strip()}")
    git("update-ref", "MERGE_HEAD", theirs, tree=tree)
    message = tree / git("rev-parse", "--git-path", "MERGE_MSG", tree=tree).strip()
    message.write_text(f"merge: {upstream} at {theirs[:12]}\n")
    return True


@contextmanager
def _checked_out(commit: str, tree: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "upstream")
        git("worktree", "add", "--quiet", "--detach", str(place), commit, tree=tree)
        try:
            yield place
        finally:
            git("worktree", "remove", "--force", str(place), tree=tree)


def _not_merged(tree: Path, files: set[str]) -> set[str]:
    return {path for path, target in generated(tree, files).items() if target != LOCK}


def _adapted(place: Path, fork: Fork, written: set[str]) -> str:
    """A commit of this state of upstream with the fork's decisions, and with the fork's generated files."""
    for name in fork.removed:
        remove(name, tree=place, files=tracked(place))
    format_python(list(SHARED), place)
    rename(fork.project, place)
    for path in written:
        (place / path).unlink(missing_ok=True)
    git("add", "--all", tree=place)
    ours = sorted(written.intersection(tracked(fork.tree)))
    if ours:
        git("checkout", git("rev-parse", "HEAD", tree=fork.tree).strip(), "--", *ours, tree=place)
    state = git("write-tree", tree=place).strip()
    return git(*IDENTITY, "commit-tree", "-m", "upstream, adapted", state, tree=place).strip()


def _finish(tree: Path) -> None:
    """Writes generated files again and commits, once nothing conflicts any more."""
    unmerged = git("diff", "-z", "--name-only", "--diff-filter=U", tree=tree).split("\0")[:-1]
    for path, target in generated(tree, unmerged).items():
        if target == LOCK:
            git("checkout", "--theirs", "--", path, tree=tree)
            git("add", path, tree=tree)
            unmerged.remove(path)
    if unmerged:
        print("\n".join(["Both sides changed these files:", *(f"  {path}" for path in unmerged)]))
        sys.exit("Resolve them and `git add` them, then run the same command again. `git merge --abort` gives up.")
    incomplete = [
        lock for requirements, lock in lock_pairs(tracked(tree)) if not locks(tree / lock, tree / requirements)
    ]
    if incomplete and not make("lock", tree, set_up=True):
        sys.exit(
            f"{', '.join(incomplete)} lack packages that both sides added. See above, then run the same command again."
        )
    if not make("snapshots", tree, set_up=True):
        sys.exit(
            "Synthesis fails, see above. Change what upstream's new version needs, then run the same command again."
        )
    marked = mark_released(tree, set_up=True)
    git("add", "--all", tree=tree)
    git("commit", "--quiet", "--no-edit", tree=tree)
    print(
        f"Merged as {git('rev-parse', '--short', 'HEAD', tree=tree).strip()}. Read `git show`, then `make check test`."
    )
    if not marked:
        sys.exit(
            "The released templates are unchanged: a deployment would replace or delete the resources listed above."
        )


if __name__ == "__main__":
    main()
