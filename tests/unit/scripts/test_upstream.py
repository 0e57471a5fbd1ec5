"""`make upstream` merges a newer upstream: the fork's removals, its name and generated files never conflict."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts import remove, rename
from scripts.upstream import main
from tests.unit.scripts.conftest import Repository


@dataclass(frozen=True, kw_only=True)
class Both:
    upstream: Repository
    fork: Repository

    def move_on(self, change: Callable[[Repository], None]) -> None:
        """Upstream changes."""
        change(self.upstream)
        self.upstream.commit("upstream moves on")

    def merge(self) -> None:
        """Runs the command in the fork."""
        main([], tree=self.fork.tree)


@pytest.fixture
def both(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    """A fork without `greeting`, with its own name, a changed value and its own stack."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # the small repository ignores no compiled files
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the guard's own pytest starts sooner without plugins
    fork = Repository(tmp_path / "fork")
    repository.git("clone", "--quiet", "--origin", "upstream", str(repository.tree), str(fork.tree))
    fork.sign()
    remove.main(["greeting"], tree=fork.tree)
    fork.commit("without greeting")
    rename.main(["acme"], tree=fork.tree)
    fork.commit("acme")
    environments = fork.read("config/environments.py")
    fork.write("config/environments.py", environments.replace('name="dev"', 'name="trial"'))
    fork.write("stacks/platform.py", fork.read("stacks/platform.py") + '    print("ours")\n')
    fork.write("stacks/ours.py", "OURS = 1\n")
    fork.commit("ours")
    return Both(upstream=repository, fork=fork)


def _in_every_corner(upstream: Repository) -> None:
    model, platform = upstream.read("config/model.py"), upstream.read("stacks/platform.py")
    upstream.write("config/environments.py", upstream.read("config/environments.py").replace("days=7", "days=9"))
    # Next to lines that the fork has removed or changed.
    upstream.write(
        "config/model.py",
        model.replace("    farewell:", "    retries: int = 3\n    farewell:").replace(
            "    account:", "    team: str\n    account:"
        ),
    )
    upstream.write(
        "stacks/platform.py", platform.replace("GreetingStack(env", "GreetingStack(1, env").replace("hello", "hi")
    )
    upstream.write(
        "README.md", upstream.read("README.md").replace("apples", "pears").replace("It greets", "It says hi")
    )
    upstream.write("components/greeting/words.py", 'WORDS = ("hi",)\n')
    upstream.write("components/greeting/volume.py", "LOUD = 11\n")
    upstream.write("components/network/queue.py", "QUEUE = 1\n")
    for path in ("tests/snapshots/dev/data.json", "tests/released/dev/stall-dev-data.json"):
        upstream.write(path, "days=9\n")
    upstream.write("tests/snapshots/dev/greeting.json", "hi\n")


@pytest.mark.thorough
def test_changes_of_upstream_are_merged_and_decisions_of_the_fork_are_kept(both: Both) -> None:
    before = both.fork.files
    both.move_on(_in_every_corner)
    both.merge()
    assert both.fork.git("status", "--porcelain") == ""
    assert both.fork.files == before | {"components/network/queue.py"}
    assert both.fork.read("config/environments.py") == (
        'from config.model import Environment\n\nDEV = Environment(\n    name="trial",\n    zones=2,\n    days=9,\n)\n'
    )
    assert 'project: str = "acme"' in both.fork.read("config/model.py")
    assert "    retries: int = 3\n" in both.fork.read("config/model.py")
    assert "greeting" not in both.fork.read("config/model.py")
    assert both.fork.read("stacks/platform.py").endswith('print("data")\n    print("ours")\n')
    assert both.fork.read("README.md").startswith("# A stall\n\nThe stall sells pears.\n\n| Page")
    assert both.fork.read("tests/snapshots/dev/data.json") == "days=9\n"
    assert both.fork.read("tests/released/dev/acme-dev-data.json") == "days=9\n"


@pytest.mark.thorough
def test_the_next_merge_starts_at_the_last_one(both: Both, capsys: pytest.CaptureFixture[str]) -> None:
    both.move_on(_in_every_corner)
    both.merge()
    newest = both.upstream.git("rev-parse", "HEAD").strip()
    assert both.fork.git("rev-parse", "HEAD^2").strip() == newest
    both.merge()
    assert capsys.readouterr().out.endswith("Nothing is new in upstream/main.\n")
    both.move_on(lambda upstream: upstream.write("components/network/queue.py", "QUEUE = 2\n"))
    both.merge()
    assert both.fork.read("components/network/queue.py") == "QUEUE = 2\n"


@pytest.mark.thorough
def test_a_new_capability_of_upstream_is_merged(both: Both) -> None:
    def add(upstream: Repository) -> None:
        upstream.write("config/applause.py", upstream.read("config/greeting.py").replace("Greeting", "Applause"))
        model = upstream.read("config/model.py") + "    applause: ApplauseConfig | None = None\n"
        upstream.write("config/model.py", f"from config.applause import ApplauseConfig\n{model}")

    both.move_on(add)
    both.merge()
    assert "applause: ApplauseConfig | None" in both.fork.read("config/model.py")
    assert (both.fork.tree / "config/applause.py").exists()


