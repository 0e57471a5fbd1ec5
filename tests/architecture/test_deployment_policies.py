"""The policies of `make bootstrap` suffice for what the templates need, and reach no further."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checks.changes.schemas import handler_permissions
from checks.patterns import covers
from checks.statements import statements
from config.bootstrap import BootstrapNames
from config.environments import DEV, PROD
from ops.environment.policies import (
    MAX_POLICIES_PER_ROLE,
    MAX_POLICY_CHARACTERS,
    Policies,
    _characters,
    _packed,
)
from tests.support.deployment.cases import CASES, FOREIGN, NAMES, with_bootstrap
from tests.support.deployment.requests import (
    ACTIONS,
    ARN,
    RESOURCES,
    arn,
    execution_role,
    resources_of,
)
from tests.support.synthesis import Synthesized

COMPONENTS = Path(__file__).parent.parent.parent / "components"
BOUNDARY_ARN = f"{ARN}iam::<AccountId>:policy/{NAMES.boundary}"
# Resources with prescribed names, which no other project has.
OF_THE_BOOTSTRAP_AND_AWS = [
    f"{ARN}s3:::cdk-{NAMES.qualifier}-assets-<AccountId>-<Region>/code.zip",
    f"{ARN}ssm:<Region>:<AccountId>:parameter/cdk-bootstrap/{NAMES.qualifier}/version",
    f"{ARN}ssm:<Region>::parameter/aws/service/ami-amazon-linux-latest/image",
    f"{ARN}iam::<AccountId>:role/aws-service-role/thing",
]
# What no schema describes.
CUSTOM = frozenset({"lambda:InvokeFunction"})
OWN_TAGS = {"aws:ResourceTag/Project": NAMES.project, "aws:ResourceTag/Environment": NAMES.environment}
FOREIGN_TAGS = {"aws:ResourceTag/Project": "other", "aws:ResourceTag/Environment": NAMES.environment}


def _entries(table: str) -> list[dict[str, Any]]:
    files = sorted(COMPONENTS.glob("*/deployment.toml"))
    return [entry for file in files for entry in tomllib.loads(file.read_text()).get(table, [])]


ALLOW, NEVER_CALLED = _entries("allow"), _entries("never_called")
ALLOWED = sorted({action for entry in ALLOW for action in entry["actions"]})
EXPLICIT = [action for action in ALLOWED if "*" not in action]


@cache
def needed(type_: str) -> frozenset[str]:
    """The actions that CloudFormation needs for a resource type."""
    return CUSTOM if type_.startswith("Custom::") else handler_permissions(type_)


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> Synthesized:
    return with_bootstrap(CASES[request.param])


def test_every_action_that_the_templates_need_is_allowed_or_known_to_be_never_called(case: Synthesized) -> None:
    resources = case.linked.resources()
    assert len(resources) > 50
    for type_ in sorted({resource["Type"] for resource in resources.values()}):
        assert needed(type_), f"no schema says what CloudFormation needs for {type_}"
        for action in sorted(needed(type_)):
            excluded = [entry for entry in NEVER_CALLED if action in entry["actions"]]
            assert excluded or _any_covers(ALLOWED, action), (
                f"CloudFormation needs {action} for {type_}: add it to the deployment.toml of the capability, under "
                "[[allow]], or under [[never_called]] with the reason"
            )
            assert not (excluded and action in ALLOWED), f"{action} is both allowed and never called"


def test_what_is_never_called_is_for_properties_that_no_template_has(case: Synthesized) -> None:
    present = {
        f"{resource['Type']}.{name}"
        for resource in case.linked.resources().values()
        for name in resource.get("Properties", {})
    }
    for entry in NEVER_CALLED:
        found = present.intersection(entry.get("without", []))
        assert not found, f"{', '.join(sorted(found))} needs {', '.join(entry['actions'])}: move them to [[allow]]"


def test_no_action_is_allowed_or_excluded_that_no_template_needs() -> None:
    types = {one["Type"] for case in CASES.values() for one in with_bootstrap(case).linked.resources().values()}
    known = frozenset().union(*(needed(type_) for type_ in types))
    for entry in NEVER_CALLED:
        unknown = set(entry["actions"]) - known
        assert not unknown, f"{', '.join(sorted(unknown))}: no template needs it any longer, delete it"
    for entry in ALLOW:
        unknown = {action for action in entry["actions"] if not _any_covers(known, action)}
        # No schema names what CloudFormation itself does, such as reading outputs of other stacks.
        assert not unknown or (unknown == set(entry["actions"]) and entry["why"]), (
            f"{', '.join(sorted(unknown))}: no template needs it any longer; delete it, or add an entry with a `why`"
        )


def test_every_allowed_action_works_on_resources_of_the_environment() -> None:
    """A wrong ARN, or a condition that the service doesn't know, would never match."""
    problems = []
    for action in EXPLICIT:
        all_of, some_of = resources_of(action)
        problems += [f"{action} on {one}" for one in all_of if not _works(action, one)]
        if not all_of and not any(_works(action, one) for one in some_of or ["*"]):
            problems.append(f"{action} on {' or '.join(some_of) or '*'}")
    assert not problems, f"AWS checks these, and no statement allows them: {problems}"


