"""Which AWS calls a package and what it imports of `common` make, and which IAM action each of them needs.

The calls are found in the syntax trees.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

COMMON = Path("lambda_src/common")
# Hardly any operation of S3 is called like its action, so each that is used stands here (Service Authorization
# Reference, "Actions, resources, and condition keys for Amazon S3"). With other services the two have the same name.
S3_ACTIONS = {"GetObject": "s3:GetObject", "PutObject": "s3:PutObject"}
# Where an argument asks for another action instead (Amazon S3 API Reference, "GetObject").
WITH_ARGUMENT = {("s3", "GetObject", "VersionId"): "s3:GetObjectVersion"}
# What botocore's clients can do beside the operations of their service: who makes a request of it later needs the
# action then, and it is checked against the rights of who signed it.
SIGNERS = {
    "generate_presigned_post": ("s3", "PutObject"),
    "generate_db_auth_token": ("rds-db", "connect"),
}
# Requests that are signed by hand, by the service that they are signed for.
SIGNED_BY_HAND = {"rds-db": "rds-db:connect"}
# Ways to call AWS that this module can't follow. Whoever needs one teaches it here.
UNKNOWN_METHODS = {
    *("generate_presigned_url", "get_paginator", "get_waiter", "_make_api_call", "can_paginate"),
    *("upload_file", "upload_fileobj", "download_file", "download_fileobj"),
}
CLIENT_MAKERS = {"create_client"}
UNKNOWN_LIBRARIES = {"boto3", "aiobotocore", "aioboto3", "s3fs", "smart_open", "awswrangler"}
# Of Powertools only what writes to standard output, and calls nobody.
SILENT_POWERTOOLS = {"logging", "metrics"}


class UnclearError(AssertionError):
    """Code whose calls can't be told by reading it: says where it stands."""


@cache
def actions_of_calls(folder: Path) -> dict[str, str]:
    """The IAM action of each call that the package makes, with one place where it does. Raises UnclearError."""
    trees = _trees(sorted(folder.rglob("*.py")))
    services = {service for file, tree in trees.items() for service in _clients(file, tree)}
    operations = {name: each for service in services for name, each in _operations(service).items()}
    found: dict[str, str] = {}
    for file, tree in trees.items():
        _refuse_unknown_libraries(file, tree)
        for action, node in [*_calls(tree, operations), *_signed_by_hand(file, tree)]:
            found.setdefault(action, _place(file, node))
        if services:
            _refuse_unknown_ways(file, tree, operations)
    return found


def _trees(files: list[Path]) -> dict[Path, ast.Module]:
    """The syntax trees of the files, and of the modules of `common` that they import, directly or not."""
    found: dict[Path, ast.Module] = {}
    while files:
        file = files.pop(0)
        if file not in found:
            found[file] = ast.parse(file.read_text())
            files += [COMMON / f"{name}.py" for name in _imports_of_common(file, found[file])]
    return found


def _imports_of_common(file: Path, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.level == 0 and node.module.startswith("common."):
                yield node.module.removeprefix("common.")
            elif node.level == 1 and file.parent == COMMON:
                yield node.module


def _clients(file: Path, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLIENT_MAKERS:
            if not (node.args and isinstance(node.args[0], ast.Constant)):
                raise UnclearError(f"{_place(file, node)}: the client's service must be written out")
            yield str(node.args[0].value)


@cache
def _operations(service: str) -> dict[str, tuple[str, str]]:
    """Service and operation, by the name of the client's method."""
    model = botocore.session.get_session().get_service_model(service)
    methods = {xform_name(operation): (service, operation) for operation in model.operation_names}
    return methods | SIGNERS


def _calls(tree: ast.AST, operations: dict[str, tuple[str, str]]) -> Iterator[tuple[str, ast.AST]]:
    """Every mention of such a method, called there or handed on."""
    arguments = {
        id(node.func): {keyword.arg for keyword in node.keywords}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in operations:
            service, operation = operations[node.attr]
            others = [WITH_ARGUMENT.get((service, operation, each or "")) for each in arguments.get(id(node), ())]
            own = S3_ACTIONS.get(operation) if service == "s3" else f"{service}:{operation}"
            action = next(filter(None, others), own)
            if action is None:
                raise UnclearError(f"line {node.lineno}: say in {__name__} which action {service}.{operation} needs")
            yield action, node


def _signed_by_hand(file: Path, tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2].startswith(("SigV4", "S3SigV4")):
            services = {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
            if len(services) != 1 or not services <= set(SIGNED_BY_HAND):
                raise UnclearError(f"{_place(file, node)}: say in {__name__} which action the signed request needs")
            yield SIGNED_BY_HAND[services.pop()], node


def _refuse_unknown_libraries(file: Path, tree: ast.AST) -> None:
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            package, _, module = name.partition(".")
            powertools = package == "aws_lambda_powertools" and module.partition(".")[0] not in SILENT_POWERTOOLS
            if package in UNKNOWN_LIBRARIES or powertools:
                raise UnclearError(f"{_place(file, node)}: {name} may call AWS, and nothing here knows what")


def _refuse_unknown_ways(file: Path, tree: ast.AST, operations: Collection[str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in UNKNOWN_METHODS:
            raise UnclearError(f"{_place(file, node)}: .{node.attr} may call AWS; say in {__name__} what")
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.endswith(".copy") and len(node.args) + len(node.keywords) > 1:
            raise UnclearError(f"{_place(file, node)}: .copy may be S3's; say in {__name__} what it calls")
        name = node.args[1] if called == "getattr" else None
        if name is not None and (not isinstance(name, ast.Constant) or name.value in operations):
            raise UnclearError(f"{_place(file, node)}: calls are written out, not looked up by name")


def _place(file: Path, node: ast.AST) -> str:
    return f"{file}:{getattr(node, 'lineno', '?')}"
