"""What a request must look like before the load balancer even reads it."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from components.common.log_group import log_group

LOG_PREFIX = "aws-waf-logs-"  # (AWS WAF Developer Guide, "Sending web ACL traffic logs to a CloudWatch Logs log group")
# AWS's own lists, the cheapest first: addresses known for attacks, what is wrong in any application, what is known to
# be tried on servers and languages, SQL. Their capacity units and the rate limit's make 1127, below the 1500 that cost
# nothing extra. The common rules' limit of 8 KB for bodies stays: files go straight to S3, and forms here are small.
MANAGED_RULES = (
    "AWSManagedRulesAmazonIpReputationList",
    "AWSManagedRulesCommonRuleSet",
    "AWSManagedRulesKnownBadInputsRuleSet",
    "AWSManagedRulesSQLiRuleSet",
)
# Only counted: 10 KB is their limit, and the load balancer's own session may take 16 KB (User Guide for Application
# Load Balancers, "Authenticate users", on cookies).
# And files may be called orders.bak or x.log, in the pages that look for them too.
COUNTED = {
    "AWSManagedRulesCommonRuleSet": [
        "SizeRestrictions_Cookie_HEADER",
        "RestrictedExtensions_URIPATH",
        "RestrictedExtensions_QUERYARGUMENTS",
    ]
}


class WebAcl(Construct):
    """Blocks what AWS knows to be an attack, and who asks too much; logs what it blocked or counted."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        load_balancer: elbv2.ApplicationLoadBalancer,
        requests_per_five_minutes: int,
        namespace: str,
        logs_key: kms.IKey,
        log_days: int,
        removal: RemovalPolicy,
    ) -> None:
        """`requests_per_five_minutes` are those of one address; `namespace` tells environments of an account apart."""
        super().__init__(scope, id_)
        acl = wafv2.CfnWebACL(
            self,
            "Rules",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visibility("Requests"),
            rules=[
                self._rate_limit(requests_per_five_minutes),
                *(_managed(name, priority) for priority, name in enumerate(MANAGED_RULES, start=1)),
            ],
        )
        wafv2.CfnWebACLAssociation(
            self, "BeforeLoadBalancer", resource_arn=load_balancer.load_balancer_arn, web_acl_arn=acl.attr_arn
        )
        self._log(acl, f"{LOG_PREFIX}{namespace}", logs_key, log_days, removal)

    @staticmethod
    def _rate_limit(requests: int) -> wafv2.CfnWebACL.RuleProperty:
        return wafv2.CfnWebACL.RuleProperty(
            name="RequestsOfOneAddress",
            priority=0,
            action=wafv2.CfnWebACL.RuleActionProperty(block={}),
            statement=wafv2.CfnWebACL.StatementProperty(
                rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                    aggregate_key_type="IP", evaluation_window_sec=300, limit=requests
                )
            ),
            visibility_config=_visibility("RequestsOfOneAddress"),
        )

    def _log(self, acl: wafv2.CfnWebACL, name: str, key: kms.IKey, days: int, removal: RemovalPolicy) -> None:
        group = log_group(self, "Log", key=key, days=days, removal=removal, name=name)
        # Without the ":*" at the end of CloudFormation's own ARN, which AWS WAF refuses. The group's policy for the log
        # delivery is made by AWS (Amazon CloudWatch Logs User Guide, "Enable logging from AWS services").
        arn = Stack.of(self).format_arn(
            service="logs", resource="log-group", arn_format=ArnFormat.COLON_RESOURCE_NAME, resource_name=name
        )
        logging = wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            log_destination_configs=[arn],
            # What passes stands in the load balancer's log.
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
            # Who reads the log could else take over a session.
            redacted_fields=[
                wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": name})
                for name in ("authorization", "cookie")
            ],
        )
        logging.node.add_dependency(group)


def _managed(name: str, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    counted = [
        wafv2.CfnWebACL.RuleActionOverrideProperty(
            name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
        )
        for rule in COUNTED.get(name, [])
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
    # No samples: what the log leaves out of a request they would show, cookies of sessions too (AWS WAF API Reference,
    # "VisibilityConfig"); what was stopped stands in the log.
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=metric, sampled_requests_enabled=False
    )
