"""What no policy of any environment may say, with the few exceptions by name, each with its reason."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from checks.permissions.statements import Statement, statements
from checks.templates import Templates

ACCOUNT = "<AccountId>"

# Keys that say on whose behalf a call is made, or to whom what is called belongs (IAM User Guide, "AWS global condition
# context keys"; AWS KMS Developer Guide, "AWS KMS condition keys").
PINS = frozenset(
    {
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:sourceorgid",
        "kms:calleraccount",
        # The encryption context names the resource that is encrypted, account included.
        "kms:encryptioncontext:aws:logs:arn",
        "kms:encryptioncontext:aws:events:event-bus:arn",
    }
)
# For the policy of an endpoint, whose callers sit in the VPC: they reach data of this account only.
PINS_OF_ENDPOINTS = PINS | {"aws:resourceaccount"}
# No "IfExists", "ForAllValues" or "Not...": those hold where the key is missing, or anything else.
PINNING_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
# In writing: neither a wildcard nor a reference.
SERVICE = r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?"


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A principal without a pin that may stay: on resources of that type, for one action, where `on` matches."""

    principal: str
    type: str
    action: str
    on: str = ""
    why: str

    def covers(self, statement: Statement, principal: str, action: str) -> bool:
        """Whether this is what the statement says."""
        same = (self.principal, self.type, self.action) == (principal, statement.type, action)
        return same and all(re.fullmatch(self.on, resource) for resource in statement.resources)


_ROLE = {"type": "AWS::IAM::Role", "action": "sts:AssumeRole"}
_PASSED = 'A role is passed within its own account only (IAM User Guide, "Grant a user permissions to pass a role"), '
_ENDPOINT = {"principal": "*", "type": "AWS::EC2::VPCEndpoint"}
_OF_AWS = "A bucket of AWS's own, which only AWS fills: it holds nothing of ours, and is named"
ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        principal="lambda.amazonaws.com", **_ROLE, why=_PASSED + "and Lambda's guide names no key to pin its role with"
    ),
    Accepted(
        principal="ec2.amazonaws.com",
        **_ROLE,
        why=_PASSED + "and EC2's guide names no key to pin an instance's role with",
    ),
    Accepted(
        principal="rds.amazonaws.com", **_ROLE, why=_PASSED + "and RDS Proxy's guide names no key to pin its role with"
    ),
    Accepted(
        principal="events.amazonaws.com",
        type="AWS::KMS::Key",
        action="kms:DescribeKey",
        on=r"\*",
        why="Asked when an archive is made, without any context; the answer is metadata of the key, and opens nothing",
    ),
    Accepted(
        principal="logdelivery.elasticloadbalancing.amazonaws.com",
        type="AWS::S3::BucketPolicy",
        action="s3:PutObject",
        on=r".*/AWSLogs/<AccountId>/\*",
        why="The path names the account, and Elastic Load Balancing writes no other account's logs there (User Guide "
        'for Application Load Balancers, "Enable access logs")',
    ),
    Accepted(
        **_ENDPOINT,
        action="s3:PutObject",
        on=r"arn:[^:]+:s3:::cloudformation-custom-resource-response-.+",
        why="CloudFormation's own bucket, where each answer goes to an address that it signed",
    ),
    Accepted(**_ENDPOINT, action="s3:GetObject", on=r"arn:[^:]+:s3:::al2023-repos-.+", why=_OF_AWS),
    Accepted(**_ENDPOINT, action="s3:GetObject", on=r"arn:[^:]+:s3:::amazon-ssm-.+", why=_OF_AWS),
    Accepted(**_ENDPOINT, action="s3:GetObject", on=r"arn:[^:]+:s3:::amazoncloudwatch-agent-.+", why=_OF_AWS),
    *(
        Accepted(
            **_ENDPOINT,
            action=f"cloudformation:{action}",
            on=r"\*",
            why="cfn-signal signs with the instance's identity instead of a role, which no key can name",
        )
        for action in ("SignalResource", "DescribeStackResource")
    ),
)


