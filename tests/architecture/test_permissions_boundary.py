"""Each role has the boundary of `make bootstrap`, which allows what the role's policies allow, and little more."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from checks.permissions.reasons import read
from checks.statements import IDENTITY_POLICIES, ROLE, Statement, statements
from checks.templates import REFERENCE
from config.bootstrap import DEFAULT_QUALIFIER, OwnBootstrap
from config.environments import DEV, PROD, STAGING
from config.model import Environment
from ops.environment.policies import deployed_by_people
from tests.support.deployment.cases import CASES, FOREIGN, NAMES, with_bootstrap
from tests.support.deployment.requests import ARN, boundary
from tests.support.permissions import FILES
from tests.support.synthesis import Synthesized, synthesize
from tests.support.variants import unusual


@pytest.fixture(params=CASES, scope="module")
def case(request: pytest.FixtureRequest) -> Synthesized:
    return with_bootstrap(CASES[request.param])


@pytest.mark.parametrize(
    "environment",
    [PROD, STAGING, DEV, replace(DEV, bootstrap=OwnBootstrap()), *unusual().values()],
    ids=["prod", "staging", "dev", "dev with its own", *unusual()],
)
def test_every_role_has_the_boundary_of_an_own_bootstrap_and_none_that_is_missing(environment: Environment) -> None:
    linked = with_bootstrap(environment).linked
    for id_ in linked.resources(ROLE):
        found = linked.text(linked.properties(id_).get("PermissionsBoundary", "none"), id_.stack).rpartition("/")[2]
        own = isinstance(environment.bootstrap, OwnBootstrap)
        assert found == (environment.bootstrap_names.boundary if own else "none"), f"{id_} has the boundary {found}"


def test_only_roles_of_capabilities_that_people_deploy_have_no_boundary() -> None:
    """The boundary is the sum of what the others do."""
    people = deployed_by_people()
    apart = {each.role for each in read(file for file in FILES if file.parent in people).reasons}
    for name, environment in CASES.items():
        complete, limited = synthesize(environment), with_bootstrap(environment)
        for id_ in complete.linked.resources(ROLE):
            by_people = any(id_.logical_id.startswith(role) for role in apart)
            assert by_people == (id_.stack not in limited.templates), (
                f"{id_} of {name}: see components/*/deployment.toml"
            )


def test_a_role_may_do_within_the_boundary_all_that_its_policies_allow(case: Synthesized) -> None:
    limit = boundary(case.environment.bootstrap_names)
    for statement in statements(case.linked):
        if statement.type in (ROLE, *IDENTITY_POLICIES) and not statement.is_trust:
            for action, resource in _parts(statement, case):
                assert limit.may(action, resource), f"the boundary refuses {action} on {resource}"


def test_the_boundary_allows_what_attached_policies_of_aws_allow() -> None:
    people = deployed_by_people()
    limited = read(file for file in FILES if file.parent not in people).managed_policies
    assert limited
    for policy in limited:
        for action in policy.actions:
            assert boundary(NAMES).may(action, f"{ARN}logs:<Region>:<AccountId>:log-group:RDSOSMetrics"), action


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateRole", f"{ARN}iam::<AccountId>:role/{NAMES.prefix}eve"),
        ("iam:PassRole", f"{ARN}iam::<AccountId>:role/{NAMES.prefix}eve"),
        ("sts:AssumeRole", f"{ARN}iam::<AccountId>:role/cdk-{NAMES.qualifier}-deploy-role-<AccountId>-<Region>"),
        ("organizations:LeaveOrganization", "*"),
        ("s3:GetObject", f"{ARN}s3:::{FOREIGN}bucket/secret"),
        ("s3:DeleteBucket", f"{ARN}s3:::{NAMES.prefix}bucket"),
        ("sqs:ReceiveMessage", f"{ARN}sqs:<Region>:<AccountId>:{FOREIGN}queue"),
        ("lambda:InvokeFunction", f"{ARN}lambda:<Region>:<AccountId>:function:{FOREIGN}thing"),
        ("lambda:UpdateFunctionCode", f"{ARN}lambda:<Region>:<AccountId>:function:{NAMES.prefix}thing"),
        ("secretsmanager:GetSecretValue", f"{ARN}secretsmanager:<Region>:<AccountId>:secret:{FOREIGN}secret"),
        ("ec2:RunInstances", f"{ARN}ec2:<Region>:<AccountId>:instance/i-0"),
    ],
)
def test_no_role_may_go_beyond_the_boundary_whatever_its_policies_allow(action: str, resource: str) -> None:
    assert not boundary(NAMES).may(action, resource), f"a role may do {action} on {resource}"


def test_a_role_acts_in_its_region_only() -> None:
    limit, queue = boundary(NAMES), f"{ARN}sqs:<Region>:<AccountId>:{NAMES.prefix}queue"
    assert limit.may("sqs:SendMessage", queue)
    assert not limit.may("sqs:SendMessage", queue, {"aws:RequestedRegion": "eu-west-1"})


# ARNs of resources that policies of roles name, after the prefix.
_OWN_ARNS = {
    "AWS::S3::Bucket": "s3:::{name}",
    "AWS::SQS::Queue": "sqs:<Region>:<AccountId>:{name}",
    "AWS::SNS::Topic": "sns:<Region>:<AccountId>:{name}",
    "AWS::Lambda::Function": "lambda:<Region>:<AccountId>:function:{name}",
    "AWS::KMS::Key": "kms:<Region>:<AccountId>:key/0123",
    "AWS::Logs::LogGroup": "logs:<Region>:<AccountId>:log-group:{name}:*",
}


def _parts(statement: Statement, synthesized: Synthesized) -> Iterator[tuple[str, str]]:
    """Each action and resource of a statement, with ARNs as they are after the deployment."""
    environment, linked = synthesized.environment, synthesized.linked
    name = f"{environment.bootstrap_names.prefix}thing"
    known = {
        environment.account or "<AccountId>": "<AccountId>",
        environment.region or "<Region>": "<Region>",
        # With the common bootstrap, roles have no boundary.
        DEFAULT_QUALIFIER: environment.bootstrap_names.qualifier,
    }

    def resolved(found: re.Match[str]) -> str:
        (reference,) = linked.named(found[0])
        if reference.attribute == "MasterUserSecret.SecretArn":
            return f"{ARN}secretsmanager:<Region>:<AccountId>:secret:rds!db-1"
        if reference.attribute == "Arn":
            own = _OWN_ARNS[linked.resource(reference.resource_id)["Type"]]
            return ARN + own.format(name=name)
        return "0123"

    for action in statement.actions.patterns:
        for resource in statement.resources.patterns:
            own = REFERENCE.sub(resolved, resource).replace("arn:aws:", ARN)
            for value, placeholder in known.items():
                own = own.replace(value, placeholder)
            yield action, own
