"""A reason is for one role, its actions and its resources, and says what it rests on."""

from dataclasses import replace

import pytest

from checks.permissions.grants import Grant
from checks.permissions.reasons import FUNCTIONS, Proof, Reason, reasons_for

GRANT = Grant(role="Intake", service="lambda.amazonaws.com", action="kms:Decrypt", resources=("KeysData",))
REASON = Reason(role="Intake", actions=("kms:Decrypt",), on="KeysData", why="to read", proof=Proof.PLATFORM)


def test_a_reason_covers_its_role_action_and_resource_alone() -> None:
    assert REASON.covers(GRANT)
    for other in (
        replace(GRANT, role="Web"),
        replace(GRANT, action="kms:Encrypt"),
        replace(GRANT, resources=("KeysMessages",)),
        replace(GRANT, resources=("*",)),
    ):
        assert not REASON.covers(other)


def test_a_reason_covers_no_resource_that_it_does_not_name() -> None:
    assert not REASON.covers(replace(GRANT, resources=("KeysData", "KeysMessages")))


def test_what_holds_for_every_function_holds_for_functions() -> None:
    shared = replace(REASON, role=FUNCTIONS)
    assert shared.covers(GRANT)
    assert not shared.covers(replace(GRANT, service="ec2.amazonaws.com"))


def test_the_roles_own_reason_goes_before_what_every_function_has() -> None:
    shared = replace(REASON, role=FUNCTIONS)
    assert reasons_for(GRANT, [shared, REASON]) == [REASON]
    assert reasons_for(replace(GRANT, role="Other"), [shared, REASON]) == [shared]
    assert reasons_for(GRANT, [REASON, replace(REASON, on="")]) == [REASON, replace(REASON, on="")]


def test_a_document_stands_only_for_what_cannot_be_shown() -> None:
    with pytest.raises(ValueError, match="unproved"):
        replace(REASON, unproved="the emulator can't")
    with pytest.raises(ValueError, match="unproved"):
        replace(REASON, proof=Proof.DOCUMENT)
