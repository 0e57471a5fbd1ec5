"""`make invite` lets a person sign in to public pages."""

from __future__ import annotations

import pytest

from ops.common.errors import CommandError
from ops.web.invite import invite
from tests.support.ops.stubs import Stubs
from tests.support.web.deployed import POOL, internal, public

PERSON = {"UserPoolId": POOL, "Username": "ada@example.com"}
INVITATION = {
    **PERSON,
    "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}, {"Name": "email_verified", "Value": "true"}],
    "DesiredDeliveryMediums": ["EMAIL"],
}


def test_a_new_person_gets_an_invitation_by_email(aws: Stubs) -> None:
    aws.expect("cognito-idp", "admin_create_user", {}, INVITATION)
    message = invite(public(aws), email="ada@example.com")
    assert message.startswith(
        "Invited ada@example.com to dev in eu-central-1, by an e-mail with a first password: https"
    )


def test_a_person_who_never_signed_in_is_invited_again(aws: Stubs) -> None:
    aws.refuse("cognito-idp", "admin_create_user", "UsernameExistsException")
    found = {"Username": "ada", "UserStatus": "FORCE_CHANGE_PASSWORD"}
    aws.expect("cognito-idp", "admin_get_user", found, PERSON)
    again = {**PERSON, "MessageAction": "RESEND", "DesiredDeliveryMediums": ["EMAIL"]}
    aws.expect("cognito-idp", "admin_create_user", {}, again)
    assert "again, with a new password" in invite(public(aws), email="ada@example.com")


def test_a_person_who_has_signed_in_gets_no_email(aws: Stubs) -> None:
    aws.refuse("cognito-idp", "admin_create_user", "UsernameExistsException")
    aws.expect("cognito-idp", "admin_get_user", {"Username": "ada", "UserStatus": "CONFIRMED"}, PERSON)
    assert "no e-mail was sent" in invite(public(aws), email="ada@example.com")


@pytest.mark.parametrize("email", ["", "ada", "ada@example", "a b@example.com"])
def test_an_invalid_email_address_is_refused_with_an_example(aws: Stubs, email: str) -> None:
    with pytest.raises(
        CommandError, match=r"EMAIL must be an e-mail address.* make invite ENV=dev EMAIL=ada@example\.com"
    ):
        invite(public(aws), email=email)


def test_nobody_is_invited_to_internal_pages(aws: Stubs) -> None:
    with pytest.raises(CommandError, match="make tunnel ENV=dev"):
        invite(internal(aws), email="ada@example.com")