@dataclass(frozen=True, kw_only=True)
class Judge:
    """Judges the policies of one environment; `account` is its own where the templates have it in writing."""

    account: str | None = None

    def findings(self, templates: Templates) -> list[str]:
        """One line for each ban that a statement breaks: where it stands, what is wrong, and how to mend it."""
        return [
            f"{statement.at}: {finding}"
            for statement in statements(templates)
            if statement.allows
            for finding in self._of(statement)
        ]

    def _of(self, statement: Statement) -> Iterator[str]:
        yield from _open_ended(statement)
        yield from _wildcards(statement)
        yield from _passed_roles(statement)
        for kind, principal in statement.principals:
            match kind, principal:
                case "AWS", "*":
                    yield from self._anyone(statement)
                case "AWS", _:
                    yield from self._other_account(statement, principal)
                case "Service", _:
                    yield from self._service(statement, principal)
                case _:
                    yield (
                        f"{kind} principal {principal} is nobody of this account: "
                        "let people in through a role or Cognito, and services by their own name"
                    )

    def _anyone(self, statement: Statement) -> Iterator[str]:
        endpoint = statement.type == "AWS::EC2::VPCEndpoint"
        if not self._pinned(statement, PINS_OF_ENDPOINTS if endpoint else PINS) and not _accepted(statement, "*"):
            keys = ["aws:PrincipalAccount", "aws:PrincipalOrgID", *(["aws:ResourceAccount"] if endpoint else [])]
            yield (
                f"principal * lets every account in: name the role, pin it by {' or '.join(keys)}, "
                "or say in ACCEPTED (checks/permissions/bans.py) why it may stay"
            )

    def _other_account(self, statement: Statement, principal: str) -> Iterator[str]:
        if _refers_to(principal, "Arn", statement.templates) or principal in self._own():
            return
        if any(re.fullmatch(rf"arn:[^:]+:(iam|sts)::{re.escape(own)}:.+", principal) for own in self._own()):
            return
        yield f"principal {principal} is of another account: name a role of this one, or arn:…:iam::{ACCOUNT}:root"

    def _service(self, statement: Statement, service: str) -> Iterator[str]:
        if not self._pinned(statement, PINS) and not _accepted(statement, service):
            yield (
                f"{service} could be made to use this by another account (confused deputy): pin it by "
                "aws:SourceAccount or aws:SourceArn, or say in ACCEPTED (checks/permissions/bans.py) why it may stay"
            )

    def _pinned(self, statement: Statement, keys: frozenset[str]) -> bool:
        return any(
            operator in PINNING_OPERATORS
            and key in keys
            and all(self._names_us(value, statement.templates) for value in values)
            for operator, key, values in statement.conditions
        )

    def _names_us(self, value: str, templates: Templates) -> bool:
        """Whether a condition's value can't be true of another account: ours, our resource, or an organisation."""
        whose = value.split(":")[4] if value.startswith("arn:") and value.count(":") >= 5 else value
        if whose in self._own() or re.fullmatch(r"o-[a-z0-9]{10,32}", value):
            return True
        return _refers_to(value, r"(\w*Arn)?", templates)

    def _own(self) -> list[str]:
        return [ACCOUNT, *([self.account] if self.account else [])]


def unpinned(templates: Templates) -> Iterator[tuple[Statement, str, str]]:
    """Each statement with each principal and action that ACCEPTED may have to cover."""
    for statement in statements(templates):
        for _, principal in statement.principals:
            for action in statement.actions:
                yield statement, principal, action


def _accepted(statement: Statement, principal: str) -> bool:
    return all(any(each.covers(statement, principal, action) for each in ACCEPTED) for action in statement.actions)


def _refers_to(text: str, attribute: str, templates: Templates) -> bool:
    """Whether the text is such an attribute of a resource and nothing else: a parameter could be anybody's."""
    return any(
        reference.text == text and re.fullmatch(attribute, reference.attribute) for reference in templates.named(text)
    )


def _open_ended(statement: Statement) -> Iterator[str]:
    for name in ("NotAction", "NotResource", "NotPrincipal"):
        if name in statement.body:
            yield f"Allow with {name} opens whatever is added later: list what is allowed"


def _wildcards(statement: Statement) -> Iterator[str]:
    wild = [action for action in statement.actions if "*" in action or "?" in action]
    if wild and not _administers_the_key(statement):
        yield f"{', '.join(wild)} allows actions that nobody asked for: list those that are called"


def _administers_the_key(statement: Statement) -> bool:
    """The one wildcard: a key that its own account could not administer could never be changed or deleted.

    Source: AWS KMS Developer Guide, "Default key policy".
    """
    return (
        statement.type == "AWS::KMS::Key"
        and statement.actions == ["kms:*"]
        and all(kind == "AWS" and principal.endswith(":root") for kind, principal in statement.principals)
    )


def _passed_roles(statement: Statement) -> Iterator[str]:
    passes = any(re.fullmatch(_as_pattern(action), "iam:passrole") for action in statement.actions)
    if not passes:
        return
    if not _passed_to_services_in_writing(statement):
        yield (
            "iam:PassRole hands a role to any service: add StringEquals iam:PassedToService with the services in "
            "writing, such as scheduler.amazonaws.com"
        )
    if wild := [resource for resource in statement.resources if "*" in resource or "?" in resource]:
        yield f"iam:PassRole of {', '.join(wild)} passes every role that fits: name the role"


def _passed_to_services_in_writing(statement: Statement) -> bool:
    return any(
        operator in ("StringEquals", "StringLike")
        and key == "iam:passedtoservice"
        and bool(values)
        and all(re.fullmatch(SERVICE, value) for value in values)
        for operator, key, values in statement.conditions
    )


def _as_pattern(action: str) -> str:
    return re.escape(action.lower()).replace(r"\*", ".*").replace(r"\?", ".")
