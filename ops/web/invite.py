"""Puts a person on the list of those who may sign in."""

import re
from typing import Any

from ops.web.web_stack import WebAccessError, WebStack

INVITED = "FORCE_CHANGE_PASSWORD"  # Cognito's word for who has not signed in yet


def invite(session: Any, stack: WebStack, *, email: str) -> str:
    """Send an invitation, or the same again; returns what was done. Raises WebAccessError."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise WebAccessError(
            f"EMAIL must be an address like ada@example.com, got {email!r}: "
            f"make invite ENV={stack.environment} EMAIL=ada@example.com"
        )
    if stack.user_pool_id is None:
        raise WebAccessError(
            f"{stack.environment} is internal, and nobody signs in: make tunnel ENV={stack.environment} shows it; "
            "web.exposure = Public(...) in config/environments.py would put it on the internet"
        )
    cognito = session.client("cognito-idp")
    person = {"UserPoolId": stack.user_pool_id, "Username": email}
    try:
        cognito.admin_create_user(
            **person,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            DesiredDeliveryMediums=["EMAIL"],
        )
    except cognito.exceptions.UsernameExistsException:
        if cognito.admin_get_user(**person)["UserStatus"] != INVITED:
            return f"{email} signs in at {stack.url} already; nothing was sent."
        cognito.admin_create_user(**person, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"])
        return f"{email} was invited before, and is again, with a new password, to {stack.url}."
    return f"{email} is invited to {stack.url}, by an e-mail with a first password."
