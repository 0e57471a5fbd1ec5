"""Synthesizes environments in this process, as `app.py` does, and gives their templates to tests."""

import json
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack

from checks.templates import Templates
from config.environments import DEV, PROD, STAGING, local
from config.model import Environment, RuntimeConfig
from stacks.platform import Platform
from stacks.rule_packs import add_rule_packs

Template = dict[str, Any]
Resources = dict[str, Any]

# The local environment depends on the machine. Here the machine is fixed, so that the template is always the same.
LOCAL = local(RuntimeConfig(architecture="x86_64", python="3.11"))
ENVIRONMENTS = {environment.name: environment for environment in (LOCAL, DEV, STAGING, PROD)}
# The app's own context, without the bundling of assets.
CONTEXT: dict[str, Any] = json.loads(Path("cdk.json").read_text())["context"] | {"aws:cdk:bundling-stacks": []}


@dataclass(frozen=True, kw_only=True, eq=False)
class Synthesized:
    """The platform of one environment and its templates. Compared by identity, so that caches distinguish them."""

    environment: Environment
    platform: Platform
    templates: dict[str, Template]
    validated: bool
    report: dict[str, Any]
    look_ups: list[Any]  # values that synthesis would look up in AWS

    @cached_property
    def linked(self) -> Templates:
        """The templates with the references between them."""
        stacks = [stack for stack in self.platform.node.children if isinstance(stack, Stack)]
        return Templates(stacks=self.templates, keys={stack.stack_name: stack.node.id for stack in stacks})

    def stack(self, name: str) -> Any:
        """The stack with that id; its attributes are those of its class."""
        return self.platform.node.find_child(name)

    def resources(self, stack: str, type_: str) -> Resources:
        """The resources of one type in one stack, by logical id."""
        found = self.templates[stack].get("Resources", {})
        return {id_: resource for id_, resource in found.items() if resource["Type"] == type_}

    def only(self, stack: str, type_: str) -> dict[str, Any]:
        """The properties of the only resource of that type. Fails if there is none or more than one."""
        (resource,) = self.resources(stack, type_).values()
        return dict(resource.get("Properties", {}))

    def statements_of(self, stack: str, role: str) -> list[dict[str, Any]]:
        """The policy statements of the role whose logical id starts with `role`, those of shared policies included."""
        (found,) = (one for id_, one in self.resources(stack, "AWS::IAM::Role").items() if id_.startswith(role))
        attached = self.linked.references(found["Properties"]["ManagedPolicyArns"], stack)
        policies = [self.linked.resource(reference.resource_id) for reference in attached]
        return [statement for policy in policies for statement in policy["Properties"]["PolicyDocument"]["Statement"]]

    def everything(self) -> Resources:
        """All resources of all stacks, by stack and logical id."""
        return {
            f"{stack}/{id_}": resource
            for stack, template in self.templates.items()
            for id_, resource in template.get("Resources", {}).items()
        }


_known: dict[Environment, Synthesized] = {}


def synthesize(environment: Environment, *, validate: bool = False) -> Synthesized:
    """The environment's platform, synthesized without bundling its assets, once per test run. Tests must not change it.

    With `validate`, the rule packs and the CDK's own rules run too. Their findings are in the report and don't stop the
    synthesis, so that a finding fails only the test that forbids it.
    """
    known = _known.get(environment)
    if known is None or (validate and not known.validated):
        known = _known[environment] = synthesize_uncached(environment, validate=validate)
    return known


def synthesize_uncached(environment: Environment, *, validate: bool = False) -> Synthesized:
    """Like `synthesize`, but never returns an earlier result."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, context=CONTEXT, analytics_reporting=False)
        platform = Platform(app, environment=environment)
        if validate:
            add_rule_packs(environment.rule_packs, app)
        try:
            app.synth(skip_validation=not validate, validate_on_synthesis=validate)
        except RuntimeError as error:
            if not str(error).startswith("ValidationFailed"):
                raise
        report = Path(folder, "validation-report.json")
        return Synthesized(
            environment=environment,
            platform=platform,
            templates={
                stack.node.id: json.loads(Path(folder, stack.template_file).read_text())
                for stack in platform.node.children
                if isinstance(stack, Stack)
            },
            validated=validate,
            report=json.loads(report.read_text()) if report.exists() else {},
            look_ups=json.loads(Path(folder, "manifest.json").read_text()).get("missing", []),
        )


def shipped(name: str) -> Synthesized:
    """A shipped environment with everything validated."""
    return synthesize(ENVIRONMENTS[name], validate=True)
