"""The web ACL of the public load balancer and of the sign-in."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from components.common.incarnation import incarnation
from components.common.log_group import log_group

# AWS WAF requires this prefix (AWS WAF Developer Guide, "Sending web ACL traffic logs to a CloudWatch Logs log group").
LOG_PREFIX = "aws-waf-logs-"
# AWS managed rule groups, the cheapest first: addresses with a bad reputation, common attacks, known bad inputs, SQL
# injection. With the rate limit they use about 1,140 capacity units; up to 1,500 cost nothing extra. The common rules'
# limit of 8 KB for bodies stays: uploads go directly to S3, and the app's forms are small.
MANAGED_RULES = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
# These rules only count requests, because valid requests match these rules. The rule for cookies allows 10 KB, and the
# load balancer's session cookies may take 16 KB (User Guide for Application Load Balancers, "Authenticate users"). The
# paths and queries of pages about files contain file names such as orders.bak or x.log. The load balancer calls
# Cognito, and no page of AWS says that it names a user agent.
COUNT_ONLY = {
    "AWSManagedRulesCommonRuleSet": [
        "NoUserAgent_HEADER",
        "SizeRestrictions_Cookie_HEADER",
        "RestrictedExtensions_URIPATH",
        "RestrictedExtensions_QUERYARGUMENTS",
    ]
}
# The load balancer calls these paths of Cognito for all users, from a few addresses of its own: twice for each sign-in,
# and again every hour (User Guide for Application Load Balancers, "Authenticate users").
CALLS_OF_THE_LOAD_BALANCER = "^/oauth2/(token|userInfo)$"


class WebAcl(Construct):
    """Blocks known attacks, and addresses that send too many requests. Logs blocked and counted requests.

    It filters the pages of the app and those of the sign-in, which have a host name of Cognito. Cognito doesn't show
    passwords and e-mail addresses to AWS WAF (Amazon Cognito Developer Guide, "Associate an AWS WAF web ACL with a user
    pool").
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        load_balancer: elbv2.ApplicationLoadBalancer,
        user_pool: cognito.IUserPool,
        requests_per_five_minutes: int,
        namespace: str,
        logs_key: kms.IKey,
        log_days: int,
        removal: RemovalPolicy,
    ) -> None:
        """`requests_per_five_minutes` limits each address. `namespace` is part of the name of the log group."""
        super().__init__(scope, id_)
        acl = wafv2.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("Requests"),
            rules=[
                self._rate_limit(requests_per_five_minutes),
                *(_managed(name, priority) for priority, name in enumerate(MANAGED_RULES, start=1)),
            ],
        )
        protected = {"Association": load_balancer.load_balancer_arn, "SignIn": user_pool.user_pool_arn}
        for name, arn in protected.items():
            wafv2.CfnWebACLAssociation(self, name, resource_arn=arn, web_acl_arn=acl.attr_arn)
        self._log(acl, f"{LOG_PREFIX}{namespace}-{incarnation()}", logs_key, log_days, removal)

    @staticmethod
    def _rate_limit(requests: int) -> wafv2.CfnWebACL.RuleProperty:
        return wafv2.CfnWebACL.RuleProperty(
            name="RequestsOfOneAddress",
            priority=0,
            action=wafv2.CfnWebACL.RuleActionProperty(block={}),
            statement=wafv2.CfnWebACL.StatementProperty(
                rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP",
                    evaluation_window_sec=300,
                    limit=requests,
                    scope_down_statement=_not_at(CALLS_OF_THE_LOAD_BALANCER),
                )
            ),
            visibility_config=_visibility("RequestsOfOneAddress"),
        )

    def _log(self, acl: wafv2.CfnWebACL, name: str, key: kms.IKey, days: int, removal: RemovalPolicy) -> None:
        group = log_group(self, "LogGroup", key=key, days=days, removal=removal, name=name)
        # Not the log group's attribute Arn: AWS WAF refuses the ":*" at the end of that ARN. AWS adds the resource
        # policy that lets it deliver logs (Amazon CloudWatch Logs User Guide, "Enable logging from AWS services").
        arn = Stack.of(self).format_arn(
            service="logs", resource="log-group", arn_format=ArnFormat.COLON_RESOURCE_NAME, resource_name=name
        )
        logging = wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            log_destination_configs=[arn],
            # The load balancer's log contains the requests that pass.
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [
                            {"ActionCondition": {"Action": action}}
                            for action in ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
                        ],
                    }
                ],
            },
            # With the values of these headers, a reader of the log could take over a session.
            redacted_fields=[
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": name})
                for name in ("authorization", "cookie")
            ],
        )
        logging.node.add_dependency(group)


def _not_at(path: str) -> wafv2.CfnWebACL.StatementProperty:
    """Requests of which the path doesn't match the regular expression."""
    match = wafv2.CfnWebACL.RegexMatchStatementProperty(
        regex_string=path,
        field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}),
        text_transformations=[wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
    )
    statement = wafv2.CfnWebACL.StatementProperty(regex_match_statement=match)
    return wafv2.CfnWebACL.StatementProperty(not_statement=wafv2.CfnWebACL.NotStatementProperty(statement=statement))


def _managed(name: str, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    counted = [
        wafv2.CfnWebACL.RuleActionOverrideProperty(
            name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
        )
        for rule in COUNT_ONLY.get(name, [])
    ]
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=name, rule_action_overrides=counted or None
            )
        ),
        visibility_config=_visibility(name),
    )


def _visibility(metric: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    # No samples: samples would show the headers that the log redacts, such as session cookies (AWS WAF API Reference,
    # "VisibilityConfig").
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=False
    )
