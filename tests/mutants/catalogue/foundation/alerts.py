"""Publishers and receivers of alerts."""

from tests.mutants.mutant import Mutant

FOUNDATION = "tests/stacks/foundation/test_foundation.py"

MUTANTS = (
    Mutant(
        name="the alerts topic accepts plain HTTP",
        file="components/foundation/alerts.py",
        old="enforce_ssl=True",
        new="enforce_ssl=False",
        test=f"{FOUNDATION}::test_only_cloudwatch_and_rds_publish_alerts_and_only_over_tls[prod]",
        says="aws:SecureTransport",
    ),
    Mutant(
        name="the alerts topic is not encrypted",
        file="components/foundation/alerts.py",
        old='"Topic", master_key=key, ',
        new='"Topic", ',
        test=f"{FOUNDATION}::test_only_cloudwatch_and_rds_publish_alerts_and_only_over_tls[prod]",
        says="KmsMasterKeyId",
    ),
    Mutant(
        name="services may publish to the alerts topic for any account",
        file="components/foundation/alerts.py",
        old="resources=[self.topic.topic_arn],\n"
        '                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},\n',
        new="resources=[self.topic.topic_arn],\n",
        test=f"{FOUNDATION}::test_only_cloudwatch_and_rds_publish_alerts_and_only_over_tls[prod]",
        says="aws:SourceAccount",
    ),
    Mutant(
        name="publishers of alarms may subscribe to the topic",
        file="components/foundation/alerts.py",
        old='actions=["sns:Publish"]',
        new='actions=["sns:Publish", "sns:Subscribe"]',
        test=f"{FOUNDATION}::test_only_cloudwatch_and_rds_publish_alerts_and_only_over_tls[prod]",
        says="sns:Subscribe",
    ),
    Mutant(
        name="the email subscription filters out every alarm",
        file="components/foundation/alerts.py",
        old="subscriptions.EmailSubscription(email)",
        new="subscriptions.EmailSubscription(\n"
        "                    email,\n"
        '                    filter_policy={"severity": sns.SubscriptionFilter.string_filter(allowlist=["high"])},\n'
        "                )",
        test=f"{FOUNDATION}::test_configured_email_addresses_receive_all_alarms",
        says="FilterPolicy",
    ),
)
