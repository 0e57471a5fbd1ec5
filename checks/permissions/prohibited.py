"""Finds prohibited statements: wildcard actions, principals of other accounts, services without a condition."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.patterns import covers
from checks.statements import ENDPOINT, Statement, statements
from checks.templates import Templates

ACCOUNT = "<AccountId>"

# These condition keys name the caller, or the account or resource for which a service makes the call
# (IAM User Guide, "AWS global condition context keys"; AWS KMS Developer Guide, "AWS KMS condition keys").
ACCOUNT_KEYS = frozenset(
    {
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:sourceorgid",
        "kms:calleraccount",
        # The encryption context names the encrypted resource, with its account.
        "kms:encryptioncontext:aws:logs:arn",
        "kms:encryptioncontext:aws:events:event-bus:arn",
    }
)
# Only callers in the VPC reach a VPC endpoint. So a condition on the owner of the called resource is enough there.
ENDPOINT_KEYS = ACCOUNT_KEYS | {"aws:resourceaccount"}
# Operators with "IfExists", "ForAllValues" or "Not" are not strict: their conditions also hold if the key is missing or
# has another value.
STRICT_OPERATORS = frozenset({"StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"})
# A service principal that contains no wildcard and no reference.
SERVICE = r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?"


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """Exempts a principal from the condition on the account, for some actions in policies of one resource type.

    Each resource of the statement must match the regular expression `on`.
    """

    principal: str
    type: str
    actions: tuple[str, ...]
    on: str = ""
    why: str
    source: str = ""

    def covers(self, statement: Statement, principal: str, action: str) -> bool:
        """Whether the exemption applies to this principal and action of the statement."""
        same = (self.principal, self.type) == (principal, statement.type) and action in self.actions
        return same and all(re.fullmatch(self.on, resource) for resource in statement.resources.patterns)


@dataclass(frozen=True, kw_only=True)
class Prohibitions:
    """Checks the policies of one environment; `account` is its account id, if the templates contain it."""

    templates: Templates
    exemptions: Sequence[Exemption] = ()
    account: str | None = None

    def findings(self) -> list[str]:
        """Returns one line for each violation: the location, the problem and the fix."""
        return [
            f"{statement.location}: {finding}"
            for statement in statements(self.templates)
            if statement.allow
            for finding in self._statement_findings(statement)
        ]

    def _statement_findings(self, statement: Statement) -> Iterator[str]:
        yield from _inverted(statement)
        yield from _wildcards(statement)
        yield from _passed_roles(statement)
        if statement.principals.inverted:
            return
        for type_, principal in zip(statement.principal_types, statement.principals.patterns, strict=True):
            match type_, principal:
                case "AWS", "*":
                    yield from self._wildcard_principal(statement)
                case "AWS", _:
                    yield from self._account_principal(principal)
                case "Service", _:
                    yield from self._service_principal(statement, principal)
                case "Federated", _ if self._is_own_provider(principal):
                    yield from _unlimited_tokens(statement, principal)
                case _:
                    yield (
                        f"{type_} principal {principal} is outside this account: "
                        "admit people through a role or Cognito, and services by their service principal"
                    )

    def _wildcard_principal(self, statement: Statement) -> Iterator[str]:
        endpoint = statement.type == ENDPOINT
        keys = ENDPOINT_KEYS if endpoint else ACCOUNT_KEYS
        if not self._limited_to_account(statement, keys) and not self._is_exempt(statement, "*"):
            names = ["aws:PrincipalAccount", "aws:PrincipalOrgID", *(["aws:ResourceAccount"] if endpoint else [])]
            yield (
                f"principal * admits every account: name the role, add a condition on {' or '.join(names)}, "
                "or add an exemption with its reason"
            )

    def _account_principal(self, principal: str) -> Iterator[str]:
        if self._refers_to(principal, "Arn") or principal in self._own_ids():
            return
        if any(re.fullmatch(rf"arn:[^:]+:(iam|sts)::{re.escape(own)}:.+", principal) for own in self._own_ids()):
            return
        yield f"principal {principal} is of another account: name a role of this account, or arn:…:iam::{ACCOUNT}:root"

    def _service_principal(self, statement: Statement, service: str) -> Iterator[str]:
        if not self._limited_to_account(statement, ACCOUNT_KEYS) and not self._is_exempt(statement, service):
            yield (
                f"another account could make {service} use this permission (confused deputy): add a condition on "
                "aws:SourceAccount or aws:SourceArn, or add an exemption with its reason"
            )

    def _is_own_provider(self, principal: str) -> bool:
        """Whether it is an OpenID Connect provider of this account."""
        return self._refers_to(principal, "Arn") or any(
            re.fullmatch(rf"arn:[^:]+:iam::{re.escape(own)}:oidc-provider/.+", principal) for own in self._own_ids()
        )

    def _is_exempt(self, statement: Statement, principal: str) -> bool:
        return all(
            any(exemption.covers(statement, principal, action) for exemption in self.exemptions)
            for action in statement.actions.patterns
        )

    def _limited_to_account(self, statement: Statement, keys: frozenset[str]) -> bool:
        return any(
            condition.operator in STRICT_OPERATORS
            and condition.key.lower() in keys
            and all(self._belongs_to_account(value) for value in condition.values)
            for condition in statement.conditions
        )

    def _belongs_to_account(self, value: str) -> bool:
        """Whether the condition's value names this account, a resource of this account, or an organization."""
        account = value.split(":")[4] if value.startswith("arn:") and value.count(":") >= 5 else value
        if account in self._own_ids() or re.fullmatch(r"o-[a-z0-9]{10,32}", value):
            return True
        return self._refers_to(value, r"(\w*Arn)?")

    def _refers_to(self, text: str, attribute: str) -> bool:
        """Whether `text` is exactly one reference to a resource, and `attribute` matches the reference's attribute.

        A parameter doesn't count, because the value of a parameter could name another account.
        """
        return any(
            reference.text == text and re.fullmatch(attribute, reference.attribute)
            for reference in self.templates.named(text)
        )

    def _own_ids(self) -> list[str]:
        return [ACCOUNT, *([self.account] if self.account else [])]


