"""The declared datasets, and the limits that the platform sets to their declarations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config import datasets as module
from config.checks import ConfigError
from config.datasets import FOLDER, datasets, declarations


def test_a_file_with_mostly_invalid_rows_is_refused() -> None:
    for name, dataset in datasets().items():
        most = dataset.max_rejected_percent
        assert most <= 50, f"maxRejectedPercent of {name} is {most}, must be 50 or less"


def test_every_declaration_and_what_reads_it_is_bundled() -> None:
    assert declarations() == (Path("tabular"), *sorted(FOLDER.glob("*/schema.json")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"retentionDays": {"originals": 14}}, "retentionDays/originals must be more than 14 days, got 14: "),
        ({"knownKey": "merge"}, "x-dataset/knownKey"),
    ],
)
def test_a_declaration_that_cannot_be_deployed_is_refused_with_its_place(
    change: dict[str, object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _declare(tmp_path, monkeypatch, "products", change)
    with pytest.raises(ConfigError, match=message):
        datasets.__wrapped__()


def _declare(root: Path, monkeypatch: pytest.MonkeyPatch, name: str, change: dict[str, object]) -> None:
    """Make this the only dataset, with this change."""
    schema = json.loads((FOLDER / name / "schema.json").read_text())
    folder = root / FOLDER / name
    folder.mkdir(parents=True)
    schema.pop("foreignKeys", None)
    (folder / "schema.json").write_text(json.dumps(schema | {"x-dataset": change}))
    monkeypatch.setattr(module, "_ROOT", root)


@pytest.mark.parametrize("name", [name for name, each in datasets().items() if any(f.personal for f in each.fields)])
def test_files_with_personal_data_must_say_for_how_long_they_are_kept(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _declare(tmp_path, monkeypatch, name, {"retentionDays": {"rejects": 30}})
    with pytest.raises(ConfigError, match=rf"{name}/schema.json at .*/originals must be a number of days, because"):
        datasets.__wrapped__()


def test_more_datasets_than_the_queues_policies_can_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DATASETS", len(datasets()) - 1)
    with pytest.raises(ConfigError, match=r"datasets must be at most 3 datasets, got 4: the policies of the queues"):
        datasets.__wrapped__()


def test_a_platform_without_datasets_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROOT", tmp_path)
    with pytest.raises(ConfigError, match=r"datasets/ must have at least one folder with a schema\.json"):
        datasets.__wrapped__()
