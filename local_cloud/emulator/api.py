"""Clients of the emulator's public API, for the handlers in it, so that describe calls show what they create."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config


@cache
def client(service: str) -> Any:
    """A client as the account's root user; endpoint, region, keys and CA come from the environment."""
    session: Any = boto3.session.Session()  # the stubs need a literal service name
    return session.client(service, config=Config(connect_timeout=2, read_timeout=20, retries={"max_attempts": 0}))


def as_bool(value: object) -> bool:
    """A template's boolean, which may be a string."""
    return str(value).lower() == "true"


def chosen(properties: dict[str, Any], *names: str) -> dict[str, Any]:
    """Returns the named properties that are set."""
    return {name: properties[name] for name in names if properties.get(name) not in (None, "")}


def tags(properties: dict[str, Any], resource_type: str) -> dict[str, Any]:
    """The TagSpecifications argument of EC2's calls."""
    found = properties.get("Tags") or []
    return {"TagSpecifications": [{"ResourceType": resource_type, "Tags": found}]} if found else {}
