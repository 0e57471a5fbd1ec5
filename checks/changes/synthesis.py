"""Synthesizes the CDK app of a folder or of a git revision, offline and without bundling assets."""

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

from checks.changes.comparable import ChangesError, protected
from checks.templates import Template


def fork_point(root: Path) -> tuple[str, str]:
    """The commit at which the current branch left main (on main: HEAD), and a name for that commit.

    Raises ChangesError if git finds no such commit, for example because there is neither main nor origin/main.
    """
    for main in ("main", "origin/main"):
        process = subprocess.run(
            ["git", "merge-base", "HEAD", main], cwd=root, capture_output=True, text=True, check=False
        )
        if commit := process.stdout.strip():
            return commit, main if commit == _commit(main, root) else f"the fork point with {main}"
    raise ChangesError(
        "git finds no commit that this branch shares with main or origin/main: name the commit, branch or tag to "
        "compare with, such as HEAD~1"
    )


def described(revision: str, root: Path, *, name: str = "") -> str:
    """The revision's name, short hash and subject. Raises ChangesError for an unknown revision."""
    commit = _commit(revision, root)
    text = _git(root, "log", "-1", "--format=%h (%s)", commit).decode().strip()
    return text if not name and commit.startswith(revision) else f"{name or revision} at {text}"


def at_revision(revision: str, context: Mapping[str, str], *, root: Path, absent: str = "") -> dict[str, Template]:
    """The templates of the app at a git revision, as `synthesized` returns them."""
    archive = _git(root, "archive", "--format=tar", _commit(revision, root))
    with tempfile.TemporaryDirectory(prefix="changes-") as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        return synthesized(Path(folder), context, name=f"revision {revision}", absent=absent)


def synthesized(folder: Path, context: Mapping[str, str], *, name: str, absent: str = "") -> dict[str, Template]:
    """The templates of the app in that folder, by stack name, synthesized with this `context`.

    The app runs with the CDK command line's command, but with this process's Python and without credentials. Findings
    of the app's own validations are ignored. If the app stops with the text `absent`, the app lacks what the context
    names, and there are no templates. Raises ChangesError with `name` if the app stops for another reason.
    """
    try:
        settings = json.loads((folder / "cdk.json").read_text())
        command, own = settings["app"], settings.get("context", {})
    except (OSError, KeyError, ValueError) as error:
        raise ChangesError(f"{name} has no cdk.json that names an app, so it can't be compared") from error
    whole = {**own, **context, "aws:cdk:bundling-stacks": [], "aws:cdk:enable-path-metadata": True}
    with tempfile.TemporaryDirectory(prefix="changes-") as output:
        process = subprocess.run(  # noqa: S602 - a shell, as the CDK's command line runs it
            command,
            shell=True,
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
        if absent and absent in process.stderr:
            return {}
        raise ChangesError(f"{name} doesn't synthesize{_reason(process.stderr)}")


def _reason(stderr: str) -> str:
    """The last line of the error output. For a traceback, adds that the requirements of the revision may differ."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if not lines:
        return ", and prints no error"
    if "Traceback (most recent call last)" not in stderr:
        return f": {lines[-1]}"
    return f" with this .venv: {lines[-1]} (if its requirements differ, compare with a later revision)"


def _template(output: Path, properties: Mapping[str, Any]) -> Template:
    template = json.loads((output / properties["templateFile"]).read_text())
    return protected(template, by=properties.get("terminationProtection", False))


def _environment(output: str, context: Mapping[str, object]) -> dict[str, str]:
    """This process's environment without AWS credentials and PYTHONPATH, because a synthesis needs neither."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONPATH"))}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
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
            f"git knows no revision {revision!r}: name a commit, branch or tag that `git log --oneline --all` lists "
            "(a shallow clone lacks older ones: git fetch --unshallow)"
        ) from error


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=True).stdout
