"""Imports flow one way: app -> stacks -> components -> config; runtime code stands apart (design: the layers)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FUNCTIONS = sorted(folder.name for folder in (ROOT / "lambda_src").iterdir() if (folder / "__init__.py").exists())
INFRASTRUCTURE = {"aws_cdk", "constructs", "cdk_nag", "jsii"}
OURS = {
    "app",
    "stacks",
    "components",
    "config",
    "checks",
    "datasets",
    "local_cloud",
    "ops",
    "scripts",
    "tests",
    "web_src",
    *FUNCTIONS,
}
# What a layer may import of our own packages, and of the infrastructure's libraries.
ALLOWED = {
    "config": {"config"},
    "components": {"components", "config", *INFRASTRUCTURE},
    "stacks": {"stacks", "components", "config", *INFRASTRUCTURE},
    "app.py": {"stacks", "config", *INFRASTRUCTURE},
    "ops": {"ops", "config"},
    "web_src": {"web_src"},
    **{f"lambda_src/{function}": {function} for function in FUNCTIONS},
}


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
def test_imports_follow_the_arrows(layer: str) -> None:
    files = _files(layer)
    assert files
    for file in files:
        forbidden = (_imports(file) & (OURS | INFRASTRUCTURE)) - ALLOWED[layer]
        assert not forbidden, f"{file.relative_to(ROOT)} imports {', '.join(sorted(forbidden))}"


def test_the_functions_are_known() -> None:
    assert {"ingestion", "schema_migration", "operations", "housekeeping"} <= set(FUNCTIONS)


@pytest.mark.parametrize("layer", ["config", "components", "stacks", "app.py"])
def test_synthesis_asks_neither_aws_nor_the_environment(layer: str) -> None:
    for file in _files(layer):
        assert not _imports(file) & {"boto3", "botocore", "requests", "urllib", "datetime", "time", "random"}, file
    for file in _files(layer):
        if file.name != "packaging.py":  # which starts pip in this process's environment
            assert "os.environ" not in file.read_text(), file


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_runtime_reads_the_environment_in_its_settings_only(layer: str) -> None:
    if layer.startswith(("lambda_src", "web_src")):
        # Who starts the process may hand the environment on; nobody else looks at it.
        entries = {"settings.py", "handler.py", "__main__.py"}
        readers = {file.name for file in _files(layer) if "environ" in file.read_text()}
        assert readers <= entries


def test_no_environment_is_told_apart_by_name() -> None:
    for layer in ("components", "stacks"):
        for file in _files(layer):
            names = {"local", "dev", "staging", "prod"}
            constants = {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}
            assert not names & {constant for constant in constants if isinstance(constant, str)}, file