@pytest.mark.thorough
def test_a_conflict_is_resolved_by_a_person_and_the_next_run_finishes_the_merge(
    both: Both, capsys: pytest.CaptureFixture[str]
) -> None:
    both.fork.write("README.md", both.fork.read("README.md").replace("apples", "plums"))
    both.fork.commit("plums")
    both.move_on(_in_every_corner)
    with pytest.raises(SystemExit, match="Resolve them and `git add` them"):
        both.merge()
    assert "Both sides changed these files:\n  README.md\n" in capsys.readouterr().out
    assert "<<<<<<< HEAD\nThe stall sells plums.\n=======\nThe stall sells pears.\n>>>>>>> upstream/main\n" in (
        both.fork.read("README.md")
    )
    both.fork.write("README.md", "# A stall\n\nThe stall sells plums and pears.\n")
    both.fork.git("add", "README.md")
    both.merge()
    assert both.fork.git("status", "--porcelain") == ""
    assert both.fork.git("rev-parse", "HEAD^2") == both.upstream.git("rev-parse", "HEAD")
    assert both.fork.read("tests/snapshots/dev/data.json") == "days=9\n"


@pytest.mark.thorough
def test_a_merge_that_does_not_synthesize_is_left_unfinished(both: Both) -> None:
    both.move_on(lambda upstream: upstream.write("Makefile", "setup: ; @true\nsnapshots: ; @false\n"))
    before = both.fork.git("rev-parse", "HEAD")
    with pytest.raises(SystemExit, match="Synthesis fails"):
        both.merge()
    assert both.fork.git("rev-parse", "HEAD") == before
    assert both.fork.git("rev-parse", "MERGE_HEAD") == both.upstream.git("rev-parse", "HEAD")


@pytest.mark.thorough
def test_released_templates_are_unchanged_if_the_guard_fails(both: Both) -> None:
    def lose(upstream: Repository) -> None:
        _in_every_corner(upstream)
        upstream.write("tests/architecture/test_released.py", "def test_nothing_is_lost() -> None:\n    assert False\n")

    both.move_on(lose)
    with pytest.raises(SystemExit, match="The released templates are unchanged"):
        both.merge()
    assert both.fork.git("status", "--porcelain") == ""
    assert both.fork.read("tests/released/dev/acme-dev-data.json") == "days=7\n"


LOCK = "apple=={} \\\n    --hash=sha256:aa\n    # via -r requirements-dev.in\n"
PLUM = "plum==1 \\\n    --hash=sha256:aa\n    # via -r requirements-dev.in\n"


@pytest.mark.thorough
@pytest.mark.parametrize("adds_a_package", [False, True])
def test_a_lock_that_both_changed_is_taken_from_upstream_and_completed(
    adds_a_package: bool, both: Both, capfd: pytest.CaptureFixture[str]
) -> None:
    def lock(repository: Repository, requirements: str, text: str) -> None:
        repository.write("requirements-dev.in", requirements)
        repository.write("requirements-dev.txt", text)

    both.move_on(lambda upstream: lock(upstream, "apple\n", LOCK.format(1)))
    both.fork.write(
        "Makefile", both.fork.read("Makefile") + "lock: ; @echo resolving; echo plum==2 >> requirements-dev.txt\n"
    )
    both.fork.commit()
    both.merge()
    ours = (PLUM if adds_a_package else "") + LOCK.format(2).replace("aa", "bb")
    lock(both.fork, "apple\nplum\n" if adds_a_package else "apple\n", ours)
    both.fork.commit()
    both.move_on(lambda upstream: lock(upstream, "apple\n", LOCK.format(3)))
    both.merge()
    assert both.fork.read("requirements-dev.txt") == LOCK.format(3) + ("plum==2\n" if adds_a_package else "")
    assert ("resolving" in capfd.readouterr().out) == adds_a_package


def test_an_upstream_that_does_not_exist_is_refused(repository: Repository) -> None:
    with pytest.raises(SystemExit, match=r"There is no upstream/main\. .* git remote add upstream URL"):
        main([], tree=repository.tree)


@pytest.mark.thorough
def test_a_branch_of_this_repository_is_merged_too(both: Both) -> None:
    both.fork.git("branch", "newer")
    both.fork.git("reset", "--quiet", "--hard", "HEAD~1")
    main(["newer"], tree=both.fork.tree)
    assert (both.fork.tree / "stacks/ours.py").exists()


def test_an_upstream_without_a_common_commit_is_refused(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "copy")
    repository.commit()
    with pytest.raises(SystemExit, match="share no commit"):
        main(["main"], tree=repository.tree)


def test_a_work_tree_with_changes_is_refused(both: Both) -> None:
    both.fork.write("new.md", "mine")
    with pytest.raises(SystemExit, match="changes that are not committed"):
        both.merge()


@pytest.mark.parametrize("upstream", ["upstream/--upload-pack=touch stolen", "--upload-pack=touch stolen"])
def test_a_branch_that_looks_like_an_option_runs_nothing(both: Both, upstream: str) -> None:
    with pytest.raises(SystemExit):
        main(["--", upstream], tree=both.fork.tree)
    assert not (both.fork.tree / "stolen").exists()
