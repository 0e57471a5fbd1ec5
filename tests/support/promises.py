"""Assertions whose message names the resource, the property, its value, and what it must be."""

import json
from collections.abc import Iterable, Mapping
from typing import Any


def has(at: str, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Each property of `wanted` has its value in `found`, the properties of the resource `at`."""
    wrong = [
        f"{name} is {found[name]!r}, must be {value!r}" if name in found else f"{name} is missing, must be {value!r}"
        for name, value in wanted.items()
        if name not in found or found[name] != value
    ]
    assert not wrong, f"{at}: {'; '.join(wrong)}"


def mentions(at: str, found: Mapping[str, Any], wanted: Mapping[str, str]) -> None:
    """Each property of `wanted` contains its text, part of the logical id of the resource that it refers to."""
    wrong = [
        f"{name} is {found.get(name, 'missing')!r}, must refer to {text}"
        for name, text in wanted.items()
        if text not in str(found.get(name))
    ]
    assert not wrong, f"{at}: {'; '.join(wrong)}"


def refuses_plain_http(at: str, statements: Iterable[Mapping[str, Any]]) -> None:
    """A statement denies every action without TLS to everybody."""
    denied = [one for one in statements if one["Effect"] == "Deny"]
    conditions = [one.get("Condition", {}) for one in denied if "*" in str(one["Principal"]) and "*" in one["Action"]]
    wanted = {"Bool": {"aws:SecureTransport": "false"}}
    assert wanted in conditions, f"{at}: nothing denies requests on {wanted}, only on {conditions}"


def only_connects_as(user: str, statements: Iterable[Mapping[str, Any]]) -> None:
    """A function may connect as this database user, and otherwise do only what every function may do."""
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    (connect,) = (one for one in allowed if one["Action"] == "rds-db:connect")
    found = json.dumps(connect["Resource"])
    assert found.count(f"/{user}") == 1, f"rds-db:connect must be on one resource that ends in /{user}, is on {found}"
    services = {
        action.partition(":")[0]
        for one in allowed
        for action in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    assert services == {"rds-db", "logs", "xray", "ec2", "sqs", "kms"}
    (send,) = (one for one in allowed if "sqs" in str(one["Action"]))
    assert send["Action"] == "sqs:SendMessage"
    assert "AsyncInvocationsDeadLetterQueue" in json.dumps(send["Resource"])
