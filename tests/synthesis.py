"""Synthesizes environments in this process, as `app.py` does, and hands their templates to tests."""

import json
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from config.environments import DEV, PROD, STAGING, local
from config.model import Environment
from config.model import Platform as Machine
from config.web import Public
from stacks.platform import Platform

Template = dict[str, Any]
Resources = dict[str, Any]

# The local environment is what the machine is; here it is always the same machine, so that its template is too.
LOCAL = local(Machine(architecture="x86_64", python="3.11"))
ENVIRONMENTS = {environment.name: environment for environment in (LOCAL, DEV, STAGING, PROD)}
# Prod with a load balancer on the internet, which no shipped environment has: the domain is each company's own.
DOMAIN = "orders.example.com"
PUBLIC_EXPOSURE = Public(
    domain=DOMAIN, hosted_zone_id="Z0123456789ABCDEFGHIJ", sign_in_domain_prefix="example-shop-orders"
)
PUBLIC = replace(PROD, web=replace(PROD.web, exposure=PUBLIC_EXPOSURE))
STACKS = ("Foundation", "Network", "Data", "Pipeline", "Web")
# The app's own context, without the bundling of assets.
CONTEXT: dict[str, Any] = json.loads(Path("cdk.json").read_text())["context"] | {"aws:cdk:bundling-stacks": []}


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """One environment's platform and what became of it."""

    environment: Environment
    platform: Platform
    templates: dict[str, Template]
    report: dict[str, Any]

    def resources(self, stack: str, type_: str) -> Resources:
        """The resources of one type in one stack, by logical id."""
        found = self.templates[stack].get("Resources", {})
        return {id_: resource for id_, resource in found.items() if resource["Type"] == type_}

    def only(self, stack: str, type_: str) -> dict[str, Any]:
        """The properties of the one resource of that type. Fails where there are none or several."""
        (resource,) = self.resources(stack, type_).values()
        return dict(resource.get("Properties", {}))

    def everything(self) -> Resources:
        """All resources of all stacks, by stack and logical id."""
        return {
            f"{stack}/{id_}": resource
            for stack, template in self.templates.items()
            for id_, resource in template.get("Resources", {}).items()
        }


def synthesize(environment: Environment, *, validate: bool = False) -> Synthesized:
    """The environment's platform, synthesized without bundling its assets; with the rule packs where `validate`."""
    with tempfile.TemporaryDirectory() as folder:
        app = App(outdir=folder, context=CONTEXT, analytics_reporting=False)
        platform = Platform(app, config=environment)
        if validate:
            Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
        assembly = app.synth(skip_validation=not validate, validate_on_synthesis=validate)
        report = Path(folder, "validation-report.json")
        return Synthesized(
            environment=environment,
            platform=platform,
            templates={
                stack: assembly.get_stack_by_name(f"{environment.project}-{environment.name}-{stack.lower()}").template
                for stack in STACKS
            },
            report=json.loads(report.read_text()) if report.exists() else {},
        )


@cache
def shipped(name: str) -> Synthesized:
    """A shipped environment with everything validated, once a test run."""
    return synthesize(ENVIRONMENTS[name], validate=True)


@cache
def public() -> Synthesized:
    """`PUBLIC` with everything validated, once a test run."""
    return synthesize(PUBLIC, validate=True)
