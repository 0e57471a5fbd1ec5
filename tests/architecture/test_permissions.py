"""No policy says what is banned; each role may do what has a reason, and docs/permissions.md says all of it."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from checks.permissions.bans import ACCEPTED, Judge, unpinned
from checks.permissions.grants import Grant, grants
from checks.permissions.page import markdown
from checks.permissions.reasons import REASONS, Proof, reasons_for
from checks.permissions.statements import statements
from config.environments import DEV
from config.network import InterfaceEndpoint, NoNat
from tests.support.databases import VARIANTS
from tests.support.privileges.calls import CALLS
from tests.support.privileges.scenarios import SCENARIOS
from tests.support.synthesis import ENVIRONMENTS, Synthesized, shipped, synthesize
from tests.support.web.variants import public

PAGE = Path(__file__).parent.parent.parent / "docs" / "permissions.md"
OTHERS = {
    "prod on Aurora": VARIANTS["prod on Aurora"],
    "dev without NAT": replace(
        DEV, network=replace(DEV.network, nat=NoNat(), interface_endpoints=frozenset(get_args(InterfaceEndpoint)))
    ),
}
CASES = (*ENVIRONMENTS, "public prod", *OTHERS)
SHOWN = ("prod", "dev")  # dev keeps its flow log where prod doesn't


@cache
def synthesized(case: str) -> Synthesized:
    if case == "public prod":
        return public()
    return shipped(case) if case in ENVIRONMENTS else synthesize(OTHERS[case])


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Synthesized:
    """Each shipped environment, and what none of them has: the internet, the other engine, all endpoints."""
    return synthesized(request.param)


def test_no_policy_says_what_is_banned(case: Synthesized) -> None:
    assert len(list(statements(case.linked))) > 30
    findings = Judge(account=case.environment.account).findings(case.linked)
    assert not findings, "\n".join(findings)


def test_every_role_may_do_only_what_has_a_reason(case: Synthesized) -> None:
    found = grants(case.linked)
    assert len({grant.role for grant in found}) >= 7
    unreasoned = [grant for grant in found if not reasons_for(grant)]
    assert not unreasoned, "\n".join(map(_unreasoned, unreasoned))
    ambiguous = [f"{grant.role}, {grant.action}" for grant in found if len(reasons_for(grant)) > 1]
    assert not ambiguous, f"{ambiguous} need one reason each: tell them apart by `on` in checks/permissions/reasons.py"


def test_no_reason_is_left_over() -> None:
    found = [grant for case in CASES for grant in grants(synthesized(case).linked)]
    for reason in REASONS:
        for action in reason.actions:
            mine = [grant for grant in found if reason.covers(grant) and grant.action == action]
            assert mine, f"{reason.role} may no longer do {action}: take it out of checks/permissions/reasons.py"


def test_what_counts_as_shown_on_the_local_cloud_is_shown() -> None:
    """By tests/integration/privileges, in `make test-slow`; that none is missing needs no emulator to be seen."""
    known = {
        proof: {(each.role, a) for each in REASONS if each.proof is proof for a in each.actions} for proof in Proof
    }
    platform, refused = known[Proof.PLATFORM], known[Proof.PLATFORM] | known[Proof.STAND_IN]
    where = "in checks/permissions/reasons.py or in tests/integration/privileges, but not in both"
    assert SCENARIOS.keys() == platform, f"{sorted(SCENARIOS.keys() ^ platform)} {where}"
    assert CALLS.keys() == refused, f"{sorted(CALLS.keys() ^ refused)} {where}"


def test_no_exception_to_the_bans_is_left_over() -> None:
    found = [statement for case in CASES for statement in unpinned(synthesized(case).linked)]
    for accepted in ACCEPTED:
        assert any(accepted.covers(*each) for each in found), f"nothing needs {accepted} any more"


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    made = markdown({name: synthesized(name).linked for name in SHOWN})
    if request.config.getoption("--update-snapshots"):
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "docs/permissions.md is out of date: make snapshots"


def _unreasoned(grant: Grant) -> str:
    return (
        f"{grant.role} may do {grant.action} on {', '.join(grant.resources)}: take it away, or say in "
        "checks/permissions/reasons.py why it needs that, and prove it in tests/integration/privileges"
    )