def test_an_action_that_changes_something_is_refused_for_resources_of_others() -> None:
    problems = []
    for action in EXPLICIT:
        excused = any(action in entry["actions"] and "anywhere" in entry for entry in ALLOW)
        if excused or not ACTIONS[action].get("writes"):
            continue
        all_of, some_of = resources_of(action)
        checked = [one for one in [*all_of, *some_of] or ["*"] if _works(action, one)]
        # One refusal is enough if AWS checks all of them for one request.
        reached = [one for one in checked if _works(action, one, foreign=True)]
        if len(reached) == len(checked) if all_of else reached:
            problems.append(f"{action} on {', '.join(reached)}")
    assert not problems, f"allowed on resources of others; limit them, or say why in `anywhere`: {problems}"


def test_a_role_can_be_passed_to_the_services_that_templates_name_and_no_others(case: Synthesized) -> None:
    role, own = execution_role(NAMES), f"{ARN}iam::<AccountId>:role/{NAMES.prefix}thing"
    trusted = {name for one in statements(case.linked) if one.is_trust for name in one.principals.patterns}
    assert "lambda.amazonaws.com" in trusted
    for service in trusted:
        assert role.may("iam:PassRole", own, {"iam:PassedToService": service}), service
    for service in ("ecs-tasks.amazonaws.com", "cloudformation.amazonaws.com", "glue.amazonaws.com"):
        assert not role.may("iam:PassRole", own, {"iam:PassedToService": service}), service


