"""What the sign-in before a public web app promises to the people on its list."""

from tests.support.promises import has
from tests.support.synthesis import Synthesized


def test_an_address_is_one_person_who_can_come_back_by_it(public_prod: Synthesized) -> None:
    """Ann@ and ann@ are the same; whoever forgot the password is written to, and never called."""
    pool = public_prod.only("Web", "AWS::Cognito::UserPool")
    at = "the list of people"
    has(at, pool, {"UsernameConfiguration": {"CaseSensitive": False}, "UsernameAttributes": ["email"]})
    by_email = {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    has(at, pool, {"AccountRecoverySetting": by_email})
    days = pool["Policies"]["PasswordPolicy"].get("TemporaryPasswordValidityDays", 7)
    assert days <= 7, f"{at}: TemporaryPasswordValidityDays is {days}, an invitation must go stale within 7"


def test_the_list_of_people_outlives_its_stack(public_prod: Synthesized) -> None:
    (pool,) = public_prod.resources("Web", "AWS::Cognito::UserPool").values()
    has("the list of people", pool, {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"})


def test_the_sign_in_page_has_a_style_without_which_it_answers_with_an_error(public_prod: Synthesized) -> None:
    """Amazon Cognito Developer Guide, "Apply branding to managed login pages"."""
    has("the sign-in page", public_prod.only("Web", "AWS::Cognito::UserPoolDomain"), {"ManagedLoginVersion": 2})
    style = public_prod.only("Web", "AWS::Cognito::ManagedLoginBranding")
    (client,) = public_prod.resources("Web", "AWS::Cognito::UserPoolClient")
    has("its style", style, {"UseCognitoProvidedValues": True, "ClientId": {"Ref": client}})


def test_the_load_balancer_reaches_cognito_which_tells_it_who_signed_in(public_prod: Synthesized) -> None:
    """At addresses that change (User Guide for Application Load Balancers, "Authenticate users")."""
    groups = public_prod.resources("Web", "AWS::EC2::SecurityGroup").items()
    ((id_, group),) = ((id_, group) for id_, group in groups if "LoadBalancer" in id_)
    rules = group["Properties"].get("SecurityGroupEgress", [])
    let_out = [(rule["CidrIp"], rule.get("FromPort"), rule.get("ToPort")) for rule in rules if "CidrIp" in rule]
    assert ("0.0.0.0/0", 443, 443) in let_out, f"{id_} lets the load balancer out to {let_out}, and not to HTTPS"


def test_the_app_learns_who_signed_in(public_prod: Synthesized) -> None:
    """Where one asks for a scope that the client hasn't, Cognito refuses everybody."""
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