def principals(templates: Templates) -> Iterator[tuple[Statement, str, str]]:
    """Yields every combination of a statement, a principal and an action. Exemptions apply to such combinations."""
    for statement in statements(templates):
        for principal in statement.principals.patterns:
            for action in statement.actions.patterns:
                yield statement, principal, action


def _inverted(statement: Statement) -> Iterator[str]:
    for name, element in statement.elements.items():
        if element.inverted:
            yield f"Allow with Not{name} also allows whatever is added later: list what is allowed"


def _wildcards(statement: Statement) -> Iterator[str]:
    wild = [action for action in statement.actions.patterns if "*" in action or "?" in action]
    if wild and not statement.actions.inverted and not _is_default_key_policy(statement):
        yield f"{', '.join(wild)} allows actions that are never called: list only the actions that are called"


def _is_default_key_policy(statement: Statement) -> bool:
    """Whether the statement gives this account every permission on a key of this account.

    No other wildcard is allowed. Without this statement, a mistake in the key's policy could lock everybody out.

    Source: AWS KMS Developer Guide, "Default key policy".
    """
    return (
        statement.type == "AWS::KMS::Key"
        and statement.actions.patterns == ("kms:*",)
        and set(statement.principal_types) == {"AWS"}
        and all(principal.endswith(":root") for principal in statement.principals.patterns)
    )


def _passed_roles(statement: Statement) -> Iterator[str]:
    if not any(covers(action.lower(), "iam:passrole") for action in statement.actions.patterns):
        return
    if not _lists_services(statement):
        yield (
            "iam:PassRole passes a role to any service: add StringEquals iam:PassedToService with the services "
            "written out, such as scheduler.amazonaws.com"
        )
    if wild := [resource for resource in statement.resources.patterns if "*" in resource or "?" in resource]:
        yield f"iam:PassRole of {', '.join(wild)} passes every role that matches: name the role"


def _unlimited_tokens(statement: Statement, provider: str) -> Iterator[str]:
    """A provider such as GitHub's issues tokens to everybody. A pattern could match the subjects of others.

    Source: IAM User Guide, "Create a role for OpenID Connect federation".
    """
    exact = {condition.key for condition in statement.conditions if condition.operator == "StringEquals"}
    issuers = {key.removesuffix(":sub") for key in exact if key.endswith(":sub")}
    if not any(f"{issuer}:aud" in exact for issuer in issuers):
        yield (
            f"the provider {provider} also issues tokens to others: add StringEquals on <issuer>:aud and <issuer>:sub, "
            "with the whole subject"
        )


def _lists_services(statement: Statement) -> bool:
    return any(
        condition.operator in ("StringEquals", "StringLike")
        and condition.key.lower() == "iam:passedtoservice"
        and bool(condition.values)
        and all(re.fullmatch(SERVICE, value) for value in condition.values)
        for condition in statement.conditions
    )
