"""`make rename` changes one value, and finds every line that still contains the old name."""

from pathlib import Path

import pytest

from scripts.capabilities import MODEL
from scripts.checkout import ROOT, generated, tracked
from scripts.rename import main, name_in, occurrences
from tests.unit.scripts.conftest import Repository


def test_the_name_changes_in_one_place_and_in_generated_files(repository: Repository) -> None:
    model = repository.read("config/model.py")
    repository.git("rm", "--quiet", "tests/released/dev/stall-dev-greeting.json")
    repository.commit()
    main(["acme"], tree=repository.tree)
    assert repository.read("config/model.py") == model.replace('"stall"', '"acme"')
    assert repository.git("status", "--porcelain").split() == [
        *("M", "config/model.py"),
        *("D", "tests/released/dev/stall-dev-data.json"),
        *("??", "tests/released/dev/acme-dev-data.json"),
    ]


CARRIERS = (
    '"stall"',
    "stall-prod-data",
    "the stack `stall-prod`",
    "source: stall.events",
    "https://stall.auth.example",
    "role/stall-*",
    "example-stall",
    "/aws/rds/stall/x",
)
SENTENCES = (
    "A small stall.",
    "the stall's partners, of the Stall",
    "Dear stall,",
    "stalled, install, stalls",
    "a stall",
)


def _found(tmp_path: Path, name: str, text: str) -> list[str]:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return occurrences("stall", tree=tmp_path, files=[name])


def test_lines_with_the_old_name_are_listed_and_fail(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.write("notes.md", "first\nstall-prod-data\n")
    repository.commit()
    with pytest.raises(SystemExit) as stopped:
        main(["acme"], tree=repository.tree)
    assert stopped.value.code == 1
    assert "\nnotes.md:2: stall-prod-data\n" in capsys.readouterr().out


@pytest.mark.parametrize("text", CARRIERS)
def test_the_old_name_is_found_inside_longer_names(text: str, tmp_path: Path) -> None:
    assert _found(tmp_path, "notes.md", f"first\n{text}\n") == [f"notes.md:2: {text}"]
    line = f"x = f({text!r})"
    assert _found(tmp_path, "notes.py", f"import os\n{line}\n") == [f"notes.py:2: {line}"]


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_about_the_example_business_may_contain_the_old_name(text: str, tmp_path: Path) -> None:
    assert _found(tmp_path, "notes.md", f"{text}\n") == []
    assert _found(tmp_path, "notes.py", f'"""About {text}"""\n# {text}\n') == []


def test_identifiers_in_python_may_contain_the_old_name(tmp_path: Path) -> None:
    source = (
        'class Stall: ...\n\n\ndef f(stall: Stall) -> str:\n    return f"{stall.name}, {x.stall.name}" + stall("x")\n'
    )
    assert _found(tmp_path, "notes.py", source) == []


def test_a_path_with_the_old_name_is_named(tmp_path: Path) -> None:
    assert _found(tmp_path, "docs/stall-prod.md", "") == ["docs/stall-prod.md: the path"]


def test_the_changelog_may_contain_the_old_name(tmp_path: Path) -> None:
    assert _found(tmp_path, "CHANGELOG.md", "`stall-prod` was there.\n") == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Acme", "project must be 1 to 20 lower-case letters"),
        ("user", "project must be other than a reserved word"),
        ("greeting", "greeting contains the name of a capability"),
        ("greeting-acme", "greeting-acme contains the name of a capability"),
        ("stall", "The project's name is stall already"),
    ],
)
def test_an_invalid_name_is_refused_at_once(name: str, reason: str, repository: Repository) -> None:
    with pytest.raises(SystemExit, match=reason):
        main([name], tree=repository.tree)
    assert repository.git("status", "--porcelain") == ""


def test_a_work_tree_with_changes_is_refused(repository: Repository) -> None:
    repository.write("new.md", "mine")
    with pytest.raises(SystemExit, match="changes that are not committed"):
        main(["acme"], tree=repository.tree)
    assert '"stall"' in repository.read("config/model.py")


def test_this_repository_has_its_name_in_one_place() -> None:
    """Generated files have it too. `make rename` writes them again."""
    files = set(tracked(ROOT))
    name = name_in((ROOT / MODEL).read_text())
    (found,) = occurrences(name, tree=ROOT, files=files - generated(ROOT, files).keys())
    assert found.startswith(f"{MODEL}:")
