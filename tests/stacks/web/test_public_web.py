"""A public web tier has TLS, a web ACL and a sign-in before every page."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from config.network import DualStack
from local_cloud.emulator.registration import uncovered
from tests.support.promises import has
from tests.support.synthesis import Synthesized, synthesize
from tests.support.web.variants import DOMAIN, PUBLIC, PUBLIC_EXPOSURE, PUBLIC_WEB

LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def _listener(synthesized: Synthesized, port: int) -> dict[str, Any]:
    (found,) = (
        listener["Properties"]
        for listener in synthesized.resources("Web", LISTENER).values()
        if listener["Properties"]["Port"] == port
    )
    return dict(found)


def _listener_actions(synthesized: Synthesized) -> list[list[dict[str, Any]]]:
    """The actions, in their order, of every listener and every rule."""
    rules = synthesized.resources("Web", "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    listeners = synthesized.resources("Web", LISTENER).values()
    return [listener["Properties"]["DefaultActions"] for listener in listeners] + [
        rule["Properties"]["Actions"] for rule in rules
    ]


def _rule(synthesized: Synthesized, path: str) -> dict[str, Any]:
    (found,) = (
        rule["Properties"]
        for rule in synthesized.resources("Web", "AWS::ElasticLoadBalancingV2::ListenerRule").values()
        if path in rule["Properties"]["Conditions"][0]["PathPatternConfig"]["Values"]
    )
    return dict(found)


def test_no_request_is_forwarded_without_sign_in(public_prod: Synthesized) -> None:
    forwarding = [actions for actions in _listener_actions(public_prod) if "forward" in json.dumps(actions)]
    for actions in forwarding:
        ordered = sorted(actions, key=lambda action: int(action.get("Order", 0)))
        types = [action["Type"] for action in ordered]
        assert types == ["authenticate-cognito", "forward"], (
            f"a listener has the actions {types}, must authenticate first"
        )
        otherwise = ordered[0]["AuthenticateCognitoConfig"]["OnUnauthenticatedRequest"]
        assert otherwise in ("authenticate", "deny"), f"OnUnauthenticatedRequest is {otherwise}"
    assert len(forwarding) == 2


def test_a_session_lasts_at_most_12_hours(public_prod: Synthesized) -> None:
    """Within a session, tokens last an hour. Then Cognito is asked again whether the user still exists."""
    day = 12 * 60
    for actions in _listener_actions(public_prod):
        for action in actions:
            if action["Type"] == "authenticate-cognito":
                seconds = int(action["AuthenticateCognitoConfig"].get("SessionTimeout", 7 * 24 * 3600))
                assert seconds <= day * 60, f"SessionTimeout is {seconds}, must be {day * 60} or less"
    client = public_prod.only("Web", "AWS::Cognito::UserPoolClient")
    wanted = {"RefreshTokenValidity": day, "AccessTokenValidity": 60, "IdTokenValidity": 60}
    has("the load balancer as a client", client, wanted)


def test_unauthenticated_api_requests_are_denied(public_prod: Synthesized) -> None:
    sign_in = _rule(public_prod, "/api/*")["Actions"][0]["AuthenticateCognitoConfig"]
    has("/api/*", sign_in, {"OnUnauthenticatedRequest": "deny"})


def test_health_checks_are_not_answered_outside(public_prod: Synthesized) -> None:
    health = public_prod.only("Web", "AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"]
    inside, api = _rule(public_prod, health), _rule(public_prod, "/api/*")
    assert inside["Actions"] == [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    refused = inside["Conditions"][0]["PathPatternConfig"]["Values"]
    assert "/readyz" in refused, f"/readyz is answered outside, only {refused} are not"
    assert inside["Priority"] < api["Priority"]


def test_http_redirects_to_https_on_the_domain(public_prod: Synthesized) -> None:
    (action,) = _listener(public_prod, 80)["DefaultActions"]
    has("port 80", action, {"Type": "redirect"})
    here = {"Host": DOMAIN, "Port": "443", "Protocol": "HTTPS", "StatusCode": "HTTP_301"}
    has("port 80", action["RedirectConfig"], here)


def test_tls_is_1_2_or_1_3_with_a_certificate_that_renews_itself(public_prod: Synthesized) -> None:
    listener = _listener(public_prod, 443)
    has("port 443", listener, {"SslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"})
    certificate = public_prod.only("Web", "AWS::CertificateManager::Certificate")
    by_dns = [{"DomainName": DOMAIN, "HostedZoneId": PUBLIC_EXPOSURE.hosted_zone_id}]
    wanted = {"DomainName": DOMAIN, "ValidationMethod": "DNS", "DomainValidationOptions": by_dns}
    has("the certificate", certificate, wanted)


def test_a_public_load_balancer_is_in_the_public_subnets(public_prod: Synthesized) -> None:
    balancer = public_prod.only("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert len(balancer["Subnets"]) == 3
    for subnet in balancer["Subnets"]:
        assert "VpcPublicSubnet" in json.dumps(subnet), f"a public load balancer is in {json.dumps(subnet)}"


@pytest.mark.parametrize("dual_stack", [False, True], ids=["IPv4", "dual stack"])
def test_the_domain_resolves_to_the_load_balancer_in_every_ip_version(dual_stack: bool) -> None:
    network = replace(PUBLIC.network, addressing=DualStack()) if dual_stack else PUBLIC.network
    synthesized = synthesize(replace(PUBLIC, network=network))
    names = [record["Properties"] for record in synthesized.resources("Web", "AWS::Route53::RecordSet").values()]
    assert {name["Type"] for name in names} == ({"A", "AAAA"} if dual_stack else {"A"})
    assert {name["Name"] for name in names} == {f"{DOMAIN}."}
    balancer = synthesized.only("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["IpAddressType"] == ("dualstack" if dual_stack else "ipv4")
    assert balancer["Scheme"] == "internet-facing"
    open_to = {
        rule.get("CidrIp") or rule.get("CidrIpv6")
        for id_, group in synthesized.resources("Web", "AWS::EC2::SecurityGroup").items()
        if "LoadBalancer" in id_
        for rule in group["Properties"]["SecurityGroupIngress"]
    }
    assert open_to == ({"0.0.0.0/0", "::/0"} if dual_stack else {"0.0.0.0/0"})


def test_a_public_load_balancer_admits_only_ports_443_and_80(public_prod: Synthesized) -> None:
    groups = public_prod.resources("Web", "AWS::EC2::SecurityGroup").items()
    (rules,) = (group["Properties"]["SecurityGroupIngress"] for id_, group in groups if "LoadBalancer" in id_)
    admitted = {(rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort")) for rule in rules}
    wanted = {("tcp", 443, 443), ("tcp", 80, 80)}
    assert admitted == wanted, f"the load balancer's security group admits {admitted}, must admit {wanted}"


def test_users_are_invited_and_need_a_long_password_and_a_second_factor(public_prod: Synthesized) -> None:
    pool = public_prod.only("Web", "AWS::Cognito::UserPool")
    at = "the user pool"
    has(at, pool["AdminCreateUserConfig"], {"AllowAdminCreateUserOnly": True})
    has(at, pool, {"MfaConfiguration": "ON", "EnabledMfas": ["SOFTWARE_TOKEN_MFA"], "DeletionProtection": "ACTIVE"})
    kinds = ("RequireLowercase", "RequireUppercase", "RequireNumbers", "RequireSymbols")
    has(at, pool["Policies"]["PasswordPolicy"], dict.fromkeys(kinds, True))
    length = pool["Policies"]["PasswordPolicy"]["MinimumLength"]
    assert length >= 14, f"{at}: MinimumLength of passwords is {length}, must be 14 or more"
    message = pool["AdminCreateUserConfig"]["InviteMessageTemplate"]["EmailMessage"]
    assert all(word in message for word in ("{username}", "{####}", DOMAIN)), (
        "the invitation lacks a placeholder or the domain"
    )


def test_the_sign_in_plan_and_the_second_factor_are_configurable() -> None:
    exposure = replace(PUBLIC_EXPOSURE, mfa="optional", sign_in_plan="plus")
    pool = synthesize(replace(PUBLIC, web=replace(PUBLIC_WEB, exposure=exposure))).only("Web", "AWS::Cognito::UserPool")
    assert (pool["MfaConfiguration"], pool["UserPoolTier"]) == ("OPTIONAL", "PLUS")
    assert pool["UserPoolAddOns"]["AdvancedSecurityMode"] == "ENFORCED"


def test_the_load_balancer_is_the_only_client_and_returns_to_the_domain(public_prod: Synthesized) -> None:
    client = public_prod.only("Web", "AWS::Cognito::UserPoolClient")
    has(
        "the load balancer as a client",
        client,
        {
            "GenerateSecret": True,
            "AllowedOAuthFlows": ["code"],
            "CallbackURLs": [f"https://{DOMAIN}/oauth2/idpresponse"],
            "LogoutURLs": [f"https://{DOMAIN}/"],
            "PreventUserExistenceErrors": "ENABLED",
            "EnableTokenRevocation": True,
        },
    )
    flows = set(client["ExplicitAuthFlows"])
    assert flows == {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}, f"ExplicitAuthFlows are {flows}"


def test_the_app_gets_the_token_issuer_and_the_sign_out_address(public_prod: Synthesized) -> None:
    data = public_prod.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    script = public_prod.linked.text(data["UserData"]["Fn::Base64"], "Web")
    variables = dict(line.split("=", 1) for line in script.splitlines() if line.startswith("SIGN_IN_"))
    assert set(variables) == {
        "SIGN_IN_LOAD_BALANCER_ARN",
        "SIGN_IN_CLIENT_ID",
        "SIGN_IN_ISSUER",
        "SIGN_IN_LOGOUT_URL",
    }
    assert "LoadBalancer" in variables["SIGN_IN_LOAD_BALANCER_ARN"]
    assert "ProviderURL" in variables["SIGN_IN_ISSUER"]
    client = public_prod.only("Web", "AWS::Cognito::UserPoolClient")
    (home,) = client["LogoutURLs"]
    assert variables["SIGN_IN_LOGOUT_URL"].endswith(
        f"/logout?client_id={variables['SIGN_IN_CLIENT_ID']}&logout_uri={home.replace(':', '%3A').replace('/', '%2F')}"
    )


def test_the_web_acl_checks_each_request(public_prod: Synthesized) -> None:
    acl = public_prod.only("Web", "AWS::WAFv2::WebACL")
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    has("RequestsOfOneAddress", rules["RequestsOfOneAddress"], {"Action": {"Block": {}}})
    rate = rules["RequestsOfOneAddress"]["Statement"]["RateBasedStatement"]
    # By the address of the connection, because a client can write any address into a header.
    has("RequestsOfOneAddress", rate, {"Limit": 2000, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"})
    has("the web ACL", acl, {"Scope": "REGIONAL", "DefaultAction": {"Allow": {}}})  # load balancers need REGIONAL
    measured = [one["VisibilityConfig"] for one in (acl, *acl["Rules"])]
    without = [one["MetricName"] for one in measured if not one["CloudWatchMetricsEnabled"]]
    assert not without, f"CloudWatchMetricsEnabled is off for {without}: no metric shows how much they block"
    priorities = [rule["Priority"] for rule in acl["Rules"]]
    assert len(set(priorities)) == len(priorities), f"AWS WAF refuses rules of the same Priority: {priorities}"
    managed = {name for name, rule in rules.items() if "ManagedRuleGroupStatement" in rule["Statement"]}
    assert managed == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    }
    common = rules["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    counted = {override["Name"] for override in common["RuleActionOverrides"]}
    assert counted == {
        "NoUserAgent_HEADER",
        "SizeRestrictions_Cookie_HEADER",
        "RestrictedExtensions_URIPATH",
        "RestrictedExtensions_QUERYARGUMENTS",
    }, f"rules that only count: {counted}"
    for name in managed:
        has(name, rules[name], {"OverrideAction": {"None": {}}})  # the group's own actions, which block


@pytest.mark.parametrize("protected", ["AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::Cognito::UserPool"])
def test_the_web_acl_filters_the_app_and_the_sign_in(public_prod: Synthesized, protected: str) -> None:
    """The sign-in page has an address of its own, which the load balancer's web ACL doesn't see."""
    (id_,) = public_prod.resources("Web", protected)
    associations = public_prod.resources("Web", "AWS::WAFv2::WebACLAssociation").values()
    found = [one["Properties"] for one in associations if f'"{id_}"' in json.dumps(one["Properties"]["ResourceArn"])]
    assert len(found) == 1, f"{protected} has {len(found)} web ACLs"
    assert "WebAcl" in json.dumps(found[0]["WebACLArn"])


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("/oauth2/token", False),
        ("/oauth2/userInfo", False),
        ("/oauth2/authorize", True),
        ("/oauth2/token/x", True),
        ("/x/oauth2/token", True),
        ("/login", True),
        ("/", True),
    ],
)
def test_the_rate_limit_counts_all_but_the_load_balancers_calls_for_users(
    public_prod: Synthesized, path: str, counts: bool
) -> None:
    """It calls Cognito from a few addresses. If these were blocked, nobody could sign in."""
    rules = {rule["Name"]: rule for rule in public_prod.only("Web", "AWS::WAFv2::WebACL")["Rules"]}
    narrowed = rules["RequestsOfOneAddress"]["Statement"]["RateBasedStatement"].get("ScopeDownStatement", {})
    left_out = narrowed.get("NotStatement", {}).get("Statement", {}).get("RegexMatchStatement", {"RegexString": "$^"})
    assert (re.search(left_out["RegexString"], path) is None) is counts


def test_requests_are_refused_while_the_web_acl_does_not_answer(public_prod: Synthesized) -> None:
    balancer = public_prod.only("Web", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    closed = {"waf.fail_open.enabled": "false"}
    has("the load balancer", closed | attributes, closed)


def test_the_web_acl_logs_blocked_requests_without_credentials(public_prod: Synthesized) -> None:
    logging = public_prod.only("Web", "AWS::WAFv2::LoggingConfiguration")
    (destination,) = logging["LogDestinationConfigs"]
    (made, name), *others = (
        (id_, public_prod.linked.text(group["Properties"]["LogGroupName"], "Web"))
        for id_, group in public_prod.resources("Web", "AWS::Logs::LogGroup").items()
        if "LogGroupName" in group["Properties"]
    )
    assert not others
    assert name.startswith(f"aws-waf-logs-{public_prod.environment.project}-prod-")
    arn = public_prod.linked.text(destination, "Web")
    assert arn.endswith(f":log-group:{name}"), "AWS WAF refuses an ARN that ends with ':*'"
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"
    kept = {
        condition["ActionCondition"]["Action"]
        for one in logging["LoggingFilter"]["Filters"]
        if one["Behavior"] == "KEEP"
        for condition in one["Conditions"]
    }
    assert {"BLOCK", "COUNT"} <= kept, f"the web ACL's log keeps {kept}, must keep BLOCK and COUNT"
    (resource,) = public_prod.resources("Web", "AWS::WAFv2::LoggingConfiguration").values()
    assert made in resource.get("DependsOn", []), f"the web ACL's log does not depend on its log group {made}"
    redacted = {field["SingleHeader"]["Name"] for field in logging["RedactedFields"]}
    acl = public_prod.only("Web", "AWS::WAFv2::WebACL")
    for one in (acl, *acl["Rules"]):  # samples would show what the log redacts
        has("the web ACL", one["VisibilityConfig"], {"SampledRequestsEnabled": False})
    assert redacted == {"authorization", "cookie"}, (
        f"the web ACL's log redacts {redacted}, must redact authorization and cookie"
    )


def test_uploads_come_only_from_the_domain(public_prod: Synthesized) -> None:
    (rule,) = public_prod.only("Data", "AWS::S3::Bucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [f"https://{DOMAIN}"]


def test_the_public_tiers_network_acl_is_below_the_rule_limit() -> None:
    network = replace(PUBLIC.network, addressing=DualStack())
    entries = synthesize(replace(PUBLIC, network=network)).resources("Network", "AWS::EC2::NetworkAclEntry").values()
    for egress in (True, False):
        count = sum("AclsPublic" in json.dumps(one) and one["Properties"]["Egress"] is egress for one in entries)
        assert 0 < count < 20, "AWS's limit in each direction is 20 rules, the final denial included"


def test_the_public_tiers_network_acl_admits_only_visitors_and_replies(public_prod: Synthesized) -> None:
    entries = [one["Properties"] for one in public_prod.resources("Network", "AWS::EC2::NetworkAclEntry").values()]
    admitted = {
        (one["PortRange"]["From"], one["PortRange"]["To"])
        for one in entries
        if "AclsPublic" in json.dumps(one["NetworkAclId"])
        and (one["Egress"], one["RuleAction"], one["CidrBlock"]) == (False, "allow", "0.0.0.0/0")
        and "PortRange" in one
    }
    assert admitted == {(80, 80), (443, 443), (1024, 65535)}


def test_no_finding_and_no_warning_is_left(public_prod: Synthesized) -> None:
    plugins = public_prod.report["pluginReports"]
    assert "AwsSolutions" in {plugin["pluginName"] for plugin in plugins}
    assert [finding for plugin in plugins for finding in plugin["violations"]] == []


def test_the_local_cloud_has_every_resource_type(public_prod: Synthesized) -> None:
    assert uncovered({resource["Type"] for resource in public_prod.everything().values()}) == set()
