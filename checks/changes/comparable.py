"""Prepares templates for a comparison: masks what differs in every release, and adds the termination protection."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from checks.templates import Resource, ResourceId, Template, Templates

PATH = "aws:cdk:path"
PROTECTION = "TerminationProtection"

# Asset keys and content hashes.
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
# The CDK derives the id of a published function version from its content: each release would replace one.
_VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")


class ChangesError(Exception):
    """A comparison can't be made. The message says why, with which value, and how to fix it."""


def comparable(stacks: Mapping[str, Template], *, with_code: bool = False) -> Templates:
    """The templates, masked (see `masked`). Raises ChangesError if there is none."""
    if not stacks:
        raise ChangesError("there is no template to compare: pass at least one stack")
    return Templates(stacks={name: json.loads(masked(stacks[name], with_code=with_code)) for name in stacks})


def masked(template: Template, *, with_code: bool = False) -> str:
    """The template as stable text: ids of published versions are masked and, unless `with_code`, hashes of code."""
    text = json.dumps(template, indent=2, sort_keys=True) + "\n"
    text = _VERSION.sub(r"\1<hash>", text)
    return text if with_code else _HASH.sub("<hash>", text)


def protected(template: Template, *, by: bool) -> Template:
    """The template with its stack's termination protection, which CloudFormation keeps outside of the template."""
    return {**template, PROTECTION: by}


def path(templates: Templates, id_: ResourceId) -> str:
    """The resource's construct path; empty if the template doesn't contain it."""
    return str(templates.resource(id_).get("Metadata", {}).get(PATH, ""))


def content(templates: Templates, stack: str) -> Template:
    """The stack's template, without the metadata that the CDK adds for its own tools."""
    return with_metadata(templates.stacks.get(stack, {}), lambda _, resource: metadata(resource))


def with_metadata(template: Template, metadata_of: Callable[[str, Resource], Mapping[str, Any]]) -> Template:
    """The template with other metadata: `metadata_of` gets each logical id and resource."""
    resources = template.get("Resources", {}).items()
    changed = {id_: {**resource, "Metadata": metadata_of(id_, resource)} for id_, resource in resources}
    return {**template, "Resources": changed}


def metadata(resource: Resource) -> dict[str, Any]:
    """The resource's metadata, without what the CDK adds for its own tools."""
    return {key: value for key, value in resource.get("Metadata", {}).items() if not key.startswith("aws:")}
