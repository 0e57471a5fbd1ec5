"""Every mistake in the catalogue can be made, and the runner reports those that survive. `make mutants` makes them."""

import subprocess
import sys

import pytest

from tests.mutants.catalogue import CATALOGUE
from tests.mutants.mutant import Mutant, MutantStatus
from tests.mutants.sandbox import MUTABLE, ROOT, judge

# They fail on every change, so they prove nothing.
FAIL_ON_ANY_CHANGE = ("test_snapshots", "test_reachability_page", "test_the_same_configuration_gives")
MUTANT = Mutant(name="a mistake", file="components/x.py", old="b", new="c", test="tests/x.py::test_b", says="Property")


def test_there_are_many_mistakes_and_each_is_unique() -> None:
    names = [mutant.name for mutant in CATALOGUE]
    assert len(names) >= 60
    assert len(names) == len(set(names)), {name for name in names if names.count(name) > 1}
    edits = [(mutant.file, mutant.old, mutant.new) for mutant in CATALOGUE]
    assert len(edits) == len(set(edits))


@pytest.mark.parametrize("mutant", CATALOGUE, ids=lambda mutant: str(mutant.name))
def test_the_mistake_can_be_made_where_the_catalogue_says(mutant: Mutant) -> None:
    assert mutant.file.partition("/")[0] in MUTABLE
    made = mutant.apply_to((ROOT / mutant.file).read_text())
    compile(made, mutant.file, "exec")


@pytest.mark.thorough
def test_every_mistake_names_a_test_that_exists_and_proves_something(request: pytest.FixtureRequest) -> None:
    promises = {mutant.test for mutant in CATALOGUE}
    assert not [test for test in promises if any(word in test for word in FAIL_ON_ANY_CHANGE)]
    # Nearly all of them are in this run already, if it is one of all tests. pytest-xdist adds the group to a name.
    here = {item.nodeid.rpartition("@")[0] or item.nodeid for item in request.session.items}
    missing = sorted(promises - here - {name.partition("[")[0] for name in here})
    if not missing:
        return
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *missing]
    done = subprocess.run(collect, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"tests that the catalogue names and that don't exist:\n{done.stderr}"


def test_a_mistake_that_cannot_be_made_exactly_once_is_refused() -> None:
    assert MUTANT.apply_to("abc") == "acc"
    for text in ("ac", "abbc"):
        with pytest.raises(ValueError, match=r"components/x\.py must contain this text once"):
            MUTANT.apply_to(text)


def _note(phase: str = "call", error: str = "", message: str = "") -> dict[str, str]:
    return {"test": MUTANT.test, "phase": phase, "error": error, "message": message}


@pytest.mark.parametrize(
    ("notes", "status"),
    [
        (
            [_note("setup"), _note(error="AssertionError", message="Property is 1"), _note("teardown")],
            MutantStatus.KILLED,
        ),
        ([_note("setup"), _note(), _note("teardown")], MutantStatus.SURVIVED),
        ([_note("setup"), _note(error="AssertionError", message="assert 1 == 2")], MutantStatus.UNNAMED),
        ([_note("setup"), _note(error="KeyError", message="'Property'")], MutantStatus.INVALID),
        ([_note("setup", error="RuntimeError", message="Property can't be synthesized")], MutantStatus.INVALID),
        ([_note("collect", error="CollectError", message="Property")], MutantStatus.INVALID),
        ([], MutantStatus.INVALID),
    ],
    ids=["named", "passed", "unnamed", "other error", "no synthesis", "no import", "not run"],
)
def test_a_mutant_is_killed_only_by_a_failed_assertion_that_names_what_is_wrong(
    notes: list[dict[str, str]], status: MutantStatus
) -> None:
    assert judge(MUTANT, notes).status is status
