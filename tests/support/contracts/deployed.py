"""The runtime code as the templates deploy it, with its variables and its rights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack
from aws_cdk import aws_s3_assets as assets

from checks.templates import ResourceId
from components.common.packaging import bundle
from config.datasets import declarations
from tests.support import databases
from tests.support.contracts.functions import FUNCTIONS, Function
from tests.support.contracts.runtimes import Properties, Right, Runtime, contributions, listed
from tests.support.synthesis import CONTEXT, Synthesized, synthesize
from tests.support.variants import EVERY

# Every environment and variant, and prod on each other database.
CASES = EVERY | databases.VARIANTS


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """The templates of one environment, with references as text: "${Data/Bucket.Arn}"."""

    synthesized: Synthesized

    def text(self, value: Any, stack: str) -> str:
        """The value as text, which is the same with and without a configured account and region."""
        environment = self.synthesized.environment
        here = f":{environment.region}:{environment.account}:"
        text = self.synthesized.linked.text(value, stack)
        return text.replace("arn:aws:", "arn:<Partition>:").replace(here, ":<Region>:<AccountId>:")

    def place(self, reference: str) -> ResourceId:
        """The resource to which a text like "${Data/Bucket.Arn}" refers."""
        found = list(self.synthesized.linked.named(reference))
        assert [each.text for each in found] == [reference], f"{reference!r} refers to no resource of these templates"
        return found[0].resource_id

    def find(self, reference: str) -> tuple[str, Properties]:
        """Type and properties of that resource."""
        resource = self.synthesized.linked.resource(self.place(reference))
        return resource["Type"], resource.get("Properties", {})

    def resources(self, type_: str) -> Iterator[tuple[str, str, Properties]]:
        """Stack, logical id and properties of every resource of that type."""
        for place, resource in self.synthesized.linked.resources(type_).items():
            yield place.stack, place.logical_id, resource.get("Properties", {})

    @property
    def absent_capabilities(self) -> set[str]:
        """The names of optional values that the environment doesn't have, capabilities among them."""
        environment = self.synthesized.environment
        return {each.name for each in fields(environment) if getattr(environment, each.name) is None}

    def output(self, stack: str, name: str) -> str:
        """The value of a stack's output."""
        return self.text(self.synthesized.templates[stack]["Outputs"][name]["Value"], stack)

    def asset(self, folder: Path) -> str:
        """The file name of the asset that a folder of code makes."""
        stack = Stack(App(context=CONTEXT, analytics_reporting=False))
        knows_datasets = any("from tabular" in file.read_text() for file in folder.glob("*.py"))
        data = declarations() if knows_datasets else ()
        made = assets.Asset(stack, "Asset", **bundle(folder, self.synthesized.environment.runtime, data=data))
        return f"{made.asset_hash}.zip"

    def functions(self) -> list[Function]:
        """Every function."""
        return list(self._functions())

    def runtimes(self) -> list[Runtime]:
        """Every function, then the code that capabilities run elsewhere."""
        return [*self._functions(), *(each for one in contributions() for each in one.runtimes(self))]

    def runtime(self, package: str) -> Runtime:
        """The one of that name."""
        (runtime,) = (each for each in self.runtimes() if each.package == package)
        return runtime

    def _functions(self) -> Iterator[Function]:
        for stack, id_, properties in self.resources("AWS::Lambda::Function"):
            variables = properties.get("Environment", {}).get("Variables", {})
            allowed, denied = self.rights(self.place(self.text(properties["Role"], stack)))
            yield Function(
                folder=FUNCTIONS / properties["Handler"].split(".")[0],
                resource=ResourceId(stack=stack, logical_id=id_),
                variables={name: self.text(value, stack) for name, value in variables.items()},
                allowed=allowed,
                denied=denied,
                properties=properties,
            )

    def event_sources(self, runtime: Runtime) -> list[str]:
        """The ARNs of the queues whose messages Lambda passes to that function."""
        found = []
        for stack, _, mapping in self.resources("AWS::Lambda::EventSourceMapping"):
            source = self.text(mapping["EventSourceArn"], stack)
            assert self.find(source)[0] == "AWS::SQS::Queue", f"say here what an event source like {source} needs"
            if self._target(mapping["FunctionName"], stack) == runtime.resource:
                found.append(source)
        return found

    def _target(self, value: Any, stack: str) -> ResourceId:
        """The function that a value names, directly or by its alias."""
        (reference,) = self.synthesized.linked.named(self.text(value, stack))
        target = self.synthesized.linked.resource(reference.resource_id)
        if target["Type"] == "AWS::Lambda::Alias":
            return self._target(target["Properties"]["FunctionName"], reference.resource_id.stack)
        assert target["Type"] == "AWS::Lambda::Function", reference
        return reference.resource_id

    def rights(self, role: ResourceId) -> tuple[frozenset[Right], frozenset[str]]:
        """The allowed rights and the denied actions in all policies of the role."""
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
        # Fails for policies of AWS, because templates don't contain their documents.
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


@cache
def deployed(case: str) -> Deployed:
    """One of `CASES`, the environments and variants with everything validated."""
    return Deployed(synthesized=synthesize(CASES[case], validate=case in EVERY))
