"""Requests to AWS, and whether the policies of a bootstrap allow them.

`authorization.json` says which resources and condition keys AWS checks for each action. Its source is the Service
Authorization Reference (https://servicereference.us-east-1.amazonaws.com gives it as JSON).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checks.statements import Condition, Element, Statement, statements
from checks.templates import ResourceId, Templates
from config.bootstrap import BootstrapNames
from ops.environment.policies import BOUNDARY, Policies

_REFERENCE: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "authorization.json").read_text())
ACTIONS, RESOURCES = _REFERENCE["actions"], _REFERENCE["resources"]
ARN = "arn:<Partition>:"
# Variables in ARNs whose values AWS prescribes.
_PRESCRIBED = {
    "OptionGroupName": "default:postgres-18",
    "EventBusName": "default",
    "SecretId": "rds!db-1",
    "Scope": "regional",
}
ALWAYS = {"aws:RequestedRegion": "<Region>"}


@dataclass(frozen=True, kw_only=True)
class Role:
    """What the policies of one role allow."""

    statements: tuple[Statement, ...]

    def may(self, action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
        """Whether a request with the values of condition keys in `context` is allowed."""
        about = [one for one in self.statements if one.actions.covers(_action(action))]
        asked = _request(action, resource, {**ALWAYS, **(context or {})}, about)
        matching = [statement for statement in about if statement.covers(asked)]
        return any(one.allow for one in matching) and all(one.allow for one in matching)


def _action(name: str) -> Element:
    return Element(patterns=(name,), ignore_case=True)


def _request(action: str, resource: str, context: Mapping[str, str], about: Iterable[Statement]) -> Statement:
    """The request as a statement, with the conditions that the statements `about` it ask for and its context meets."""
    asked = {(one.operator, one.key) for statement in about for one in statement.conditions}
    return Statement(
        resource_id=ResourceId(stack="", logical_id=""),
        type="",
        path="",
        allow=True,
        actions=_action(action),
        resources=Element(patterns=(resource,)),
        principals=Element(patterns=()),
        conditions=tuple(
            Condition(operator=operator, key=key, values=("true",) if operator == "Null" else (context[key],))
            for operator, key in asked
            if (key not in context) == (operator == "Null")
        ),
    )


@cache
def execution_role(names: BootstrapNames) -> Role:
    """CloudFormation's role."""
    return Role(statements=tuple(one for one in _statements(names) if one.resource_id.logical_id != BOUNDARY))


@cache
def boundary(names: BootstrapNames) -> Role:
    """A role whose own policies allow everything, limited by the boundary."""
    return Role(statements=tuple(one for one in _statements(names) if one.resource_id.logical_id == BOUNDARY))


def _statements(names: BootstrapNames) -> Iterable[Statement]:
    return statements(Templates(stacks={"policies": Policies(names=names).template()}))


def arn(resource: str, *, name: str) -> str:
    """An ARN of that resource of `authorization.json`, whose names start with `name`."""

    def value(variable: re.Match[str]) -> str:
        prescribed = _PRESCRIBED.get(variable[1])
        if prescribed:
            return prescribed
        return f"{name}thing" if "Name" in variable[1] or "name" in variable[1] else "0123"

    return ARN + re.sub(r"\$\{(\w+)\}", value, RESOURCES[resource]["arn"])


def resources_of(action: str) -> tuple[list[str], list[str]]:
    """What AWS checks for an action, by names of `authorization.json`: all of the first list, some of the second."""
    entry, service = ACTIONS[action], action.partition(":")[0]
    all_of, some_of = ([f"{service}:{each}" for each in entry.get(list_, [])] for list_ in ("all_of", "some_of"))
    return all_of, some_of
