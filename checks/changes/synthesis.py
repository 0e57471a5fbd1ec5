"""Synthesizes an environment of the working tree or of another git revision: offline, without bundling assets."""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from checks.changes.comparable import protected
from checks.changes.errors import ChangesError
from checks.templates import Template

ROOT = Path(__file__).parent.parent.parent


def fork_point(*, root: Path = ROOT) -> tuple[str, str]:
    """The commit at which this branch left main, which on main is HEAD, and what to call it.

    Raises ChangesError where there is no main, here or at the origin.
    """
    for main in ("main", "origin/main"):
        process = subprocess.run(
            ["git", "merge-base", "HEAD", main], cwd=root, capture_output=True, text=True, check=False
        )
        if commit := process.stdout.strip():
            return commit, main if commit == _commit(main, root) else f"the fork point with {main}"
    raise ChangesError(
        "git finds no commit that this branch shares with main or origin/main: say what to compare with, "
        "AGAINST=HEAD~1 or any other commit, branch or tag, or AGAINST=released"
    )


def described(revision: str, *, name: str = "", root: Path = ROOT) -> str:
    """The revision's name, short hash and subject. Raises ChangesError where git knows none of that name."""
    commit = _commit(revision, root)
    said = _git(root, "log", "-1", "--format=%h (%s)", commit).decode().strip()
    return said if not name and commit.startswith(revision) else f"{name or revision} at {said}"


def at_revision(revision: str, context: Mapping[str, str], *, root: Path = ROOT) -> dict[str, Template]:
    """The templates of the app at a git revision, by stack name, with this repository's own `.venv`."""
    archive = _git(root, "archive", "--format=tar", _commit(revision, root))
    with tempfile.TemporaryDirectory(prefix="changes-") as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        return synthesized(Path(folder), context, whose=f"revision {revision}")


def synthesized(folder: Path, context: Mapping[str, str], *, whose: str) -> dict[str, Template]:
    """The templates of the app in that folder, by stack name; none where the app doesn't know the environment.

    The `context` names that environment, and may name an account and a region. It runs `app.py`, as the CDK's command
    line does, because that is what any revision has. What the rule packs find doesn't stop the templates, and isn't
    asked here. Raises ChangesError where there are none.
    """
    try:
        own = json.loads((folder / "cdk.json").read_text())["context"]
    except (OSError, KeyError, ValueError) as error:
        raise ChangesError(f"{whose} has no cdk.json with a context, so it is no app that can be compared") from error
    whole = {**own, **context, "aws:cdk:bundling-stacks": [], "aws:cdk:enable-path-metadata": True}
    with tempfile.TemporaryDirectory(prefix="changes-") as output:
        process = subprocess.run(
            [sys.executable, "app.py"],
            cwd=folder,
            env=_environment(output, whole),
            capture_output=True,
            text=True,
            check=False,
        )
        manifest = Path(output, "manifest.json")
        if manifest.exists():
            artifacts = json.loads(manifest.read_text())["artifacts"].values()
            return {
                artifact["properties"]["stackName"]: _template(Path(output), artifact["properties"])
                for artifact in artifacts
                if artifact["type"] == "aws:cloudformation:stack"
            }
        if "env must be one of" in process.stderr:
            return {}
        said = [line.strip() for line in process.stderr.splitlines() if line.strip()]
        reason = said[-1] if said else "it says nothing"
        if reason.startswith("Configuration: "):  # a value is refused, that of ACCOUNT= or REGION= for one
            raise ChangesError(f"{whose} doesn't synthesize: {reason}")
        raise ChangesError(
            f"{whose} doesn't synthesize with this .venv: {reason} "
            "(if its requirements differ, compare with a later revision: AGAINST=...)"
        )


def _template(output: Path, properties: Mapping[str, Any]) -> Template:
    template = json.loads((output / properties["templateFile"]).read_text())
    return protected(template, by=properties.get("terminationProtection", False))


def _environment(output: str, context: Mapping[str, object]) -> dict[str, str]:
    """Without the shell's credentials, which a synthesis has no use for, and without its PYTHONPATH."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONPATH"))}
    return kept | {
        "CDK_OUTDIR": output,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_VALIDATION": "false",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _commit(revision: str, root: Path) -> str:
    try:
        return _git(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    except subprocess.CalledProcessError as error:
        raise ChangesError(
            f"git knows no revision {revision!r}: AGAINST= takes a commit, branch or tag, as `git log --oneline --all` "
            "lists them (a shallow clone lacks older ones: git fetch --unshallow)"
        ) from error


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True).stdout
