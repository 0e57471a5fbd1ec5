"""Finds every statement of every policy in the templates of an environment, wherever a resource keeps one."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]
Templates = Mapping[str, Template]
Place = tuple[str, str]  # a stack, and the logical id of what stands there

# What a template can't know, written without the colons that would tear ARNs apart.
PSEUDO = {
    "AWS::AccountId": "<account>",
    "AWS::Partition": "<partition>",
    "AWS::Region": "<region>",
    "AWS::URLSuffix": "<suffix>",
}
LAMBDA_PERMISSION = "AWS::Lambda::Permission"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement: the resource that holds it, the property that leads to it, and what it says."""

    templates: Templates
    stack: str
    resource: str
    type: str
    path: str
    body: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it opens something."""
        return bool(self.body.get("Effect") == "Allow")

    @property
    def place(self) -> Place:
        """The resource that holds it, told apart from one of the same name in another stack."""
        return self.stack, self.resource

    @property
    def is_trust(self) -> bool:
        """Whether it says who takes a role on, rather than what somebody may do."""
        return self.path.startswith("AssumeRolePolicyDocument.")

    @property
    def at(self) -> str:
        """Where it stands, for messages."""
        sid = f' "{self.body["Sid"]}"' if "Sid" in self.body else ""
        return f"{self.stack}/{self.resource} ({self.type}), {self.path}{sid}"

    @property
    def actions(self) -> list[str]:
        """Its actions."""
        return self.texts(self.body.get("Action", []))

    @property
    def resources(self) -> list[str]:
        """Its resources."""
        return self.texts(self.body.get("Resource", []))

    @property
    def principals(self) -> list[tuple[str, str]]:
        """Its principals, each with its kind: ("Service", "lambda.amazonaws.com"); "*" alone is ("AWS", "*")."""
        principal = self.body.get("Principal", {})
        if not isinstance(principal, Mapping):
            return [("AWS", text) for text in self.texts(principal)]
        return [(kind, text) for kind, values in principal.items() for text in self.texts(values)]

    @property
    def conditions(self) -> list[tuple[str, str, list[str]]]:
        """Its conditions: operator, key in lower case (IAM doesn't tell cases apart), values."""
        return [
            (operator, key.lower(), self.texts(values))
            for operator, keys in self.body.get("Condition", {}).items()
            for key, values in keys.items()
        ]

    def texts(self, values: Any) -> list[str]:
        """A value or a list of them as text: references as "${LogicalId}" or "${LogicalId.Arn}"."""
        return [text(value, self.templates) for value in (values if isinstance(values, list) else [values])]


def statements(templates: Templates) -> Iterator[Statement]:
    """Every statement: of identities, of trust, of resources; Lambda's permissions read as statements too."""
    for stack, template in templates.items():
        for id_, resource in template.get("Resources", {}).items():
            properties = resource.get("Properties", {})
            if resource["Type"] == LAMBDA_PERMISSION:
                properties = {"Permission": {"Statement": [_of_permission(properties)]}}
            for path, body in _within(properties, "", templates):
                yield Statement(
                    templates=templates, stack=stack, resource=id_, type=resource["Type"], path=path, body=body
                )


def text(value: Any, templates: Templates) -> str:
    """A template's value as one string; another stack's output as what that stack puts into it."""
    match value:
        case {"Ref": str(name)}:
            found = PSEUDO.get(name, f"${{{name}}}")
        case {"Fn::GetAtt": [str(id_), str(attribute)]}:
            found = f"${{{id_}.{attribute}}}"
        case {"Fn::Join": [str(separator), list(parts)]}:
            found = separator.join(text(part, templates) for part in parts)
        case {"Fn::Select": [int(index), {"Fn::Split": [str(), whole]}]}:
            found = f"{text(whole, templates)}[{index}]"
        case {"Fn::Sub": str(pattern)}:
            found = re.sub(r"\$\{(AWS::\w+)\}", lambda pseudo: PSEUDO[pseudo[1]], pattern)
        case {"Fn::GetStackOutput": _}:
            found = text(followed(value, "", templates)[0], templates)
        case str():
            found = value
        case _:
            found = json.dumps(value)
    return found


def followed(value: Any, stack: str, templates: Templates) -> tuple[Any, str]:
    """A value that `stack` uses, and the stack that it is of: another one where it is that one's output."""
    match value:
        case {"Fn::GetStackOutput": {"OutputName": str(name), "StackName": str(producer)}}:
            # Stacks are named "<project>-<environment>-<capability>"; here the capability is the key.
            (stack,) = (each for each in templates if producer.endswith(f"-{each.lower()}"))
            return followed(templates[stack]["Outputs"][name]["Value"], stack, templates)
    return value, stack


def _within(value: Any, path: str, templates: Templates) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every statement below `value`: a policy document is whatever has a `Statement`."""
    if isinstance(value, Mapping) and value.keys() & {"Fn::Join", "Fn::Sub"}:
        value = text(value, templates)
    if isinstance(value, str) and '"Statement"' in value:
        value = json.loads(value)  # some resources take their policy as text
    if isinstance(value, Mapping) and "Statement" in value:
        listed = value["Statement"] if isinstance(value["Statement"], list) else [value["Statement"]]
        for index, statement in enumerate(listed):
            yield f"{path}.Statement[{index}]", statement
    elif isinstance(value, Mapping):
        for name, below in value.items():
            yield from _within(below, f"{path}.{name}" if path else name, templates)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _within(below, f"{path}[{index}]", templates)


def _of_permission(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an AWS::Lambda::Permission comes to in the function's policy."""
    principal = properties["Principal"]
    service = isinstance(principal, str) and ".amazonaws.com" in principal
    keys = {"SourceAccount": "aws:SourceAccount", "SourceArn": "aws:SourceArn", "PrincipalOrgID": "aws:PrincipalOrgID"}
    return {
        "Effect": "Allow",
        "Principal": {"Service" if service else "AWS": principal},
        "Action": properties["Action"],
        "Resource": properties["FunctionName"],
        "Condition": {"ArnLike": {key: properties[name] for name, key in keys.items() if name in properties}},
    }
