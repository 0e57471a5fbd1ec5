"""Each layer imports only what the design allows, and `checks` names nothing of this project."""

import ast
import re
from pathlib import Path

import pytest

from config.model import Environment

ROOT = Path(__file__).parent.parent.parent
SHARED = "common"
PACKAGES = sorted(folder.name for folder in (ROOT / "lambda_src").iterdir() if (folder / "__init__.py").exists())
FUNCTIONS = [package for package in PACKAGES if package != SHARED]
INFRASTRUCTURE = {"aws_cdk", "constructs", "cdk_nag", "jsii"}
LAYERS = ("app", "bench", "checks", "components", "config", "local_cloud", "ops", "scripts", "stacks", "tabular")
# Code of capabilities that doesn't run in Lambda.
APPS = sorted(folder.name for folder in ROOT.glob("*_src") if folder.name != "lambda_src")
OURS = {*LAYERS, "tests", *APPS, *PACKAGES}
# The packages of our own, and of the infrastructure's libraries, that each layer may import.
ALLOWED = {
    "config": {"config", "tabular"},
    "components": {"components", "config", *INFRASTRUCTURE},
    "stacks": {"stacks", "components", "config", *INFRASTRUCTURE},
    "app.py": {"stacks", "config", *INFRASTRUCTURE},
    "checks": {"checks"},
    # A command and the functions must hash an address in the same way.
    "ops": {"ops", "checks", "config", "tabular"},
    # The tool that writes migrations runs the real ones, on a real PostgreSQL.
    "scripts": {"scripts", "checks", "config", "local_cloud", "schema_migration", "tabular"},
    "local_cloud": {"local_cloud", "config"},
    "tabular": {"tabular"},
    **{app: {app, SHARED, "tabular"} for app in APPS},
    **{f"lambda_src/{package}": {package, SHARED, "tabular"} for package in PACKAGES},
}
ENVIRONMENT_NAMES = {"local", "dev", "staging", "prod"}
# Names of this project that are also ordinary terms of AWS.
TERMS_OF_AWS = {"common", "data", "database", "local", "network"}


def _files(layer: str) -> list[Path]:
    path = ROOT / layer
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def _imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_a_layer_imports_only_what_it_may(layer: str) -> None:
    files = _files(layer)
    assert files
    for file in files:
        forbidden = (_imports(file) & (OURS | INFRASTRUCTURE)) - ALLOWED[layer]
        assert not forbidden, f"{file.relative_to(ROOT)} imports {', '.join(sorted(forbidden))}"


def test_every_layer_has_its_rule() -> None:
    assert {"ingestion", "schema_migration", "default_security_group"} <= set(FUNCTIONS)
    ruled = {layer.removesuffix(".py").partition("/")[0] for layer in ALLOWED}
    found = {file.name for file in ROOT.iterdir() if (file / "__init__.py").exists()}
    # `bench` measures everything, and `tests` test everything.
    assert found - ruled == {"bench", "tests"}


def test_checks_names_nothing_of_this_project() -> None:
    capabilities = {folder.name for folder in (ROOT / "components").iterdir() if folder.is_dir()}
    stacks = set(re.findall(r"\b(\w+)Stack\(", (ROOT / "stacks/platform.py").read_text()))
    assert {"Foundation", "Pipeline"} <= stacks
    stack_classes = {f"{stack}Stack" for stack in stacks}
    names = {name.lower() for name in capabilities | stacks | stack_classes | ENVIRONMENT_NAMES | {_default_project()}}
    names -= TERMS_OF_AWS
    for file in _files("checks"):
        words = set(re.findall(r"[a-z]+", file.read_text().lower()))
        assert not words & names, f"{file.relative_to(ROOT)} names {', '.join(sorted(words & names))}"


def _default_project() -> str:
    return str(Environment.__dataclass_fields__["project"].default)


@pytest.mark.parametrize("layer", ["config", "components", "stacks", "app.py"])
def test_synthesis_uses_neither_aws_nor_environment_variables(layer: str) -> None:
    for file in _files(layer):
        assert not _imports(file) & {"boto3", "botocore", "requests", "urllib", "datetime", "time", "random"}, file
    for file in _files(layer):
        if file.name != "packaging.py":  # which starts pip in this process's environment
            assert "os.environ" not in file.read_text(), file


@pytest.mark.parametrize("layer", [*APPS, *(f"lambda_src/{package}" for package in PACKAGES)])
def test_runtime_code_reads_the_environment_only_in_its_settings(layer: str) -> None:
    # The process's entry point may pass the environment on.
    entries = {"settings.py", "handler.py", "__main__.py"}
    readers = {file.name for file in _files(layer) if "environ" in file.read_text()}
    assert readers <= entries


def test_no_component_or_stack_names_an_environment() -> None:
    for layer in ("components", "stacks"):
        for file in _files(layer):
            constants = {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}
            assert not ENVIRONMENT_NAMES & {constant for constant in constants if isinstance(constant, str)}, file
