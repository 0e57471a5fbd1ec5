"""Invites a person to sign in to the public pages."""

from __future__ import annotations

import re

from ops.common.errors import CommandError
from ops.web.deployed import DeployedWeb

NEVER_SIGNED_IN = "FORCE_CHANGE_PASSWORD"  # the user's status in Cognito


def invite(web: DeployedWeb, *, email: str) -> str:
    """Create a user; Cognito sends the first password by e-mail. Returns a sentence that says what was done."""
    environment = web.environment
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise CommandError(
            f"EMAIL must be an e-mail address, got {email!r}: make invite ENV={environment.name} EMAIL=ada@example.com"
        )
    if web.user_pool_id is None:
        raise CommandError(
            f"the pages of {environment.label} are internal and have no sign-in: `make tunnel ENV={environment.name}` "
            "opens them; web.exposure = Public(...) in config/environments.py publishes them"
        )
    cognito = environment.session.client("cognito-idp")
    try:
        cognito.admin_create_user(
            UserPoolId=web.user_pool_id,
            Username=email,
            UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
            DesiredDeliveryMediums=["EMAIL"],
        )
    except cognito.exceptions.UsernameExistsException:
        user = cognito.admin_get_user(UserPoolId=web.user_pool_id, Username=email)
        if user["UserStatus"] != NEVER_SIGNED_IN:
            return f"{email} can already sign in to {environment.label} at {web.url}; no e-mail was sent."
        cognito.admin_create_user(
            UserPoolId=web.user_pool_id, Username=email, MessageAction="RESEND", DesiredDeliveryMediums=["EMAIL"]
        )
        return f"Invited {email} to {environment.label} again, with a new password: {web.url}"
    return f"Invited {email} to {environment.label}, by an e-mail with a first password: {web.url}"
