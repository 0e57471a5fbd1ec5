"""Forks of this repository itself: without a capability, with another name, and after new commits upstream.

The generated files are not written again here, because that takes minutes; `make test-removal` does it.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import upstream
from scripts.capabilities import SHARED, optional, remove, traces
from scripts.checkout import ROOT, format_python, generated, tracked
from scripts.rename import name_in, rename
from tests.unit.scripts.conftest import Repository

pytestmark = pytest.mark.thorough
SYNTHESIS = "from tests.support.synthesis import shipped; print(*shipped('prod').templates)"


@pytest.fixture
def original(tmp_path: Path) -> Repository:
    """The tracked files of this checkout as they are now, committed."""
    copy = Repository(tmp_path / "original")
    for path in tracked(ROOT):
        copy.write_bytes(path, (ROOT / path).read_bytes())
    copy.start()
    return copy


def _run(repository: Repository, *command: str) -> str:
    done = subprocess.run([sys.executable, *command], check=False, cwd=repository.tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _without(name: str, tree: Path) -> None:
    removed = remove(name, tree=tree, files=tracked(tree))
    format_python(list(SHARED), tree)
    assert removed.leftovers == []


def test_a_removed_capability_leaves_no_trace_and_the_rest_works(original: Repository) -> None:
    # One whose name has two words. `make test-removal` removes each.
    name = min(optional(original.tree), key=lambda name: "_" not in name)
    _without(name, original.tree)
    files = set(tracked(original.tree))
    assert traces(name, tree=original.tree, files=files - generated(original.tree, files).keys()) == []
    stack = "".join(map(str.capitalize, name.split("_")))
    assert stack not in _run(original, "-c", SYNTHESIS).split()
    _run(
        original, "-m", "pytest", "-q", "-m", "not slow and not thorough", "tests/unit/config", "tests/unit/test_app.py"
    )


def test_a_renamed_fork_without_a_capability_merges_upstream(
    original: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = Repository(tmp_path / "fork")
    original.git("clone", "--quiet", "--origin", "upstream", str(original.tree), str(fork.tree))
    fork.sign()
    name = optional(fork.tree)[0]
    _without(name, fork.tree)
    rename("acme", fork.tree)
    fork.replace("config/environments.py", "log_bucket_days=365", "log_bucket_days=366")
    fork.write("stacks/ours.py", fork.read("stacks/foundation.py").replace("class FoundationStack", "class OursStack"))
    fork.replace("stacks/platform.py", "from stacks.network", "from stacks.ours import OursStack\nfrom stacks.network")
    fork.replace(
        "stacks/platform.py",
        "        # The VPC with",
        '        OursStack(self, "Ours", environment=environment)\n\n        # The VPC with',
    )
    fork.commit("ours")

    original.replace("stacks/data.py", 'description="', 'description="New: ')
    original.replace(f"stacks/{name}.py", 'description="', 'description="New: ')
    original.write(f"components/{name}/more.py", "MORE = 1\n")
    original.write("README.md", original.read("README.md") + "\nOne more line.\n")
    original.commit("upstream moves on")

    monkeypatch.setattr(upstream, "make", lambda *_, **__: True)
    monkeypatch.setattr(upstream, "mark_released", lambda *_, **__: True)
    upstream.main([], tree=fork.tree)

    assert fork.git("status", "--porcelain") == ""
    assert fork.git("rev-parse", "HEAD^2") == original.git("rev-parse", "HEAD")
    assert fork.read("README.md").endswith("One more line.\n")
    assert not (fork.tree / f"stacks/{name}.py").exists()
    assert not (fork.tree / f"components/{name}").exists()
    assert name_in(fork.read("config/model.py")) == "acme"
    assert "Ours" in _run(fork, "-c", SYNTHESIS).split()
    _run(fork, "-m", "pytest", "-q", "tests/unit/config")
