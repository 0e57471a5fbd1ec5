"""The policies that `make bootstrap` makes: what CloudFormation may do, and the most that a role may do.

Both come from files of the capabilities: `components/*/deployment.toml` and `components/*/permissions.toml`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.bootstrap import BootstrapNames
from ops.common.errors import CommandError

COMPONENTS = Path(__file__).parent.parent.parent / "components"
BOUNDARY = "Boundary"
# IAM and AWS STS quotas: characters of a managed policy, without white space, and managed policies of a role.
MAX_POLICY_CHARACTERS = 6144
MAX_POLICIES_PER_ROLE = 10

Statement = dict[str, Any]

_ARN = "arn:${AWS::Partition}"
# The longest value of each pseudo parameter.
_LONGEST_VALUES = {
    "${AWS::Partition}": "aws-us-gov",
    "${AWS::Region}": "ap-northeast-1",
    "${AWS::AccountId}": "111122223333",
}
# A resource policy that names a role's session is not limited by what the boundary leaves out, only by what it denies.
_NO_ROLE_MAY = ["iam:*", "organizations:*", "account:*", "sts:AssumeRole*", "cloudformation:*"]


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies of one environment's bootstrap, for every account and region."""

    names: BootstrapNames

    def template(self) -> dict[str, Any]:
        """The template of the stack that holds them. Raises CommandError if they don't fit into IAM's quotas."""
        execution = {
            f"Execution{number}": _policy(
                self.names.execution_policy(number), "What CloudFormation may do to deploy", statements
            )
            for number, statements in enumerate(_packed(self.execution()), 1)
        }
        if len(execution) > MAX_POLICIES_PER_ROLE:
            raise CommandError(
                f"the policies for deployments need {len(execution)} managed policies, and a role may have "
                f"{MAX_POLICIES_PER_ROLE}: shorten components/*/deployment.toml, or ask AWS for a higher quota"
            )
        boundary = _policy(self.names.boundary, "The most that a role may do", self.boundary())
        return {
            "Description": f"Limits deployments of {self.names.project}, {self.names.environment} (make bootstrap)",
            "Resources": {BOUNDARY: boundary, **execution},
        }

    def execution(self) -> list[Statement]:
        """What CloudFormation may do."""
        own = {"Effect": "Deny", "Action": ["iam:*", "sts:AssumeRole"], "Resource": self._bootstrap_arns()}
        return [own, *(self._allowed(entry) for entry in _entries("deployment.toml", "allow"))]

    def boundary(self) -> list[Statement]:
        """The most that a role of the environment may do: what some role does today, in this region."""
        reach: dict[str, list[str]] = {}
        for file in sorted(COMPONENTS.glob("*/deployment.toml")):
            reach |= tomllib.loads(file.read_text(encoding="utf-8")).get("reach", {})
        actions: dict[tuple[str, ...], set[str]] = {}
        for table in ("reasons", "managed_policies"):
            for entry in _entries("permissions.toml", table):
                for action in entry["actions"]:
                    resources = tuple(self._arns(reach.get(action.partition(":")[0], ["*"])))
                    actions.setdefault(resources, set()).add(action)
        return [
            {"Effect": "Deny", "Action": _NO_ROLE_MAY, "Resource": "*"},
            *(
                {
                    "Effect": "Allow",
                    "Action": sorted(found),
                    "Resource": list(resources),
                    "Condition": {"StringEqualsIfExists": {"aws:RequestedRegion": "${AWS::Region}"}},
                }
                for resources, found in sorted(actions.items())
            ),
        ]

    def _allowed(self, entry: Mapping[str, Any]) -> Statement:
        condition = {
            operator: {key: self._filled(value) for key, value in keys.items()}
            for operator, keys in entry.get("if", {}).items()
        }
        for operator, keys in self._tags(entry.get("tagged", "")).items():
            condition.setdefault(operator, {}).update(keys)
        found: Statement = {"Effect": "Allow", "Action": entry["actions"], "Resource": self._arns(entry["on"])}
        return found | ({"Condition": condition} if condition else {})

    def _tags(self, tagged: str) -> dict[str, dict[str, str]]:
        tags = {"Project": self.names.project, "Environment": self.names.environment}
        match tagged:
            case "ours":
                return {"StringEquals": {f"aws:ResourceTag/{name}": value for name, value in tags.items()}}
            case "new":
                return {
                    "Null": {"aws:ResourceTag/Project": "true"},
                    "StringEquals": {f"aws:RequestTag/{name}": value for name, value in tags.items()},
                }
        return {}

    def _arns(self, resources: Iterable[str]) -> list[str]:
        return ["*" if resource == "*" else f"{_ARN}:{self._filled(resource)}" for resource in resources]

    def _bootstrap_arns(self) -> list[str]:
        return self._arns(f"iam::{{account}}:{kind}/cdk-{{qualifier}}-*" for kind in ("policy", "role"))

    def _filled(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._filled(each) for each in value]
        return value.format(
            arn=_ARN,
            account="${AWS::AccountId}",
            region="${AWS::Region}",
            name=self.names.prefix,
            qualifier=self.names.qualifier,
            boundary=f"{_ARN}:iam::${{AWS::AccountId}}:policy/{self.names.boundary}",
        )


def deployed_by_people() -> set[Path]:
    """The folders of capabilities whose stack uses no bootstrap: their roles have no boundary."""
    files = COMPONENTS.glob("*/deployment.toml")
    return {file.parent for file in files if "deployed_by_people" in tomllib.loads(file.read_text(encoding="utf-8"))}


def _entries(file: str, table: str) -> Iterator[dict[str, Any]]:
    """The entries of one table in the files of all capabilities that are deployed with the bootstrap."""
    by_people = deployed_by_people()
    for path in sorted(COMPONENTS.glob(f"*/{file}")):
        if path.parent not in by_people:
            yield from tomllib.loads(path.read_text(encoding="utf-8")).get(table, [])


def _policy(name: str, description: str, statements: list[Statement]) -> dict[str, Any]:
    """A managed policy, in whose texts CloudFormation fills in the account, region and partition."""
    document = {"Version": "2012-10-17", "Statement": _substituted(statements)}
    properties = {"ManagedPolicyName": name, "Description": description, "PolicyDocument": document}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}


def _substituted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _substituted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_substituted(each) for each in value]
    return {"Fn::Sub": value} if "${" in value else value


def _packed(statements: Iterable[Statement]) -> list[list[Statement]]:
    """The statements in as few policies as fit, in their order."""
    policies: list[list[Statement]] = [[]]
    for statement in statements:
        if _characters([*policies[-1], statement]) > MAX_POLICY_CHARACTERS:
            policies.append([])
        policies[-1].append(statement)
    return policies


def _characters(statements: list[Statement]) -> int:
    """The length of the policy in the region and partition with the longest names."""
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    for name, longest in _LONGEST_VALUES.items():
        text = text.replace(name, longest)
    return len(text)
