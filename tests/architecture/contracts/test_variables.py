"""Templates set exactly the environment variables that the code reads, with the right values."""

import ast
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from common.settings import SettingsError
from tests.support.contracts.deployed import Deployed, deployed
from tests.support.contracts.functions import FUNCTIONS
from tests.support.contracts.rights import arn
from tests.support.contracts.runtimes import Runtime
from tests.support.variants import EVERY


class Recording(Mapping[str, str]):
    """An environment that records the names of the variables that are read, and refuses iteration."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("settings ask for variables by name")

    def __len__(self) -> int:
        raise AssertionError("settings ask for variables by name")


def _settings(package: str) -> Any:
    return importlib.import_module(f"{package}.settings")


def _configured(platform: Deployed) -> list[Runtime]:
    return [runtime for runtime in platform.runtimes() if (runtime.folder / "settings.py").exists()]


def _asked(runtime: Runtime) -> set[str]:
    """The variables that its settings read."""
    environment = Recording(runtime.environment())
    _settings(runtime.package).Settings.from_env(environment)  # raises for a missing one
    return environment.asked


def _code() -> set[Path]:
    """Every folder of code that runs on AWS."""
    functions = {file.parent for file in FUNCTIONS.glob("*/__init__.py")} - {FUNCTIONS / "common"}
    return functions | set(Path().glob("*_src")) - {FUNCTIONS}


def test_every_folder_of_code_is_deployed_once(platform: Deployed) -> None:
    expected = {folder for folder in _code() if platform.absent_capabilities.isdisjoint(folder.name.split("_"))}
    assert sorted(runtime.folder for runtime in platform.runtimes()) == sorted(expected)


def test_templates_set_the_variables_that_the_code_reads_and_no_others(platform: Deployed) -> None:
    for runtime in platform.runtimes():
        asked = _asked(runtime) if (runtime.folder / "settings.py").exists() else set()
        assert set(runtime.variables) == asked - set(runtime.left_to_default) - set(runtime.FROM_AWS), runtime.package


def test_the_code_reads_every_variable_that_is_left_to_its_default() -> None:
    platforms = [deployed(case) for case in EVERY]
    asked = {name for platform in platforms for runtime in _configured(platform) for name in _asked(runtime)}
    left = {name for platform in platforms for runtime in platform.runtimes() for name in runtime.left_to_default}
    assert left <= asked


@pytest.mark.parametrize("case", EVERY)
def test_a_missing_variable_is_named(case: str) -> None:
    for runtime in _configured(deployed(case)):
        settings = _settings(runtime.package)
        variables = runtime.environment()
        for name in runtime.variables:
            without = {each: value for each, value in variables.items() if each != name}
            if name in runtime.WITH_DEFAULT:
                settings.Settings.from_env(without)
            else:
                with pytest.raises(SettingsError, match=name):
                    settings.Settings.from_env(without)


def _reads_of_the_environment(file: Path) -> Iterator[str]:
    """Every access to the process's environment except as the argument of `Settings.from_env`."""
    tree = ast.parse(file.read_text())
    allowed = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Settings.from_env"
        for argument in node.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "getenvb", "putenv"):
            if id(node) not in allowed:
                yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            yield f"from os import {', '.join(alias.name for alias in node.names)}"


def test_only_settings_read_the_environment() -> None:
    files = [file for folder in Path().glob("*_src") for file in folder.rglob("*.py")]
    assert FUNCTIONS / "ingestion" / "handler.py" in files
    assert {str(file): reads for file in files if (reads := list(_reads_of_the_environment(file)))} == {}


def test_ingestion_has_the_values_of_the_configuration(platform: Deployed) -> None:
    config = platform.synthesized.environment
    expected = {
        "max_file_bytes": config.ingestion.max_file_mb * 1024 * 1024,
        "initial_backoff_seconds": config.ingestion.initial_backoff_seconds,
        "metrics_namespace": f"{config.project}-{config.name}",
        "incoming_prefix": "incoming/",
    }
    settings = _settings("ingestion").Settings.from_env(platform.runtime("ingestion").environment())
    assert {name: getattr(settings, name) for name in expected} == expected


def test_variables_name_resources_of_the_right_type(platform: Deployed) -> None:
    types = {"LANDING_BUCKET": "AWS::S3::Bucket", "QUEUE_URL": "AWS::SQS::Queue"}
    for runtime in platform.runtimes():
        for name, type_ in types.items():
            if name in runtime.variables:
                assert platform.find(runtime.variables[name])[0] == type_, (runtime.package, name)
    function = platform.runtime("ingestion")
    assert platform.event_sources(function) == [arn(function.variables["QUEUE_URL"])]
    buckets = {each.variables["LANDING_BUCKET"] for each in platform.runtimes() if "LANDING_BUCKET" in each.variables}
    assert len(buckets) == 1
    told_of_events = platform.find(buckets.pop())[1]["NotificationConfiguration"]
    assert told_of_events == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
