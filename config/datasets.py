"""The datasets that are declared in `datasets/`: every environment loads the same ones."""

from functools import cache
from pathlib import Path

from config.checks import ConfigError, require
from config.ingestion import DEAD_LETTER_DAYS
from tabular.declaration import SCHEMA_FILE, Dataset, load_datasets
from tabular.json_node import DeclarationError

FOLDER = Path("datasets")
MAX_DATASETS = 40
# What is left of an event pattern (Amazon EventBridge User Guide, "Amazon EventBridge quotas") after the bucket's name
# and 13 characters for each dataset: "incoming/", "/", quotes and a comma.
MAX_CHARACTERS_OF_NAMES = 2_048 - 63 - 200 - 13 * MAX_DATASETS
_ROOT = Path(__file__).parent.parent


__all__ = ["FOLDER", "Dataset", "datasets", "declarations"]


@cache
def datasets() -> dict[str, Dataset]:
    """Every dataset by name. Raises ConfigError that names the file, the place in it, and what is allowed."""
    try:
        found = load_datasets(_ROOT / FOLDER)
    except DeclarationError as error:
        raise ConfigError(str(error)) from None
    if not found:
        raise ConfigError(
            f"{FOLDER}/ must have at least one folder with a {SCHEMA_FILE}: without one nothing is loaded"
        )
    require(
        len(found) <= MAX_DATASETS,
        FOLDER.name,
        f"at most {MAX_DATASETS} datasets",
        len(found),
        "the policies of the queues name a rule for each, and have at most 8 KiB (docs/decisions/0026)",
    )
    characters = sum(map(len, found))
    require(
        characters <= MAX_CHARACTERS_OF_NAMES,
        FOLDER.name,
        f"datasets whose names have at most {MAX_CHARACTERS_OF_NAMES} characters together",
        characters,
        "an EventBridge rule lists their folders, and its pattern has at most 2,048 characters: use shorter names",
    )
    for dataset in found.values():
        require(
            dataset.originals_days is not None or not any(field.personal for field in dataset.fields),
            f"{FOLDER / dataset.name / SCHEMA_FILE} at /x-dataset/retentionDays/originals",
            "a number of days, because the dataset has personal data",
            dataset.originals_days,
            "files with personal data must not stay forever (docs/privacy.md)",
        )
        require(
            dataset.originals_days is None or dataset.originals_days > DEAD_LETTER_DAYS,
            f"{FOLDER / dataset.name / SCHEMA_FILE} at /x-dataset/retentionDays/originals",
            f"more than {DEAD_LETTER_DAYS} days",
            dataset.originals_days,
            "a file may be retried while its event waits in the dead-letter queue",
        )
    return found


def declarations() -> tuple[Path, ...]:
    """The declarations and the package that reads them, relative to the repository: what an asset bundles."""
    return (Path("tabular"), *(FOLDER / name / SCHEMA_FILE for name in datasets()))
