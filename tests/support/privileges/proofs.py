"""All calls and scenarios: those of the core, and those of each tests/support/<capability>/privileges.py."""

from importlib import import_module
from pathlib import Path

from tests.support.privileges import calls, scenarios

_FILES = sorted(Path(__file__).parent.parent.glob("*/privileges.py"))
_OF_CAPABILITIES = [import_module(f"tests.support.{file.parent.name}.privileges") for file in _FILES]

CALLS = {key: call for module in (calls, *_OF_CAPABILITIES) for key, call in module.CALLS.items()}
SCENARIOS = {key: scenario for module in (scenarios, *_OF_CAPABILITIES) for key, scenario in module.SCENARIOS.items()}
