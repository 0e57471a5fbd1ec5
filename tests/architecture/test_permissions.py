"""No policy contains what is prohibited; each role may do only what has a reason, and docs/permissions.md shows it."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from checks.permissions.grants import Grant, grants, role_name
from checks.permissions.page import markdown
from checks.permissions.prohibited import Prohibitions, principals
from checks.permissions.reasons import Proof
from checks.statements import outside_policies, statements
from config.environments import DEV
from config.network import InterfaceEndpoint, NoNat
from tests.support.databases import VARIANTS as DATABASES
from tests.support.permissions import REASONS
from tests.support.privileges.proofs import CALLS, SCENARIOS
from tests.support.synthesis import ENVIRONMENTS, Synthesized, shipped, synthesize
from tests.support.variants import unusual, variants

PAGE = Path(__file__).parent.parent.parent / "docs" / "permissions.md"
OTHERS = {
    "prod on Aurora": DATABASES["prod on Aurora"],
    "dev without NAT": replace(
        DEV, network=replace(DEV.network, nat=NoNat(), interface_endpoints=frozenset(get_args(InterfaceEndpoint)))
    ),
    **variants(),
    **unusual(),
}
CASES = (*ENVIRONMENTS, *OTHERS)
SHOWN = ("prod", "dev")  # the flow log of dev has a role, that of prod has none
INTRODUCTION = """
# Permissions

What each role may do, and why, from the synthesized templates and `components/*/permissions.toml`. `make snapshots`
writes this page. A test fails if it is out of date, if a role may do something without a reason, or if a reason is
unused. A permission counts in each policy that gives it: a policy of the role, or that of a resource (queue, bucket,
key, function) that names the role. `checks/permissions/prohibited.py` defines what no policy may contain, and who may
assume a role; `permissions.toml` has the exemptions.

`make test-slow` deploys everything to a local cloud that enforces IAM, and removes each action from its role:

| Proof | What is shown |
|---|---|
| Platform | The deployed code fails without the action and works with it |
| Stand-in | AWS makes the call with the role. Another role with its policies is denied without the action |
| Simulator | The emulator doesn't check the action; its policy simulator does, and denies it without the action |
| Document | The local cloud can't show it, for the reason given; AWS's documentation does |

The first three also show that neighbours (another prefix, bucket, queue, function, secret, group or database user) are
denied.
"""


@cache
def synthesized(case: str) -> Synthesized:
    return shipped(case) if case in ENVIRONMENTS else synthesize(OTHERS[case])


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Synthesized:
    """Each shipped environment, and variants with what no shipped one uses."""
    return synthesized(request.param)


def test_no_policy_contains_what_is_prohibited(case: Synthesized) -> None:
    assert len(list(statements(case.linked))) > 30
    account = case.environment.account
    findings = Prohibitions(templates=case.linked, exemptions=REASONS.exemptions, account=account).findings()
    assert not findings, "\n".join(findings)


def test_every_role_may_do_only_what_has_a_reason(case: Synthesized) -> None:
    found = grants(case.linked, managed=REASONS.managed)
    assert {"Ingestion", "SchemaMigration", "DefaultSecurityGroup"} <= {grant.role for grant in found}
    without_reason = [grant for grant in found if not REASONS.of(grant)]
    assert not without_reason, "\n".join(map(_remedy, without_reason))
    ambiguous = [f"{grant.role}, {grant.action}" for grant in found if len(REASONS.of(grant)) > 1]
    assert not ambiguous, f"{ambiguous} need one reason each: distinguish them by `on` in permissions.toml"


def test_no_reason_is_unused() -> None:
    found = [grant for case in CASES for grant in grants(synthesized(case).linked, managed=REASONS.managed)]
    for reason in REASONS.reasons:
        for action in reason.actions:
            covered = [grant for grant in found if reason.covers(grant) and grant.action == action]
            assert covered, f"{reason.role} no longer has {action}: delete the reason from its permissions.toml"


def test_only_the_listed_roles_attach_policies_of_aws() -> None:
    attached = {
        (role_name(role.logical_id), arn.rpartition("/")[2])
        for case in CASES
        for role, arn in outside_policies(synthesized(case).linked)
    }
    assert attached == {(each.role, each.policy) for each in REASONS.managed_policies}


def test_every_permission_that_counts_as_proved_has_a_proof() -> None:
    """Privilege tests prove it in `make test-slow`. This test finds a missing proof without an emulator."""
    known = {
        proof: {(each.role, a) for each in REASONS.reasons if each.proof is proof for a in each.actions}
        for proof in Proof
    }
    platform, denied = known[Proof.PLATFORM], known[Proof.PLATFORM] | known[Proof.STAND_IN]
    where = "either in a permissions.toml or in tests/integration/privileges, but not in both"
    assert SCENARIOS.keys() == platform, f"{sorted(SCENARIOS.keys() ^ platform)} {where}"
    assert CALLS.keys() == denied, f"{sorted(CALLS.keys() ^ denied)} {where}"


def test_no_exemption_is_unused() -> None:
    found = [each for case in CASES for each in principals(synthesized(case).linked)]
    for exemption in REASONS.exemptions:
        for action in exemption.actions:
            covered = [each for each in found if exemption.covers(*each) and each[2] == action]
            assert covered, f"no policy needs {exemption} for {action}: delete it"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    environments = {name: synthesized(name).linked for name in SHOWN}
    made = markdown(environments, REASONS, introduction=INTRODUCTION)
    if request.config.getoption("--update-snapshots"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "docs/permissions.md is out of date: make snapshots"


def _remedy(grant: Grant) -> str:
    return (
        f"{grant.role} may do {grant.action} on {', '.join(grant.resources)}: remove the permission, or add its reason "
        "to the permissions.toml of its capability, and its proof to tests/integration/privileges"
    )
