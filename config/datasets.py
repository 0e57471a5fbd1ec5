"""The datasets that are declared in `datasets/`: every environment loads the same ones."""

from functools import cache
from pathlib import Path

from config.checks import ConfigError
from lambda_src.common.datasets.declaration import SCHEMA_FILE, Dataset, DeclarationError, load_datasets

FOLDER = Path("datasets")
_ROOT = Path(__file__).parent.parent


@cache
def datasets() -> dict[str, Dataset]:
    """Every dataset by name. Raises ConfigError that names the file, the place in it, and what is allowed."""
    try:
        return load_datasets(_ROOT / FOLDER)
    except DeclarationError as error:
        raise ConfigError(str(error)) from None


def declarations() -> tuple[Path, ...]:
    """The declarations' files, relative to the repository: functions and apps that know datasets bundle them."""
    return tuple(FOLDER / name / SCHEMA_FILE for name in datasets())
