"""The steps of docs/adding-a-capability.md work: a copy of the repository with these changes passes the tests."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.capabilities import SHARED, has_word, remove, traces
from scripts.checkout import ROOT, format_python, tracked

PAGE = ROOT / "docs/adding-a-capability.md"
# Matches a block: the file named on the line above (optional), the language, the content.
BLOCK = re.compile(r"(?ms)(?:^`([\w./]+)`:\n\n)?^```(\w+)\n(.*?)^```$")
# One environment is enough, and each takes as long as prod.
ONLY_PROD = ("-k", "not local and not dev and not staging")
PERMISSIONS = "tests/architecture/test_permissions.py::test_every_role_may_do_only_what_has_a_reason[prod]"

BLOCKS = BLOCK.findall(PAGE.read_text())
NEW_FILES = {name: content for name, _, content in BLOCKS if name}
DIFFS = [content for name, language, content in BLOCKS if language == "diff"]
(CAPABILITY,) = (Path(name).stem for name in NEW_FILES if name.startswith("config/"))


def _run(folder: Path, *command: str, stdin: str = "", variables: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        command,
        check=False,
        cwd=folder,
        env=os.environ | (variables or {}),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which somebody followed the page."""
    folder = tmp_path_factory.mktemp("adding") / "repository"
    for name in tracked(ROOT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for name, content in NEW_FILES.items():
        assert not (folder / name).exists(), name
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    for diff in DIFFS:
        _run(folder, "git", "apply", "--unidiff-zero", "-", stdin=diff)
    _run(folder, sys.executable, "-m", "ruff", "check", "--quiet", "--select=I", "--fix", *SHARED)  # make format
    return folder


def test_every_block_is_a_file_or_a_change_or_commands() -> None:
    assert len(NEW_FILES) >= 10
    assert {language for name, language, _ in BLOCKS if not name} == {"diff", "bash"}


def test_new_files_have_the_name_in_their_path_and_only_shared_files_change() -> None:
    assert [name for name in NEW_FILES if not has_word(name, CAPABILITY)] == []
    changed = {line.removeprefix("+++ b/") for diff in DIFFS for line in diff.splitlines() if line.startswith("+++ ")}
    assert changed == set(SHARED)


@pytest.mark.thorough
def test_the_code_has_the_format_and_passes_the_linter(copy: Path) -> None:
    files = [name for name in (*NEW_FILES, *SHARED) if name.endswith(".py")]
    _run(copy, sys.executable, "-m", "ruff", "check", "--quiet", *files)
    _run(copy, sys.executable, "-m", "ruff", "format", "--check", "--quiet", *files)


@pytest.mark.thorough
def test_the_tests_of_the_capability_and_of_the_architecture_pass(copy: Path) -> None:
    tests = [f"tests/stacks/{CAPABILITY}", "tests/architecture/test_imports.py", "tests/architecture/test_runbook.py"]
    _run(copy, sys.executable, "-m", "pytest", "-q", *ONLY_PROD, *tests, PERMISSIONS)


@pytest.mark.thorough
def test_dev_is_synthesized_with_the_new_stack_and_no_finding(copy: Path, tmp_path: Path) -> None:
    context = json.loads((copy / "cdk.json").read_text())["context"] | {"aws:cdk:bundling-stacks": [], "env": "dev"}
    variables = {"CDK_CONTEXT_JSON": json.dumps(context), "CDK_OUTDIR": str(tmp_path)}
    _run(copy, sys.executable, "app.py", variables=variables)
    stacks = json.loads((tmp_path / "manifest.json").read_text())["artifacts"].values()
    assert f"Dev/{CAPABILITY.capitalize()}" in {stack.get("displayName") for stack in stacks}


@pytest.mark.thorough
def test_removing_the_capability_restores_the_repository(copy: Path, tmp_path: Path) -> None:
    tree = shutil.copytree(copy, tmp_path / "removed")
    files = {*tracked(ROOT), *NEW_FILES}
    removed = remove(CAPABILITY, tree=tree, files=files)
    format_python(list(SHARED), tree)
    assert set(removed.deleted) == set(NEW_FILES)
    assert {name for name in SHARED if (tree / name).read_text() != (ROOT / name).read_text()} == set()
    assert traces(CAPABILITY, tree=tree, files=files) == []
