"""Each role may do what it needs and no more, on a local cloud that enforces IAM. See docs/permissions.md."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from checks.permissions.grants import grants
from checks.permissions.reasons import FUNCTIONS, LAMBDA, Proof
from local_cloud.cloud import LocalCloud
from local_cloud.emulator.settings import ACCOUNT, REGION
from tests.support.orders import drop, loaded_orders, wait_for
from tests.support.permissions import REASONS
from tests.support.privileges.calls import Call
from tests.support.privileges.identities import Deployed, StandIn, refusal
from tests.support.privileges.proofs import CALLS, SCENARIOS
from tests.support.synthesis import LOCAL, synthesize

pytestmark = pytest.mark.slow

LOGINS = {reason.role: reason.on for reason in REASONS.reasons if reason.proof is Proof.SIMULATOR}


@pytest.fixture(scope="module")
def deployed(local_cloud: LocalCloud) -> Iterator[Deployed]:
    """The deployed stacks. Afterwards the same roles must exist, with the same policies."""
    deployed = Deployed.of(local_cloud)
    before = deployed.held()
    yield deployed
    assert deployed.held() == before


def test_the_roles_match_the_templates(deployed: Deployed) -> None:
    """The reasons cover the templates, so no role can be left out here."""
    found = {(role, action) for role in deployed.roles for action in deployed.allowed(role)}
    expected = {(grant.role, grant.action) for grant in grants(synthesize(LOCAL).linked, managed=REASONS.managed)}
    assert found == expected, sorted(found ^ expected)


def test_a_file_is_loaded_while_iam_is_enforced(deployed: Deployed) -> None:
    with deployed.stand_in("DefaultSecurityGroup") as nobody, pytest.raises(ClientError) as error:
        nobody.client("s3").list_buckets()
    assert "s3:ListAllMyBuckets" in refusal(error.value)
    dropped = drop(deployed.cloud)
    assert wait_for(deployed.cloud, dropped)["status"] == "loaded"
    assert loaded_orders(deployed.cloud, dropped) == dropped.order_ids


@pytest.mark.parametrize(("role", "action"), SCENARIOS)
def test_without_the_action_the_platform_fails(deployed: Deployed, role: str, action: str) -> None:
    scenario, complaint = SCENARIOS[role, action]
    with scenario(deployed) as attempt:
        with deployed.without(deployed.roles[role], action):
            said = attempt()
        assert complaint in said, f"{role} works without {action}: is it needed?"
        assert attempt() == ""


@pytest.mark.parametrize(("role", "action"), CALLS)
def test_a_stand_in_for_a_role_is_denied_without_the_action_and_on_other_resources(
    deployed: Deployed, role: str, action: str
) -> None:
    call = CALLS[role, action]
    own = call.own(deployed)
    for name in _members(deployed, role, action):
        with deployed.stand_in(name) as who:
            assert _refusal(call, who, own) == "", f"{name} may not do {action} on {own}"
            with deployed.without(who.role, action):
                assert action in _refusal(call, who, own), (
                    f"{name} may still do {action} on {own} without this action in its policies"
                )
            for neighbour in (find(deployed) for find in call.beyond):
                assert action in _refusal(call, who, neighbour), f"{name} may also do {action} on {neighbour}"


@pytest.mark.parametrize("role", LOGINS)
def test_a_role_logs_in_to_the_database_only_as_itself(deployed: Deployed, role: str) -> None:
    iam, action = deployed.client("iam"), "rds-db:connect"
    (instance,) = deployed.client("rds").describe_db_instances(
        DBInstanceIdentifier=deployed.named("DatabaseServerInstance")
    )["DBInstances"]

    def may(user: str, database: str) -> bool:
        answer = iam.simulate_principal_policy(
            PolicySourceArn=iam.get_role(RoleName=deployed.roles[role])["Role"]["Arn"],
            ActionNames=[action],
            ResourceArns=[f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{database}{user}"],
        )
        return [each["EvalDecision"] for each in answer["EvaluationResults"]] == ["allowed"]

    own, database = LOGINS[role], instance["DbiResourceId"]
    others = [user for user in (*LOGINS.values(), "/postgres") if user != own and may(user, database)]
    assert not others, f"{role} may also log in as {others}"
    assert not may(own, "db-ANOTHER"), f"{role} may log in to another database"
    assert may(own, database), f"{role} may not log in"
    with deployed.without(deployed.roles[role], action):
        assert not may(own, database), f"{role} may still log in without {action} in its policies"


def _refusal(call: Call, who: StandIn, where: str) -> str:
    """IAM's message if it denied the call, otherwise an empty text."""
    try:
        made = call.make(who, where)
    except ClientError as error:
        return refusal(error)
    call.undo(who.deployed, where, made)
    return ""


def _members(deployed: Deployed, role: str, action: str) -> list[str]:
    """The role itself, or for FUNCTIONS the names of the functions that may perform the action."""
    if role != FUNCTIONS:
        return [role]
    members = [name for name in deployed.functions() if action in deployed.allowed(name)]
    granted = grants(synthesize(LOCAL).linked, managed=REASONS.managed)
    assert set(members) == {grant.role for grant in granted if (grant.service, grant.action) == (LAMBDA, action)}
    return members
