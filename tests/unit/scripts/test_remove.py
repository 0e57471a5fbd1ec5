"""`make remove` deletes a capability's paths and its lines in shared files, and finds remaining traces."""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.capabilities import CapabilityError, has_word, optional, remove, traces, unmarked
from scripts.checkout import tracked
from scripts.remove import main
from scripts.source_lines import EditError
from tests.unit.scripts.conftest import Repository


@pytest.mark.parametrize(
    "path",
    ["greeting/x.py", "config/greeting.py", "greeting_src/x", "tests/test_greeting_boot.py", "a/b-greeting-1.json"],
)
def test_a_path_with_the_word_belongs_to_the_capability(path: str) -> None:
    assert has_word(path, "greeting")


@pytest.mark.parametrize("path", ["greetings/x.py", "config/agreeting.py", "docs/greet.md"])
def test_a_path_with_a_longer_word_does_not(path: str) -> None:
    assert not has_word(path, "greeting")


def test_the_optional_capabilities_are_the_fields_of_the_environment(repository: Repository) -> None:
    assert optional(repository.tree) == ["farewell", "greeting"]


def test_a_removal_leaves_no_file_and_no_line(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    stay = {path for path in repository.files if "greeting" not in path}
    (repository.tree / "components/greeting/__pycache__").mkdir()
    (repository.tree / "components/greeting/__pycache__/words.pyc").touch()
    repository.write(".git/info/exclude", "__pycache__\n")
    main(["greeting"], tree=repository.tree)
    assert repository.files == stay
    assert not (repository.tree / "components/greeting").exists()
    assert repository.read("config/model.py") == (
        "from config.farewell import FarewellConfig\nfrom config.network import NetworkConfig\n\n\nclass Environment:\n"
        '    name: str\n    project: str = "stall"\n    account: str | None = None\n    network: NetworkConfig\n'
        "    farewell: FarewellConfig | None = None\n"
    )
    assert repository.read("config/environments.py") == (
        'from config.model import Environment\n\nDEV = Environment(\n    name="dev",\n    zones=2,\n    days=7,\n)\n'
    )
    assert (
        repository.read("stacks/platform.py") == 'def build(environment):\n    print("network")\n\n    print("data")\n'
    )
    assert repository.read("README.md") == (
        "# A stall\n\nThe stall sells apples.\n\n| Page | for |\n|---|---|\n| docs/data.md | rows |\n"
    )
    said = capsys.readouterr().out
    assert "Edited README.md\n" in said
    assert "greeting is removed." in said


def test_generated_files_are_written_again(repository: Repository) -> None:
    repository.write("tests/snapshots/dev/data.json", "old")
    repository.write("tests/released/dev/stall-dev-data.json", "old")
    repository.commit()
    main(["greeting"], tree=repository.tree)
    assert repository.read("tests/snapshots/dev/data.json") == "days=7\n"
    assert repository.read("tests/released/dev/stall-dev-data.json") == "days=7\n"


def test_a_generated_file_that_fails_fails_the_removal(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("Makefile", "snapshots: ; @false\nmark-released: ; @true\n")
    repository.commit()
    with pytest.raises(SystemExit) as stopped:
        main(["greeting"], tree=repository.tree)
    assert stopped.value.code == 1
    assert "`make snapshots` failed, see above.\n" in capsys.readouterr().out


def test_a_removal_does_not_mark_other_changes_as_released(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("tests/architecture/test_released.py", "def test_nothing_is_lost() -> None:\n    assert False\n")
    repository.write("tests/released/dev/stall-dev-data.json", "days=6\n")
    repository.commit()
    with pytest.raises(SystemExit) as stopped:
        main(["greeting"], tree=repository.tree)
    assert stopped.value.code == 1
    assert "The released templates are unchanged" in capsys.readouterr().out
    assert repository.read("tests/released/dev/stall-dev-data.json") == "days=6\n"


def test_each_trace_is_named_with_its_place(repository: Repository, capsys: pytest.CaptureFixture[str]) -> None:
    repository.write("components/network/queue.py", "import os\ngreeting_words = 1\n")
    repository.commit()
    with pytest.raises(SystemExit) as stopped:
        main(["greeting"], tree=repository.tree)
    assert stopped.value.code == 1
    said = capsys.readouterr().out
    assert "\ncomponents/network/queue.py:2: greeting_words = 1\n" in said
    assert "1 traces of greeting are left" in said


@pytest.mark.parametrize(
    ("line", "is_trace"),
    [
        ("Says a Greeting.", True),
        ("greeting_words = 1", True),
        ("class GreetingQueue: pass", True),
        ("x = my_greeting", True),
        ("SOME_GREETING = 2", True),
        ("greetings, Agreeting, SeasonsGreetings", False),
        ("greeting.logs.amazonaws.com", False),
    ],
)
def test_a_trace_is_the_word_by_itself_or_in_an_identifier(line: str, is_trace: bool, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text(f"{line}\n")
    found = traces("greeting", tree=tmp_path, files=["notes.md"])
    assert found == ([f"notes.md:1: {line}"] if is_trace else [])


def test_a_path_is_a_trace_but_the_changelog_is_not_searched(tmp_path: Path) -> None:
    for name in ("greeting.md", "CHANGELOG.md"):
        (tmp_path / name).write_text("greeting\n")
    found = traces("greeting", tree=tmp_path, files=["greeting.md", "CHANGELOG.md"])
    assert found == ["greeting.md: the path", "greeting.md:1: greeting"]


def test_shared_python_that_uses_a_deleted_name_elsewhere_is_named(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    text = repository.read("config/environments.py")
    repository.write("config/environments.py", text.replace("days=7", "days=LOUD.words"))
    repository.commit()
    with pytest.raises(SystemExit):
        main(["greeting"], tree=repository.tree)
    assert "\nconfig/environments.py:4: GreetingConfig\n" in capsys.readouterr().out


def test_requirements_and_locks_of_the_capability_are_removed(repository: Repository) -> None:
    repository.write(
        "requirements-dev.in",
        "-r lambda_src/greeting/requirements.in\npear\n# capability: greeting\nplum\n# end: greeting\n",
    )
    packages = {
        "apple": "-r lambda_src/greeting/requirements.in",
        "pear": "-r requirements-dev.in",
        "plum": "-r requirements-dev.in",
    }
    entries = {name: f"{name}==1 \\\n    --hash=sha256:aa\n    # via {via}\n" for name, via in packages.items()}
    repository.write("requirements-dev.txt", "".join(entries.values()))
    repository.write("lambda_src/greeting/requirements.in", "apple\n")
    repository.commit()
    main(["greeting"], tree=repository.tree)
    assert repository.read("requirements-dev.in") == "pear\n"
    assert repository.read("requirements-dev.txt") == entries["pear"]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a\n<!-- capability: greeting -->\nb\n<!-- end: greeting -->\nc\n", "a\nc\n"),
        ("a\n\n<!-- capability: greeting -->\nb\n<!-- end: greeting -->\n\nc\n", "a\n\nc\n"),
        ("a\n<!-- capability: greeting -->\nb\n<!-- end: greeting -->\n\nc\n", "a\n\nc\n"),
        ("a:\n  # capability: greeting\n  - b\n  # end: greeting\n  - c\n", "a:\n  - c\n"),
        ("- a\n- b # capability: greeting\n- c\n", "- a\n- c\n"),
        ("| a |\n| b | <!-- capability: greeting -->\n", "| a |\n"),
        ("# capability: greeting\na\n# end: greeting\nb\n# capability: greeting\nc\n# end: greeting\n", "b\n"),
        ("# capability: farewell\na\n# end: farewell\n", "# capability: farewell\na\n# end: farewell\n"),
        ("the marker `# capability: greeting` in a sentence\n", "the marker `# capability: greeting` in a sentence\n"),
    ],
)
def test_marked_text_is_removed_and_the_rest_is_kept(text: str, rest: str) -> None:
    assert unmarked(text, "greeting") == rest


@pytest.mark.parametrize("text", ["# capability: greeting\na\n", "a\n# end: greeting\n"])
def test_a_marker_without_its_counterpart_is_refused(text: str) -> None:
    with pytest.raises(EditError, match="marker without its counterpart"):
        unmarked(text, "greeting")


def test_a_refusal_names_the_file(repository: Repository) -> None:
    repository.write("README.md", "# capability: greeting\n")
    with pytest.raises(CapabilityError, match=r"^README\.md: marker without"):
        remove("greeting", tree=repository.tree, files=tracked(repository.tree))


def _refusal(repository: Repository, *arguments: str) -> Any:
    before = repository.git("status", "--porcelain")
    with pytest.raises(SystemExit) as stopped:
        main([*arguments], tree=repository.tree)
    assert repository.git("status", "--porcelain") == before
    return stopped.value.code


def test_a_core_capability_is_refused(repository: Repository) -> None:
    assert _refusal(repository, "network") == (
        "network is part of the core, which every environment has. Optional capabilities here: farewell, greeting."
    )


@pytest.mark.parametrize("name", ["applause", "account", "name"])
def test_an_unknown_capability_is_refused_with_the_existing_ones(name: str, repository: Repository) -> None:
    assert _refusal(repository, name) == (
        f"There is no capability {name!r}. Optional capabilities here: farewell, greeting."
    )


def test_without_a_name_the_optional_capabilities_are_listed(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _refusal(repository, "") == "Optional capabilities here: farewell, greeting."
    main(["--list"], tree=repository.tree)
    assert json.loads(capsys.readouterr().out) == ["farewell", "greeting"]


@pytest.mark.parametrize("path", ["README.md", "new.md"])
def test_a_work_tree_with_changes_is_refused(path: str, repository: Repository) -> None:
    repository.write(path, "mine")
    assert "The work tree has changes that are not committed (1, first: " in _refusal(repository, "greeting")


@pytest.mark.parametrize(
    "path",
    [
        "config/late_greeting.py",
        "components/late_greeting/late.py",
        "tests/snapshots/dev/lategreeting.json",
        "tests/released/dev/stall-dev-late-greeting.json",
    ],
)
def test_a_capability_of_two_words_is_found_in_paths(path: str) -> None:
    assert has_word(path, "late_greeting")
    assert not has_word(path, "greeting_late")


def test_a_capability_of_two_words_is_found_in_text(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "LateGreetingStack\nlate_greeting=None\na late greeting\nstall-dev-lategreeting\ngreeting late guests\n"
    )
    found = traces("late_greeting", tree=tmp_path, files=["a.py"])
    assert [line.split(":")[1] for line in found] == ["1", "2", "3", "4"]
