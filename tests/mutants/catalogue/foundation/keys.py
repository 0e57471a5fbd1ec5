"""Rotation and policies of the keys."""

from tests.mutants.mutant import Mutant

EVERY_STACK = "tests/stacks/test_every_stack.py"
FOUNDATION = "tests/stacks/foundation/test_foundation.py"

MUTANTS = (
    Mutant(
        name="keys do not rotate",
        file="components/foundation/keys.py",
        old="enable_key_rotation=True",
        new="enable_key_rotation=False",
        test=f"{FOUNDATION}::test_every_key_rotates[prod]",
        says="EnableKeyRotation",
    ),
    Mutant(
        name="services may use our keys for other accounts",
        file="components/foundation/keys.py",
        old='                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},\n',
        new="",
        test=f"{FOUNDATION}::test_service_principals_use_keys_for_this_account_only[prod]",
        says="SendersOfThisAccount",
    ),
    Mutant(
        name="the logs key names one region",
        file="components/foundation/keys.py",
        old='f"logs.{Aws.REGION}.{Aws.URL_SUFFIX}"',
        new='f"logs.eu-central-1.{Aws.URL_SUFFIX}"',
        test=f"{EVERY_STACK}::test_no_template_hard_codes_a_partition_a_region_or_an_account",
        says="eu-central-1",
    ),
    Mutant(
        name="CloudWatch Logs may not use the logs key",
        file="components/foundation/keys.py",
        old="        self._allow_cloudwatch_logs(self.logs)\n",
        new="",
        test=f"{FOUNDATION}::test_cloudwatch_logs_may_use_the_logs_key_for_every_log_group[prod]",
        says="CloudWatch Logs",
    ),
    Mutant(
        name="EventBridge may not use the messages key",
        file="components/foundation/keys.py",
        old="        self._allow_rules(self.messages)\n",
        new="",
        test=f"{FOUNDATION}::test_services_that_may_send_messages_may_use_the_messages_key[prod]",
        says="events.amazonaws.com",
    ),
    Mutant(
        name="EventBridge must name an account that it may not send",
        file="components/foundation/keys.py",
        old='principals=[iam.ServicePrincipal("events.amazonaws.com")],',
        new='principals=[iam.ServicePrincipal("events.amazonaws.com")],\n'
        '                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},',
        test=f"{FOUNDATION}::test_rules_of_eventbridge_use_the_messages_key_without_a_condition[prod]",
        says="aws:SourceAccount",
    ),
    Mutant(
        name="CloudWatch alarms may not use the messages key",
        file="components/foundation/keys.py",
        old='                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),\n',
        new="",
        test=f"{FOUNDATION}::test_services_that_may_send_messages_may_use_the_messages_key[prod]",
        says="cloudwatch.amazonaws.com",
    ),
    Mutant(
        name="RDS events may not use the messages key",
        file="components/foundation/keys.py",
        old='                    iam.ServicePrincipal("events.rds.amazonaws.com"),\n',
        new="",
        test=f"{FOUNDATION}::test_services_that_may_send_messages_may_use_the_messages_key[prod]",
        says="events.rds.amazonaws.com",
    ),
    Mutant(
        name="senders may not decrypt with the messages key",
        file="components/foundation/keys.py",
        old='                    iam.ServicePrincipal("events.rds.amazonaws.com"),\n'
        "                ],\n"
        '                actions=["kms:Decrypt", "kms:GenerateDataKey"]',
        new='                    iam.ServicePrincipal("events.rds.amazonaws.com"),\n'
        "                ],\n"
        '                actions=["kms:GenerateDataKey"]',
        test=f"{FOUNDATION}::test_services_that_may_send_messages_may_use_the_messages_key[prod]",
        says="kms:Decrypt",
    ),
    Mutant(
        name="senders may use the data key instead of the messages key",
        file="components/foundation/keys.py",
        old="self._allow_senders(self.messages)",
        new="self._allow_senders(self.data)",
        test=f"{FOUNDATION}::test_services_that_may_send_messages_may_use_the_messages_key[prod]",
        says="cloudwatch.amazonaws.com",
    ),
    Mutant(
        name="CloudWatch Logs may not generate data keys",
        file="components/foundation/keys.py",
        old='                    "kms:GenerateDataKey",\n',
        new="",
        test=f"{FOUNDATION}::test_cloudwatch_logs_may_use_the_logs_key_for_every_log_group[prod]",
        says="kms:GenerateDataKey",
    ),
    Mutant(
        name="CloudWatch Logs may not describe the logs key",
        file="components/foundation/keys.py",
        old='                    "kms:DescribeKey",\n',
        new="",
        test=f"{FOUNDATION}::test_cloudwatch_logs_may_use_the_logs_key_for_every_log_group[prod]",
        says="kms:DescribeKey",
    ),
    Mutant(
        name="the logs key allows log groups of one prefix only",
        file="components/foundation/keys.py",
        old=':log-group:*"',
        new=':log-group:orders-*"',
        test=f"{FOUNDATION}::test_cloudwatch_logs_may_use_the_logs_key_for_every_log_group[prod]",
        says="log-group:orders-*",
    ),
    Mutant(
        name="a deleted key can be recovered for a week only",
        file="components/foundation/keys.py",
        old="enable_key_rotation=True",
        new='enable_key_rotation=True, pending_window=__import__("aws_cdk").Duration.days(7)',
        test=f"{FOUNDATION}::test_a_deleted_key_can_be_restored_for_30_days[prod]",
        says="PendingWindowInDays",
    ),
)
