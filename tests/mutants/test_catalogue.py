"""The catalogue of mistakes keeps its form, and the runner lets none of them off. `make mutants` makes them."""

import subprocess
import sys

import pytest

from tests.mutants.catalogue import CATALOGUE
from tests.mutants.mutant import Fate, Mutant
from tests.mutants.workshop import MUTABLE, ROOT, judge

# They fail at every change, so they prove nothing.
FAIL_AT_ANYTHING = ("test_snapshots", "test_reachability_page", "test_the_same_configuration_gives")
MUTANT = Mutant(name="a mistake", file="components/x.py", old="b", new="c", test="tests/x.py::test_b", says="Property")


def test_mistakes_are_many_and_each_has_a_name_of_its_own() -> None:
    names = [mutant.name for mutant in CATALOGUE]
    assert len(names) >= 60
    assert len(names) == len(set(names)), {name for name in names if names.count(name) > 1}
    edits = [(mutant.file, mutant.old, mutant.new) for mutant in CATALOGUE]
    assert len(edits) == len(set(edits))


@pytest.mark.parametrize("mutant", CATALOGUE, ids=lambda mutant: str(mutant.name))
def test_the_mistake_can_be_made_where_the_catalogue_says(mutant: Mutant) -> None:
    assert mutant.file.partition("/")[0] in MUTABLE
    made = mutant.made_in((ROOT / mutant.file).read_text())
    compile(made, mutant.file, "exec")


@pytest.mark.thorough
def test_every_mistake_has_a_promise_that_exists_and_can_hold() -> None:
    promises = sorted({mutant.test for mutant in CATALOGUE})
    assert not [test for test in promises if any(word in test for word in FAIL_AT_ANYTHING)]
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *promises]
    done = subprocess.run(collect, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"tests that the catalogue names and that don't exist:\n{done.stderr}"


def test_a_mistake_that_cannot_be_made_once_is_refused() -> None:
    assert MUTANT.made_in("abc") == "acc"
    for text in ("ac", "abbc"):
        with pytest.raises(ValueError, match=r"components/x\.py must hold this text once"):
            MUTANT.made_in(text)


def _note(phase: str = "call", error: str = "", message: str = "") -> dict[str, str]:
    return {"test": MUTANT.test, "phase": phase, "error": error, "message": message}


@pytest.mark.parametrize(
    ("notes", "fate"),
    [
        ([_note("setup"), _note(error="AssertionError", message="Property is 1"), _note("teardown")], Fate.KILLED),
        ([_note("setup"), _note(), _note("teardown")], Fate.SURVIVED),
        ([_note("setup"), _note(error="AssertionError", message="assert 1 == 2")], Fate.MUTE),
        ([_note("setup"), _note(error="KeyError", message="'Property'")], Fate.INVALID),
        ([_note("setup", error="RuntimeError", message="Property can't be synthesized")], Fate.INVALID),
        ([_note("collect", error="CollectError", message="Property")], Fate.INVALID),
        ([], Fate.INVALID),
    ],
    ids=["named", "passed", "without a word", "tripped over", "no synthesis", "no import", "not run"],
)
def test_only_a_promise_that_breaks_and_says_why_kills(notes: list[dict[str, str]], fate: Fate) -> None:
    assert judge(MUTANT, notes).fate is fate
