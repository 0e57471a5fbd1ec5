"""Templates as they are compared: without what is new at each release, with what CloudFormation keeps beside them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from checks.changes.errors import ChangesError
from checks.templates import Place, Resource, Template, Templates

PATH = "aws:cdk:path"
PROTECTION = "TerminationProtection"

# Asset keys and hashes of content.
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
# The CDK names a published function version by the content of the function, so each release would add and remove one.
_VERSION = re.compile(r"(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}")


def comparable(stacks: Mapping[str, Template], *, with_code: bool = False) -> Templates:
    """The templates with what changes at each release masked (see `masked`). Raises ChangesError for none at all."""
    if not stacks:
        raise ChangesError("there is no template to compare: give at least one stack")
    return Templates(stacks={name: json.loads(masked(stacks[name], with_code=with_code)) for name in stacks})


def masked(template: Template, *, with_code: bool = False) -> str:
    """The template as stable text: no ids of published versions and, unless `with_code`, no hashes of code."""
    text = json.dumps(template, indent=2, sort_keys=True) + "\n"
    text = _VERSION.sub(r"\1<hash>", text)
    return text if with_code else _HASH.sub("<hash>", text)


def protected(template: Template, *, by: bool) -> Template:
    """The template with its stack's termination protection, which CloudFormation keeps outside of it, as if inside."""
    return {**template, PROTECTION: by}


def path(templates: Templates, place: Place) -> str:
    """The resource's construct path; empty where the template doesn't tell."""
    return str(templates.resource(place).get("Metadata", {}).get(PATH, ""))


def content(templates: Templates, stack: str) -> Any:
    """All that the stack's template says, without what the CDK notes for its own tools."""
    template = templates.stacks.get(stack, {})
    resources = template.get("Resources", {}).items()
    return {**template, "Resources": {id_: {**resource, "Metadata": metadata(resource)} for id_, resource in resources}}


def metadata(resource: Resource) -> dict[str, Any]:
    """The resource's metadata without what the CDK notes for its own tools."""
    return {key: value for key, value in resource.get("Metadata", {}).items() if not key.startswith("aws:")}