REFUSED: dict[str, tuple[str, str, Mapping[str, str]]] = {
    "a user": ("iam:CreateUser", f"{ARN}iam::<AccountId>:user/{NAMES.prefix}eve", {}),
    "an access key": ("iam:CreateAccessKey", f"{ARN}iam::<AccountId>:user/{NAMES.prefix}eve", {}),
    "a role without a boundary": ("iam:CreateRole", f"{ARN}iam::<AccountId>:role/{NAMES.prefix}eve", {}),
    "a role with another boundary": (
        "iam:CreateRole",
        f"{ARN}iam::<AccountId>:role/{NAMES.prefix}eve",
        {"iam:PermissionsBoundary": f"{ARN}iam::<AccountId>:policy/{NAMES.prefix}eve"},
    ),
    "a policy for a role without a boundary": (
        "iam:PutRolePolicy",
        f"{ARN}iam::<AccountId>:role/{NAMES.prefix}eve",
        {},
    ),
    "AdministratorAccess": (
        "iam:AttachRolePolicy",
        f"{ARN}iam::<AccountId>:role/{NAMES.prefix}eve",
        {"iam:PermissionsBoundary": BOUNDARY_ARN, "iam:PolicyARN": f"{ARN}iam::aws:policy/AdministratorAccess"},
    ),
    "a role without its boundary": (
        "iam:DeleteRolePermissionsBoundary",
        f"{ARN}iam::<AccountId>:role/{NAMES.prefix}eve",
        {"iam:PermissionsBoundary": BOUNDARY_ARN},
    ),
    "another boundary": ("iam:CreatePolicyVersion", BOUNDARY_ARN, {}),
    "wider policies of its own": (
        "iam:CreatePolicyVersion",
        f"{ARN}iam::<AccountId>:policy/{NAMES.execution_policy(1)}",
        {},
    ),
    "another role of the bootstrap": (
        "sts:AssumeRole",
        f"{ARN}iam::<AccountId>:role/cdk-{NAMES.qualifier}-deploy-role-<AccountId>-<Region>",
        {},
    ),
    "the common bootstrap's role": (
        "iam:PassRole",
        f"{ARN}iam::<AccountId>:role/cdk-hnb659fds-cfn-exec-role-<AccountId>-<Region>",
        {"iam:PassedToService": "lambda.amazonaws.com"},
    ),
    "an instance without a launch template": ("ec2:RunInstances", f"{ARN}ec2:<Region>:<AccountId>:instance/i-0", {}),
    "the key of another project": (
        "kms:ScheduleKeyDeletion",
        f"{ARN}kms:<Region>:<AccountId>:key/0123",
        FOREIGN_TAGS,
    ),
    "a key without tags": ("kms:ScheduleKeyDeletion", f"{ARN}kms:<Region>:<AccountId>:key/0123", {}),
    "the VPC of another environment": (
        "ec2:DeleteVpc",
        f"{ARN}ec2:<Region>:<AccountId>:vpc/vpc-0",
        {**OWN_TAGS, "aws:ResourceTag/Environment": "prod"},
    ),
    "the bucket of another project": ("s3:DeleteBucket", f"{ARN}s3:::{FOREIGN}bucket", {}),
    "a bucket of another environment": ("s3:PutBucketPolicy", f"{ARN}s3:::acme-prod-bucket", {}),
    "files": ("s3:GetObject", f"{ARN}s3:::{NAMES.prefix}bucket/incoming/orders.csv", {}),
    "the function of another project": (
        "lambda:UpdateFunctionCode",
        f"{ARN}lambda:<Region>:<AccountId>:function:{FOREIGN}thing",
        {},
    ),
    "a database password": (
        "secretsmanager:GetSecretValue",
        f"{ARN}secretsmanager:<Region>:<AccountId>:secret:rds!",
        {},
    ),
    "the organization": ("organizations:LeaveOrganization", "*", {}),
    "the audit trail": ("cloudtrail:StopLogging", f"{ARN}cloudtrail:<Region>:<AccountId>:trail/main", {}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_deployment_is_refused(what: str) -> None:
    action, resource, context = REFUSED[what]
    assert not execution_role(NAMES).may(action, resource, context), f"a deployment may do {action} on {resource}"


def test_a_deployment_may_make_a_role_with_the_boundary() -> None:
    resource = f"{ARN}iam::<AccountId>:role/{NAMES.prefix}thing"
    assert execution_role(NAMES).may("iam:CreateRole", resource, {"iam:PermissionsBoundary": BOUNDARY_ARN})


@pytest.mark.parametrize("project", ["acme", "a" * 20])
def test_the_policies_fit_into_the_quotas_of_iam(project: str) -> None:
    policies = Policies(names=BootstrapNames(project=project, environment="staging"))
    packed = _packed(policies.execution())
    assert len(packed) <= MAX_POLICIES_PER_ROLE
    assert all(_characters(statements) <= MAX_POLICY_CHARACTERS for statements in [*packed, policies.boundary()])
    assert [statement for policy in packed for statement in policy] == policies.execution()


def test_environments_that_share_an_account_have_bootstraps_apart() -> None:
    one, other = DEV.bootstrap_names, PROD.bootstrap_names
    assert one.qualifier != other.qualifier
    assert len(one.qualifier) == 10
    for names in (one, other):
        made = (names.boundary, names.execution_policy(1), names.toolkit_stack, names.policies_stack)
        assert not any(name.startswith((one.prefix, other.prefix)) for name in made), "a deployment could change them"


def _any_covers(patterns: Any, action: str) -> bool:
    return any(covers(pattern.lower(), action.lower()) for pattern in patterns)


def _works(action: str, resource: str, *, foreign: bool = False) -> bool:
    """Whether the action is allowed on a resource of the environment, or a `foreign` one: with its tags, or new."""
    role, known = execution_role(NAMES), (*ACTIONS[action].get("keys", []), "aws:RequestTag")
    if RESOURCES.get(resource, {}).get("tags"):
        known += ("aws:ResourceTag",)
    name = FOREIGN if foreign else NAMES.prefix
    arns = ["*"] if resource == "*" else [arn(resource, name=name), *([] if foreign else OF_THE_BOOTSTRAP_AND_AWS)]
    contexts = [
        {
            one.key: one.values[0].replace(NAMES.prefix, name)
            for one in statement.conditions
            if one.operator != "Null" and one.key.startswith(known)
        }
        for statement in role.statements
        if statement.allow and _any_covers(statement.actions.patterns, action)
    ]
    return any(
        role.may(action, one, {**context, **(FOREIGN_TAGS if foreign else {})}) for one in arns for context in contexts
    )
