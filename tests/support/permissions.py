"""The reasons for permissions that each capability gives."""

from pathlib import Path

from checks.permissions.reasons import read

FILES = sorted((Path(__file__).parent.parent.parent / "components").glob("*/permissions.toml"))
REASONS = read(FILES)
