"""What a web tier on the internet promises: TLS, a firewall and a sign-in before everything."""

import json
from dataclasses import replace
from typing import Any

import pytest

from config.network import DualStack
from local_cloud.emulator.registration import uncovered
from tests.synthesis import DOMAIN, PUBLIC, PUBLIC_EXPOSURE, Synthesized, synthesize

LISTENER = "AWS::ElasticLoadBalancingV2::Listener"


def _listener(synthesized: Synthesized, port: int) -> dict[str, Any]:
    (found,) = (
        listener["Properties"]
        for listener in synthesized.resources("Web", LISTENER).values()
        if listener["Properties"]["Port"] == port
    )
    return dict(found)


def _ways_in(synthesized: Synthesized) -> list[list[dict[str, Any]]]:
    """The actions, in their order, of every listener and every rule."""
    rules = synthesized.resources("Web", "AWS::ElasticLoadBalancingV2::ListenerRule").values()
    ways = [listener["Properties"]["DefaultActions"] for listener in synthesized.resources("Web", LISTENER).values()]
    return ways + [rule["Properties"]["Actions"] for rule in rules]


def _rule(synthesized: Synthesized, path: str) -> dict[str, Any]:
    (found,) = (
        rule["Properties"]
        for rule in synthesized.resources("Web", "AWS::ElasticLoadBalancingV2::ListenerRule").values()
        if path in rule["Properties"]["Conditions"][0]["PathPatternConfig"]["Values"]
    )
    return dict(found)


def test_nothing_is_passed_on_without_a_sign_in(public_prod: Synthesized) -> None:
    forwarding = [way for way in _ways_in(public_prod) if "forward" in json.dumps(way)]
    assert len(forwarding) == 2
    for way in forwarding:
        first, second = sorted(way, key=lambda action: int(action["Order"]))
        assert (first["Type"], second["Type"]) == ("authenticate-cognito", "forward")
        assert first["AuthenticateCognitoConfig"]["OnUnauthenticatedRequest"] in ("authenticate", "deny")


def test_programs_are_told_that_they_are_not_signed_in(public_prod: Synthesized) -> None:
    rule = _rule(public_prod, "/api/*")
    assert rule["Actions"][0]["AuthenticateCognitoConfig"]["OnUnauthenticatedRequest"] == "deny"


def test_health_is_nobodys_business_outside(public_prod: Synthesized) -> None:
    health = public_prod.only("Web", "AWS::ElasticLoadBalancingV2::TargetGroup")["HealthCheckPath"]
    inside, api = _rule(public_prod, health), _rule(public_prod, "/api/*")
    assert inside["Actions"] == [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    assert "/readyz" in inside["Conditions"][0]["PathPatternConfig"]["Values"]
    assert inside["Priority"] < api["Priority"]


def test_plain_http_leads_to_our_own_name_over_https(public_prod: Synthesized) -> None:
    (action,) = _listener(public_prod, 80)["DefaultActions"]
    assert action["RedirectConfig"] == {"Host": DOMAIN, "Port": "443", "Protocol": "HTTPS", "StatusCode": "HTTP_301"}


def test_tls_is_1_3_or_1_2_with_a_certificate_that_renews_itself(public_prod: Synthesized) -> None:
    listener = _listener(public_prod, 443)
    assert listener["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    certificate = public_prod.only("Web", "AWS::CertificateManager::Certificate")
    assert certificate["DomainName"] == DOMAIN
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": DOMAIN, "HostedZoneId": PUBLIC_EXPOSURE.hosted_zone_id}
    ]


@pytest.mark.parametrize("dual_stack", [False, True], ids=["IPv4", "dual stack"])
def test_the_domain_leads_here_in_every_ip_version(dual_stack: bool) -> None:
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
        if "Entrance" in id_
        for rule in group["Properties"]["SecurityGroupIngress"]
    }
    assert open_to == ({"0.0.0.0/0", "::/0"} if dual_stack else {"0.0.0.0/0"})


