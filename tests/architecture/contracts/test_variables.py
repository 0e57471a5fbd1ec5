"""Templates set exactly the environment variables that the code reads, and hold what it needs."""

import ast
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from common.settings import SettingsError
from tests.support.contracts.deployed import FUNCTIONS, WEB_APP, Deployed, Runtime, deployed

# What the code asks for and no template sets, with the reason.
BY_LAMBDA = {"AWS_REGION": "eu-central-1"}  # AWS Lambda Developer Guide, "Defined runtime environment variables"
LEFT_TO_THE_DEFAULT = {
    "DATABASE_CA_BUNDLE": "the bundle lies in the asset, where the code looks by itself",
    "HOST": "an instance listens on all of its addresses",
    "LOG_LEVEL": "somebody who looks for a fault sets it by hand",
    "UPLOAD_ENDPOINT_URL": "the local cloud's own",
}
# Set, though the app would do without: it takes another value for it then.
WITH_A_DEFAULT = {("web_src", "PORT"), ("web_src", "MAX_FILE_BYTES")}
SIGN_IN = {"SIGN_IN_LOAD_BALANCER_ARN", "SIGN_IN_CLIENT_ID", "SIGN_IN_ISSUER", "SIGN_IN_LOGOUT_URL"}


class Recording(Mapping[str, str]):
    """An environment that notes which variables it is asked for, and can't be looked through."""

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


def as_deployed(runtime: Runtime) -> dict[str, str]:
    """The variables with a deployed value where the template refers to one."""
    values = {
        "DATABASE_PORT": "5433",
        "SIGN_IN_LOAD_BALANCER_ARN": "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/orders/5",
    }
    return {
        name: values.get(name, "deployed") if value.startswith(("${", "<")) else value
        for name, value in runtime.variables.items()
    }


def _given_from_elsewhere(runtime: Runtime) -> dict[str, str]:
    return {} if runtime.folder == WEB_APP else BY_LAMBDA


def _settings(package: str) -> Any:
    return importlib.import_module(f"{package}.settings")


def _configured(platform: Deployed) -> list[Runtime]:
    return [runtime for runtime in platform.runtimes() if (runtime.folder / "settings.py").exists()]


def test_every_folder_of_code_is_deployed_once(platform: Deployed) -> None:
    folders = {file.parent for file in FUNCTIONS.glob("*/__init__.py")} - {FUNCTIONS / "common"} | {WEB_APP}
    assert sorted(runtime.folder for runtime in platform.runtimes()) == sorted(folders)


def test_templates_set_the_variables_that_the_code_reads_and_no_others(platform: Deployed) -> None:
    for runtime in platform.runtimes():
        asked = set()
        if (runtime.folder / "settings.py").exists():
            environment = Recording(as_deployed(runtime) | _given_from_elsewhere(runtime))
            _settings(runtime.package).Settings.from_env(environment)  # raises for one that is missing
            asked = environment.asked
        told = asked - set(LEFT_TO_THE_DEFAULT) - set(_given_from_elsewhere(runtime))
        if platform is not deployed("web-public"):
            told -= SIGN_IN
        assert set(runtime.variables) == told, runtime.package


def test_what_is_left_to_the_default_is_asked_for_by_somebody() -> None:
    asked = set()
    for runtime in _configured(deployed("web-public")):
        environment = Recording(as_deployed(runtime) | BY_LAMBDA)
        _settings(runtime.package).Settings.from_env(environment)
        asked |= environment.asked
    assert set(LEFT_TO_THE_DEFAULT) <= asked


@pytest.mark.parametrize("case", ["web-public", "dev"])
def test_a_variable_that_is_missing_is_named(case: str) -> None:
    for runtime in _configured(deployed(case)):
        settings = _settings(runtime.package)
        variables = as_deployed(runtime) | _given_from_elsewhere(runtime)
        for name in runtime.variables:
            without = {each: value for each, value in variables.items() if each != name}
            if (runtime.package, name) in WITH_A_DEFAULT:
                settings.Settings.from_env(without)
            else:
                with pytest.raises(SettingsError, match=name):
                    settings.Settings.from_env(without)


def _reads_of_the_environment(file: Path) -> Iterator[str]:
    """Every way to the process's environment but the one that is allowed, as the argument of `Settings.from_env`."""
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


def test_nobody_but_the_settings_reads_the_environment() -> None:
    files = [*FUNCTIONS.rglob("*.py"), *WEB_APP.rglob("*.py")]
    assert len(files) > 40
    assert {str(file): reads for file in files if (reads := list(_reads_of_the_environment(file)))} == {}


def test_values_are_those_of_the_configuration(platform: Deployed) -> None:
    config = platform.synthesized.environment
    namespace = f"{config.project}-{config.name}"
    values: dict[str, dict[str, object]] = {
        "ingestion": {
            "max_file_bytes": config.ingestion.max_file_mb * 1024 * 1024,
            "max_rejected_percent": config.ingestion.max_rejected_percent,
            "initial_backoff_seconds": config.ingestion.initial_backoff_seconds,
            "metrics_namespace": namespace,
            "incoming_prefix": "incoming/",
        },
        "housekeeping": {"reject_days": config.housekeeping and config.housekeeping.reject_days},
        "web_src": {"max_file_bytes": config.ingestion.max_file_mb * 1024 * 1024, "incoming_prefix": "incoming/"},
    }
    for package, expected in values.items():
        settings = _settings(package).Settings.from_env(as_deployed(platform.runtime(package)) | BY_LAMBDA)
        assert {name: getattr(settings, name) for name in expected} == expected, package


def test_the_app_asks_for_sign_in_where_it_is_public_and_nowhere_else(platform: Deployed) -> None:
    settings = _settings("web_src").Settings.from_env(as_deployed(platform.runtime("web_src")))
    assert (settings.sign_in is not None) == (platform is deployed("web-public"))


def test_variables_point_to_the_resources_that_they_name(platform: Deployed) -> None:
    types = {"LANDING_BUCKET": "AWS::S3::Bucket", "QUEUE_URL": "AWS::SQS::Queue"}
    for runtime in platform.runtimes():
        for name, type_ in types.items():
            if name in runtime.variables:
                assert platform.find(runtime.variables[name])[0] == type_, (runtime.package, name)
    ((stack, _, source),) = platform.resources("AWS::Lambda::EventSourceMapping")
    queue = platform.runtime("ingestion").variables["QUEUE_URL"]
    assert platform.text(source["EventSourceArn"], stack) == queue.replace("}", ".Arn}")
    buckets = {each.variables["LANDING_BUCKET"] for each in platform.runtimes() if "LANDING_BUCKET" in each.variables}
    assert len(buckets) == 1
    told_of_events = platform.find(buckets.pop())[1]["NotificationConfiguration"]
    assert told_of_events == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
