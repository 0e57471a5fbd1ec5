"""What the templates deploy of the runtime code: with which variables, and which rights."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from checks.templates import ResourceId
from tests.support import databases
from tests.support.synthesis import ENVIRONMENTS, Synthesized, shipped, synthesize
from tests.support.web.variants import public

FUNCTIONS = Path("lambda_src")
WEB_APP = Path("web_src")
# Every environment, prod on the internet, and prod on each other database.
CASES = (*sorted(ENVIRONMENTS), "web-public", *databases.VARIANTS)
Properties = Mapping[str, Any]


@dataclass(frozen=True, order=True)
class Right:
    """One action that is allowed on one resource. `condition` is JSON, empty without one."""

    action: str
    resource: str
    condition: str = ""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Code that runs with variables and a role of its own: a function, or the web app on its instances."""

    folder: Path
    stack: str
    variables: Mapping[str, str]
    allowed: frozenset[Right]
    denied: frozenset[str]
    properties: Properties  # of the function, or of the launch template
    script: str = ""  # which an instance runs as it boots

    @property
    def package(self) -> str:
        """Its name as Python imports it."""
        return self.folder.name

    @property
    def actions(self) -> set[str]:
        """All that it may do, wherever."""
        return {right.action for right in self.allowed}


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """One environment's templates, every reference in them written as text: "${Data/Bucket.Arn}"."""

    synthesized: Synthesized

    def text(self, value: Any, stack: str) -> str:
        """The value as text, the same whether its environment names account and region or leaves them open."""
        environment = self.synthesized.environment
        here = f":{environment.region}:{environment.account}:"
        text = self.synthesized.linked.text(value, stack)
        return text.replace("arn:aws:", "arn:<Partition>:").replace(here, ":<Region>:<AccountId>:")

    def place(self, reference: str) -> ResourceId:
        """The resource that a text like "${Data/Bucket.Arn}" points to."""
        found = list(self.synthesized.linked.named(reference))
        assert [each.text for each in found] == [reference], f"{reference!r} points to no resource of these templates"
        return found[0].resource_id

    def find(self, reference: str) -> tuple[str, Properties]:
        """Type and properties of that resource."""
        resource = self.synthesized.linked.resource(self.place(reference))
        return resource["Type"], resource.get("Properties", {})

    def resources(self, type_: str) -> Iterator[tuple[str, str, Properties]]:
        """Stack, logical id and properties of every resource of that type."""
        for place, resource in self.synthesized.linked.resources(type_).items():
            yield place.stack, place.logical_id, resource.get("Properties", {})

    def runtimes(self) -> list[Runtime]:
        """Every function, then the web app."""
        return [*self._functions(), self._web_app()]

    def runtime(self, package: str) -> Runtime:
        """The one of that name."""
        (runtime,) = (each for each in self.runtimes() if each.package == package)
        return runtime

    def _functions(self) -> Iterator[Runtime]:
        for stack, _, properties in self.resources("AWS::Lambda::Function"):
            variables = properties.get("Environment", {}).get("Variables", {})
            allowed, denied = self._rights(self.place(self.text(properties["Role"], stack)))
            yield Runtime(
                folder=FUNCTIONS / properties["Handler"].split(".")[0],
                stack=stack,
                variables={name: self.text(value, stack) for name, value in variables.items()},
                allowed=allowed,
                denied=denied,
                properties=properties,
            )

    def _web_app(self) -> Runtime:
        ((stack, _, properties),) = self.resources("AWS::EC2::LaunchTemplate")
        data = properties["LaunchTemplateData"]
        script = self.text(data["UserData"]["Fn::Base64"], stack)
        lines = script.partition('web.env" <<"END"\n')[2].partition("\nEND\n")[0].splitlines()
        ((_, profile),) = [self.find(self.text(each, stack)) for each in data["IamInstanceProfile"].values()]
        (role,) = profile["Roles"]
        allowed, denied = self._rights(self.place(self.text(role, stack)))
        return Runtime(
            folder=WEB_APP,
            stack=stack,
            variables=dict(line.split("=", 1) for line in lines),
            allowed=allowed,
            denied=denied,
            properties=data,
            script=script,
        )

    def _rights(self, role: ResourceId) -> tuple[frozenset[Right], frozenset[str]]:
        """What the role is allowed, and what it is denied, by every policy that is attached to it."""
        allowed, denied = set(), set()
        for stack, document in self._policies(role):
            for statement in document["Statement"]:
                assert not statement.keys() & {"NotAction", "NotResource"}, statement
                actions = listed(statement["Action"])
                if statement["Effect"] == "Deny":
                    denied |= set(actions)
                    continue
                resources = [self.text(each, stack) for each in listed(statement["Resource"])]
                condition = self._condition(statement.get("Condition"), stack)
                allowed |= {Right(action, resource, condition) for action in actions for resource in resources}
        return frozenset(allowed), frozenset(denied)

    def _policies(self, role: ResourceId) -> Iterator[tuple[str, Properties]]:
        resource = self.synthesized.linked.resource(role)
        assert resource["Type"] == "AWS::IAM::Role", role
        properties = resource["Properties"]
        # Fails for AWS's own policies, whose content no template shows.
        attached = {self.place(self.text(each, role.stack)) for each in properties.get("ManagedPolicyArns", [])}
        yield from ((role.stack, each["PolicyDocument"]) for each in properties.get("Policies", []))
        for policy_type in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy", "AWS::IAM::RolePolicy"):
            for stack, id_, policy in self.resources(policy_type):
                holders = [*policy.get("Roles", []), *([policy["RoleName"]] if "RoleName" in policy else [])]
                if role in {self.place(self.text(each, stack)) for each in holders}:
                    attached.add(ResourceId(stack=stack, logical_id=id_))
        for place in sorted(attached):
            yield place.stack, self.synthesized.linked.resource(place)["Properties"]["PolicyDocument"]

    def _condition(self, condition: Properties | None, stack: str) -> str:
        if not condition:
            return ""
        return json.dumps(
            {
                operator: {key: self.text(value, stack) for key, value in keys.items()}
                for operator, keys in condition.items()
            },
            sort_keys=True,
        )


def listed(value: Any) -> list[Any]:
    """A list where CloudFormation also takes the one thing itself."""
    return value if isinstance(value, list) else [value]


@cache
def deployed(case: str) -> Deployed:
    """One of `CASES`."""
    if case in databases.VARIANTS:
        return Deployed(synthesized=synthesize(databases.VARIANTS[case]))
    return Deployed(synthesized=public() if case == "web-public" else shipped(case))