def test_people_come_by_invitation_with_a_long_password_and_a_second_factor(public_prod: Synthesized) -> None:
    pool = public_prod.only("Web", "AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["MfaConfiguration"] == "ON"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert pool["Policies"]["PasswordPolicy"]["MinimumLength"] >= 14
    assert pool["DeletionProtection"] == "ACTIVE"
    message = pool["AdminCreateUserConfig"]["InviteMessageTemplate"]["EmailMessage"]
    assert all(word in message for word in ("{username}", "{####}", DOMAIN)), "Cognito fills in the first two"


def test_the_sign_in_plan_and_the_second_factor_are_values() -> None:
    exposure = replace(PUBLIC_EXPOSURE, mfa="optional", sign_in_plan="plus")
    pool = synthesize(replace(PUBLIC, web=replace(PUBLIC.web, exposure=exposure))).only("Web", "AWS::Cognito::UserPool")
    assert (pool["MfaConfiguration"], pool["UserPoolTier"]) == ("OPTIONAL", "PLUS")
    assert pool["UserPoolAddOns"]["AdvancedSecurityMode"] == "ENFORCED"


def test_the_load_balancer_is_the_only_client_and_returns_to_our_domain(public_prod: Synthesized) -> None:
    client = public_prod.only("Web", "AWS::Cognito::UserPoolClient")
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["CallbackURLs"] == [f"https://{DOMAIN}/oauth2/idpresponse"]
    assert client["LogoutURLs"] == [f"https://{DOMAIN}/"]
    assert not {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"} & set(client["ExplicitAuthFlows"])


def test_the_app_knows_whose_word_to_take_and_where_people_sign_out(public_prod: Synthesized) -> None:
    data = public_prod.only("Web", "AWS::EC2::LaunchTemplate")["LaunchTemplateData"]
    pieces = data["UserData"]["Fn::Base64"]["Fn::Join"][1]
    script = "".join(piece if isinstance(piece, str) else f"<{json.dumps(piece)}>" for piece in pieces)
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


def test_a_firewall_looks_at_each_request_first(public_prod: Synthesized) -> None:
    acl = public_prod.only("Web", "AWS::WAFv2::WebACL")
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    assert rules["RequestsOfOneAddress"]["Action"] == {"Block": {}}
    assert rules["RequestsOfOneAddress"]["Statement"]["RateBasedStatement"]["Limit"] == 2000
    managed = {name for name, rule in rules.items() if "ManagedRuleGroupStatement" in rule["Statement"]}
    assert managed == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesSQLiRuleSet",
    }
    assert all(rules[name]["OverrideAction"] == {"None": {}} for name in managed), "they block, and don't just count"
    association = public_prod.only("Web", "AWS::WAFv2::WebACLAssociation")
    assert "EntranceLoadBalancer" in json.dumps(association["ResourceArn"])


def test_the_firewall_logs_what_it_stopped_without_anyones_session(public_prod: Synthesized) -> None:
    logging = public_prod.only("Web", "AWS::WAFv2::LoggingConfiguration")
    (destination,) = logging["LogDestinationConfigs"]
    name = "aws-waf-logs-shop-prod"
    assert destination["Fn::Join"][1][-1].endswith(f":log-group:{name}"), "AWS WAF refuses an ARN that ends with ':*'"
    groups = public_prod.resources("Web", "AWS::Logs::LogGroup").values()
    assert name in {group["Properties"].get("LogGroupName") for group in groups}
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"
    assert {field["SingleHeader"]["Name"] for field in logging["RedactedFields"]} == {"authorization", "cookie"}


def test_uploads_come_from_the_domain_alone(public_prod: Synthesized) -> None:
    (rule,) = public_prod.only("Data", "AWS::S3::Bucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == [f"https://{DOMAIN}"]


def test_the_public_tiers_list_has_room_under_the_limit() -> None:
    network = replace(PUBLIC.network, addressing=DualStack())
    entries = synthesize(replace(PUBLIC, network=network)).resources("Network", "AWS::EC2::NetworkAclEntry").values()
    for egress in (True, False):
        count = sum("AclsPublic" in json.dumps(one) and one["Properties"]["Egress"] is egress for one in entries)
        assert 0 < count < 20, "AWS's limit each way, one of which is the final denial"


def test_the_public_tiers_list_lets_in_visitors_and_answers_alone(public_prod: Synthesized) -> None:
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


def test_the_local_cloud_would_take_it(public_prod: Synthesized) -> None:
    assert uncovered({resource["Type"] for resource in public_prod.everything().values()}) == set()
