"""Every row of the clean sample files is loaded, and each mistake in the others has its expected reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.rows import lines
from config.datasets import FOLDER, datasets
from tests.support.reading import read

FILES = sorted(FOLDER.glob("*/samples/*.csv"))
WITH_MISTAKES = [file for file in FILES if "with-mistakes" in file.name]


def test_every_dataset_has_samples_with_and_without_mistakes() -> None:
    assert {file.parent.parent.name for file in WITH_MISTAKES} == set(datasets())
    assert {file.parent.parent.name for file in FILES if file not in WITH_MISTAKES} == set(datasets())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_mistake_has_its_expected_reason(file: Path, request: pytest.FixtureRequest) -> None:
    found = read(file.read_bytes(), dataset=datasets()[file.parent.parent.name])
    rejects = {str(each.line_number): each.reasons for each in found.rejects}
    expected = file.with_suffix(".rejects.json")
    if request.config.getoption("--update-snapshots") and rejects:
        expected.write_text(json.dumps(rejects, indent=2, ensure_ascii=False) + "\n")
    assert rejects == (json.loads(expected.read_text()) if expected.exists() else {})
    assert found.rows
    assert bool(rejects) == (file in WITH_MISTAKES)


@pytest.mark.parametrize("name", datasets())
def test_generated_files_are_the_same_every_time_and_have_no_invalid_row(name: str) -> None:
    dataset = datasets()[name]
    assert list(lines(dataset, 50)) == list(lines(dataset, 50))
    assert read("".join(lines(dataset, 2_000, seed=5)).encode(), dataset=dataset).rejects == []
