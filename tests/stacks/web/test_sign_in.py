"""The sign-in of a public web app, and its users."""

from tests.support.promises import has
from tests.support.synthesis import Synthesized


def test_users_sign_in_and_recover_by_email(public_prod: Synthesized) -> None:
    """Ann@ and ann@ are the same user. A forgotten password is reset by email, never by phone."""
    pool = public_prod.only("Web", "AWS::Cognito::UserPool")
    at = "the user pool"
    has(at, pool, {"UsernameConfiguration": {"CaseSensitive": False}, "UsernameAttributes": ["email"]})
    by_email = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    has(at, pool, {"AccountRecoverySetting": by_email})
    days = pool["Policies"]["PasswordPolicy"].get("TemporaryPasswordValidityDays", 7)
    assert days <= 7, f"{at}: TemporaryPasswordValidityDays is {days}, must be 7 or less"


def test_the_user_pool_is_retained_when_its_stack_is_deleted(public_prod: Synthesized) -> None:
    (pool,) = public_prod.resources("Web", "AWS::Cognito::UserPool").values()
    has("the user pool", pool, {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"})


def test_the_sign_in_page_has_the_style_that_cognito_requires(public_prod: Synthesized) -> None:
    """Without a style the page is an error (Cognito Developer Guide, "Apply branding to managed login pages")."""
    has("the sign-in page", public_prod.only("Web", "AWS::Cognito::UserPoolDomain"), {"ManagedLoginVersion": 2})
    style = public_prod.only("Web", "AWS::Cognito::ManagedLoginBranding")
    (client,) = public_prod.resources("Web", "AWS::Cognito::UserPoolClient")
    has("its style", style, {"UseCognitoProvidedValues": True, "ClientId": {"Ref": client}})


def test_the_load_balancer_reaches_cognito(public_prod: Synthesized) -> None:
    """Cognito's addresses change (User Guide for Application Load Balancers, "Authenticate users")."""
    groups = public_prod.resources("Web", "AWS::EC2::SecurityGroup").items()
    ((id_, group),) = ((id_, group) for id_, group in groups if "LoadBalancer" in id_)
    rules = group["Properties"].get("SecurityGroupEgress", [])
    let_out = [(rule["CidrIp"], rule.get("FromPort"), rule.get("ToPort")) for rule in rules if "CidrIp" in rule]
    assert ("0.0.0.0/0", 443, 443) in let_out, f"{id_} allows egress to {let_out}, must allow HTTPS to any address"


def test_the_sign_in_requests_the_id_and_email_of_the_user(public_prod: Synthesized) -> None:
    """If an action requests a scope that the client doesn't have, Cognito refuses every user."""
    offered = public_prod.only("Web", "AWS::Cognito::UserPoolClient")["AllowedOAuthScopes"]
    listeners = public_prod.resources("Web", "AWS::ElasticLoadBalancingV2::Listener").values()
    rules = public_prod.resources("Web", "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    actions = [action for one in listeners for action in one["Properties"]["DefaultActions"]]
    actions += [action for one in rules for action in one["Properties"]["Actions"]]
    asking = [action for action in actions if action["Type"] == "authenticate-cognito"]
    assert asking
    for action in asking:
        asked = action["AuthenticateCognitoConfig"].get("Scope", "openid").split()
        assert {"openid", "email"} <= set(asked) <= set(offered), f"Scope is {asked}, of {offered}"
