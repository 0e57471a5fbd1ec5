"""Finds every statement of every policy in the templates of an environment, wherever a resource keeps one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.policies import documents
from checks.templates import Place, Templates

LAMBDA_PERMISSION = "AWS::Lambda::Permission"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement: the resource that holds it, the property that leads to it, and what it says."""

    templates: Templates
    place: Place
    type: str
    path: str
    body: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it opens something."""
        return bool(self.body.get("Effect") == "Allow")

    @property
    def is_trust(self) -> bool:
        """Whether it says who takes a role on, rather than what somebody may do."""
        return self.path.startswith("AssumeRolePolicyDocument.")

    @property
    def at(self) -> str:
        """Where it stands, for messages."""
        sid = f' "{self.body["Sid"]}"' if "Sid" in self.body else ""
        return f"{self.place} ({self.type}), {self.path}{sid}"

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
        """A value or a list of them as text."""
        listed = values if isinstance(values, list) else [values]
        return [self.templates.text(value, self.place.stack) for value in listed]


def statements(templates: Templates) -> Iterator[Statement]:
    """Every statement: of identities, of trust, of resources; Lambda's permissions read as statements too."""
    for place, resource in templates.resources().items():
        properties = resource.get("Properties", {})
        if resource["Type"] == LAMBDA_PERMISSION:
            properties = {"Permission": {"Statement": [_of_permission(properties)]}}
        for path, document in documents(templates, properties, place.stack):
            listed = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
            for index, body in enumerate(listed):
                at = f"{path}.Statement[{index}]"
                yield Statement(templates=templates, place=place, type=resource["Type"], path=at, body=body)


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
