"""The deployed roles and their policies, as IAM lists them, and a way to remove one action from a role."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from checks.permissions.grants import role_name
from checks.permissions.reasons import LAMBDA
from checks.statements import ROLE
from checks.templates import without_hash
from local_cloud.cloud import LocalCloud
from local_cloud.emulator.settings import ACCOUNT
from local_cloud.stack_outputs import stack_names

REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
ANYONE_HERE = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Deployed resources and roles: each resource by its logical id without the hash, and each role by its purpose."""

    cloud: LocalCloud
    session: Any  # one for all clients, so that the services' descriptions are read once
    resources: dict[str, list[str]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cloud: LocalCloud) -> Deployed:
        """Read all stacks."""
        found = cls(cloud=cloud, session=cloud.session())
        pages = found.client("cloudformation").get_paginator("list_stack_resources")
        for stack in stack_names(cloud.state.assembly):
            for each in pages.paginate(StackName=stack).search("StackResourceSummaries"):
                physical, logical = each["PhysicalResourceId"], each["LogicalResourceId"]
                found.resources.setdefault(without_hash(logical), []).append(physical)
                if each["ResourceType"] == ROLE:
                    found.roles[role_name(logical)] = physical
        return found

    def named(self, name: str) -> str:
        """The one resource of that name in all stacks."""
        (physical,) = self.resources[name]
        return physical

    def client(self, service: str) -> Any:
        """A client with the permissions of the local account's root."""
        return self.session.client(service)

    def held(self) -> dict[str, list[str]]:
        """The policies of every role of the account."""
        iam = self.client("iam")
        roles = iam.get_paginator("list_roles").paginate().search("Roles[].RoleName")
        return {role: sorted(_attached(iam, role)) for role in roles}

    def policies(self, role: str) -> dict[str, Any]:
        """The documents of a role's policies, by their ARNs."""
        iam = self.client("iam")
        return {arn: _document(iam, arn) for arn in _attached(iam, role)}

    def allowed(self, name: str) -> set[str]:
        """The actions that a role is allowed on some resource."""
        role = self.roles[name]
        assert self.client("iam").list_role_policies(RoleName=role)["PolicyNames"] == [], "inline policies"
        statements = [one for document in self.policies(role).values() for one in document["Statement"]]
        return {action for one in statements if one["Effect"] == "Allow" for action in _listed(one["Action"])}

    def functions(self) -> list[str]:
        """The roles that Lambda assumes."""
        iam = self.client("iam")
        trusts = {
            name: iam.get_role(RoleName=id_)["Role"]["AssumeRolePolicyDocument"] for name, id_ in self.roles.items()
        }
        return [name for name, trust in trusts.items() if LAMBDA in json.dumps(trust)]

    @contextmanager
    def without(self, role: str, action: str) -> Iterator[None]:
        """Removes one action, and nothing else, from the policies of a role.

        The policies are replaced by changed copies. So other roles that share them keep them, and they can be attached
        again unchanged. The emulator reads policies at each call, so a change takes effect immediately.
        """
        iam, policies = self.client("iam"), self.policies(role)
        with ExitStack() as undone:
            for arn, document in policies.items():
                allowed = _without(document, action)
                if allowed != document["Statement"]:
                    if allowed:
                        copy = iam.create_policy(
                            PolicyName=f"without-{uuid.uuid4()}",
                            PolicyDocument=json.dumps({**document, "Statement": allowed}),
                        )["Policy"]["Arn"]
                        undone.callback(iam.delete_policy, PolicyArn=copy)
                        undone.callback(iam.detach_role_policy, RoleName=role, PolicyArn=copy)
                        iam.attach_role_policy(RoleName=role, PolicyArn=copy)
                    undone.callback(iam.attach_role_policy, RoleName=role, PolicyArn=arn)
                    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
            yield

    @contextmanager
    def stand_in(self, name: str) -> Iterator[StandIn]:
        """A stand-in with the same permissions as the role, for calls that AWS makes with the role."""
        iam, role = self.client("iam"), f"stand-in-{uuid.uuid4()}"
        trust = {"Version": "2012-10-17", "Statement": [ANYONE_HERE]}
        made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        with ExitStack() as undone:
            undone.callback(iam.delete_role, RoleName=role)
            for arn in _attached(iam, self.roles[name]):
                iam.attach_role_policy(RoleName=role, PolicyArn=arn)
                undone.callback(iam.detach_role_policy, RoleName=role, PolicyArn=arn)
            session = self.client("sts").assume_role(RoleArn=made["Arn"], RoleSessionName="stand-in")
            yield StandIn(deployed=self, role=role, credentials=session["Credentials"])


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """A role that has the policies of a deployed one, and that these tests may assume."""

    deployed: Deployed
    role: str
    credentials: dict[str, Any]

    def client(self, service: str) -> Any:
        """A client that calls as this role."""
        return self.deployed.session.client(
            service,
            aws_access_key_id=self.credentials["AccessKeyId"],
            aws_secret_access_key=self.credentials["SecretAccessKey"],
            aws_session_token=self.credentials["SessionToken"],
        )


def refusal(error: ClientError) -> str:
    """IAM's message if it denied the call, otherwise an empty text."""
    details = error.response["Error"]
    return str(details["Message"]) if details["Code"] in REFUSALS else ""


def _attached(iam: Any, role: str) -> list[str]:
    return [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]


def _document(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _without(document: Any, action: str) -> list[dict[str, Any]]:
    """The statements without that action. A statement that allows nothing else is removed."""
    kept = []
    for statement in document["Statement"]:
        left = [each for each in _listed(statement["Action"]) if each != action]
        if statement["Effect"] != "Allow" or len(left) == len(_listed(statement["Action"])):
            kept.append(statement)
        elif left:
            kept.append({**statement, "Action": left})
    return kept


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions
