"""Finds the AWS calls of a package in its syntax trees, and the IAM action that each call needs.

The modules of `common` that the package imports count as its own.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import botocore.session
from botocore import xform_name

COMMON = Path("lambda_src/common")
# S3 has other names for most of its actions than for its API calls (Service Authorization Reference, "Actions,
# resources, and condition keys for Amazon S3"). In other services the two have the same name.
S3_ACTIONS = {"GetObject": "s3:GetObject", "PutObject": "s3:PutObject"}
# Arguments that change the action (Amazon S3 API Reference, "GetObject").
WITH_ARGUMENT = {("s3", "GetObject", "VersionId"): "s3:GetObjectVersion"}
# Methods of botocore's clients that sign a request for later. It needs the action when it is sent, and the signer must
# be allowed to do it.
SIGNERS = {
    "generate_presigned_post": ("s3", "PutObject"),
    "generate_db_auth_token": ("rds-db", "connect"),
}
# The actions of requests that code signs itself, by the service in the signature.
SIGNED_BY_HAND = {"rds-db": "rds-db:connect"}
# Ways to call AWS that this module doesn't understand. To use one, extend this module.
UNKNOWN_METHODS = {
    *("generate_presigned_url", "get_paginator", "get_waiter", "_make_api_call", "can_paginate"),
    *("upload_file", "upload_fileobj", "download_file", "download_fileobj"),
}
CLIENT_MAKERS = {"create_client"}
UNKNOWN_LIBRARIES = {"boto3", "aiobotocore", "aioboto3", "s3fs", "smart_open", "awswrangler"}
# Modules of Powertools that only write to standard output.
SILENT_POWERTOOLS = {"logging", "metrics"}


class UnclearError(AssertionError):
    """Code whose calls can't be found by reading it. The message says where."""


@cache
def actions_of_calls(folder: Path) -> dict[str, str]:
    """The IAM action of each call that the package makes, with one place of it. Raises UnclearError."""
    trees = _trees(sorted(folder.rglob("*.py")))
    services = {service for file, tree in trees.items() for service in _clients(file, tree)}
    methods = {name: each for service in services for name, each in _methods(service).items()}
    found: dict[str, str] = {}
    for file, tree in trees.items():
        _refuse_unknown_libraries(file, tree)
        for action, node in [*_calls(tree, methods), *_signed_by_hand(file, tree)]:
            found.setdefault(action, _place(file, node))
        if services:
            _refuse_unknown_ways(file, tree, methods)
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
def _methods(service: str) -> dict[str, tuple[str, str]]:
    """Service and operation by the name of the client's method."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(operation): (service, operation) for operation in model.operation_names} | SIGNERS


def _calls(tree: ast.AST, methods: dict[str, tuple[str, str]]) -> Iterator[tuple[str, ast.AST]]:
    """Every use of such a method, whether it is called or passed as a value."""
    arguments = {
        id(node.func): {keyword.arg for keyword in node.keywords}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in methods:
            service, operation = methods[node.attr]
            others = [WITH_ARGUMENT.get((service, operation, each or "")) for each in arguments.get(id(node), ())]
            own = S3_ACTIONS.get(operation) if service == "s3" else f"{service}:{operation}"
            action = next(filter(None, others), own)
            if action is None:
                raise UnclearError(f"line {node.lineno}: add the action of {service}.{operation} to {__name__}")
            yield action, node


def _signed_by_hand(file: Path, tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2].startswith(("SigV4", "S3SigV4")):
            services = {str(each.value) for each in node.args if isinstance(each, ast.Constant)}
            if len(services) != 1 or not services <= set(SIGNED_BY_HAND):
                raise UnclearError(f"{_place(file, node)}: add the action of the signed request to {__name__}")
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
                raise UnclearError(
                    f"{_place(file, node)}: {name} may call AWS in ways that {__name__} doesn't understand"
                )


def _refuse_unknown_ways(file: Path, tree: ast.AST, methods: Collection[str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in UNKNOWN_METHODS:
            raise UnclearError(f"{_place(file, node)}: {__name__} doesn't understand the calls of .{node.attr}")
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called.endswith(".copy") and len(node.args) + len(node.keywords) > 1:
            raise UnclearError(
                f"{_place(file, node)}: .copy may be the method of S3, which {__name__} doesn't understand"
            )
        name = node.args[1] if called == "getattr" else None
        if name is not None and (not isinstance(name, ast.Constant) or name.value in methods):
            raise UnclearError(f"{_place(file, node)}: write calls out instead of looking methods up by name")


def _place(file: Path, node: ast.AST) -> str:
    return f"{file}:{getattr(node, 'lineno', '?')}"
