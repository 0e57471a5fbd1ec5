"""The template of each stack, as last reviewed, in every environment. A change of the infrastructure is a diff.

`make snapshots` writes the snapshots again; read the diff before committing it.
"""

import json
from pathlib import Path

import pytest

from checks.changes.comparable import masked
from tests.support.synthesis import ENVIRONMENTS, shipped

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_templates_are_as_last_reviewed(name: str, request: pytest.FixtureRequest) -> None:
    for stack, template in shipped(name).templates.items():
        file, text = SNAPSHOTS / name / f"{stack.lower()}.json", masked(template)
        if request.config.getoption("--update-snapshots"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        assert file.exists(), f"{file} is missing: `make snapshots`"
        assert file.read_text() == text, f"{file} differs: read the difference, then `make snapshots`"


def test_no_snapshot_is_left_over() -> None:
    expected = {f"{name}/{stack.lower()}.json" for name in ENVIRONMENTS for stack in shipped(name).templates}
    assert {str(file.relative_to(SNAPSHOTS)) for file in SNAPSHOTS.rglob("*.json")} == expected


def test_snapshots_hide_hashes_of_code_and_nothing_else() -> None:
    template = {"Key": "a" * 64 + ".zip", "Account": "1" * 12, "FunctionCurrentVersion8AFE8E85" + "b" * 32: {}}
    assert json.loads(masked(template)) == {
        "Key": "<hash>.zip",
        "Account": "1" * 12,
        "FunctionCurrentVersion8AFE8E85<hash>": {},
    }
