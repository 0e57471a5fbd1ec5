"""The Foundation stack."""

import json
from dataclasses import replace
from typing import Any

from config.environments import DEV
from tests.support.contracts.runtimes import listed
from tests.support.foundation import SENDER_ACTIONS, key_policy, log_writers, publishers
from tests.support.promises import has, mentions, refuses_plain_http
from tests.support.synthesis import Synthesized, synthesize
from tests.support.variants import core_of


def test_every_key_rotates(every_environment: Synthesized) -> None:
    keys = every_environment.resources("Foundation", "AWS::KMS::Key")
    assert len(keys) == 3
    for id_, key in keys.items():
        has(id_, key["Properties"], {"EnableKeyRotation": True})


def _services(synthesized: Synthesized) -> list[dict[str, Any]]:
    """The statements with which keys allow services to use them. DescribeKey is harmless, so it is left out."""
    return [
        statement
        for key in synthesized.resources("Foundation", "AWS::KMS::Key").values()
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "Sid" in statement and statement["Action"] != "kms:DescribeKey"
    ]


def test_service_principals_use_keys_for_this_account_only(every_environment: Synthesized) -> None:
    """Except rules of EventBridge, whose requests may lack the account: the next test."""
    for statement in _services(every_environment):
        if statement["Sid"] == "EventBridgeRules":
            continue
        condition = statement.get("Condition", "missing")
        assert "AWS::AccountId" in str(condition), (
            f"{statement['Sid']} allows every account: its Condition is {condition}"
        )
        assert not any("*" in action for action in statement["Action"]), statement["Sid"]
    assert len(_services(synthesize(core_of(every_environment.environment)))) == 4


def test_rules_of_eventbridge_use_the_messages_key_without_a_condition(every_environment: Synthesized) -> None:
    """AWS says that EventBridge supports no account condition with encrypted topics. A refusal would be silent."""
    (rules,) = (statement for statement in _services(every_environment) if statement["Sid"] == "EventBridgeRules")
    assert set(rules["Action"]) == SENDER_ACTIONS
    assert rules["Principal"] == {"Service": "events.amazonaws.com"}
    assert "Condition" not in rules, f"EventBridgeRules has a Condition: {rules['Condition']}"


def test_services_that_may_send_messages_may_use_the_messages_key(every_environment: Synthesized) -> None:
    may_send = {
        service
        for id_, resource in every_environment.everything().items()
        if resource["Type"] in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        for service in listed(statement["Principal"]["Service"])
    }
    assert {"events.amazonaws.com", "cloudwatch.amazonaws.com"} <= may_send
    for service in sorted(may_send):
        allowed = {
            action
            for statement in key_policy(every_environment, "KeysMessages")
            if isinstance(statement["Principal"], dict) and service in listed(statement["Principal"].get("Service"))
            if "kms:EncryptionContext" not in str(statement.get("Condition"))  # archives have one, messages don't
            for action in listed(statement["Action"])
        }
        missing = SENDER_ACTIONS - allowed
        assert not missing, (
            f"{service} may send, but lacks {sorted(missing)} on the messages key: every message is lost"
        )


def test_cloudwatch_logs_may_use_the_logs_key_for_every_log_group(every_environment: Synthesized) -> None:
    """Otherwise log groups fail (CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS")."""
    served = [one for one in key_policy(every_environment, "KeysLogs") if "logs." in json.dumps(one["Principal"])]
    assert served, "no statement of the logs key allows CloudWatch Logs"
    (statement,) = served
    needed = {"kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"}
    missing = (needed | {"kms:DescribeKey"}) - set(statement["Action"])
    assert not missing, f"CloudWatch Logs lacks {sorted(missing)} on the logs key"
    groups = json.dumps(statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"])
    assert groups.endswith(':log-group:*"]]}'), f"the logs key allows only {groups}, must allow every log group"


def test_a_deleted_key_can_be_restored_for_30_days(every_environment: Synthesized) -> None:
    """A deleted key makes everything that it encrypted unreadable, backups included."""
    for id_, key in every_environment.resources("Foundation", "AWS::KMS::Key").items():
        days = key["Properties"].get("PendingWindowInDays", 30)
        assert days >= 30, f"{id_}: PendingWindowInDays is {days}, must be 30"


def test_only_cloudwatch_and_rds_publish_alerts_and_only_over_tls(every_environment: Synthesized) -> None:
    """In an environment without optional capabilities; each of those may add its own publishers."""
    core = synthesize(core_of(every_environment.environment))
    assert [statement["Principal"] for statement in publishers(core)] == [
        {"Service": ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"]}
    ]
    statements = every_environment.only("Foundation", "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    allowed = publishers(every_environment)
    for statement in allowed:
        ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        has(f"the topic's {statement['Sid']}", statement, {"Condition": ours, "Action": "sns:Publish"})
    assert {"Bool": {"aws:SecureTransport": "false"}} in [
        statement["Condition"] for statement in statements if statement["Effect"] == "Deny"
    ], "the topic has no Deny on aws:SecureTransport, so it accepts plain HTTP"
    mentions("the topic", every_environment.only("Foundation", "AWS::SNS::Topic"), {"KmsMasterKeyId": "KeysMessages"})


def test_failed_invocations_are_kept_encrypted_for_14_days(every_environment: Synthesized) -> None:
    queue = every_environment.only("Foundation", "AWS::SQS::Queue")
    mentions("the queue of failed calls", queue, {"KmsMasterKeyId": "KeysMessages"})
    has("the queue of failed calls", queue, {"MessageRetentionPeriod": 14 * 24 * 3600})
    policies = every_environment.resources("Foundation", "AWS::SQS::QueuePolicy").values()
    statements = [one for policy in policies for one in policy["Properties"]["PolicyDocument"]["Statement"]]
    refuses_plain_http("the queue of failed calls", statements)


def test_configured_email_addresses_receive_all_alarms() -> None:
    foundation = replace(DEV.foundation, alert_emails=("ops@example.com",))
    subscription = synthesize(replace(DEV, foundation=foundation)).only("Foundation", "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "ops@example.com")
    # Alarms have no attributes, so a filter on attributes would drop all of them.
    assert "FilterPolicy" not in subscription, f"the subscription has the FilterPolicy {subscription['FilterPolicy']}"


def test_the_log_bucket_uses_the_encryption_that_delivered_logs_need(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Foundation", "AWS::S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_the_log_bucket_is_private_and_accepts_only_tls(every_environment: Synthesized) -> None:
    bucket = every_environment.only("Foundation", "AWS::S3::Bucket")
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    has("the log bucket", bucket["PublicAccessBlockConfiguration"], dict.fromkeys(blocked, True))
    owner = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    has("the log bucket", bucket, {"VersioningConfiguration": {"Status": "Enabled"}, "OwnershipControls": owner})
    policy = every_environment.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]
    refuses_plain_http("the log bucket", policy["Statement"])
    oldest = [one.get("Condition", {}).get("NumericLessThan", {}).get("s3:TlsVersion") for one in policy["Statement"]]
    assert "1.2" in str(oldest), f"the log bucket must deny s3:TlsVersion below 1.2, and denies those below {oldest}"


def test_access_logs_expire_after_the_configured_days(every_environment: Synthesized) -> None:
    (rule,) = every_environment.only("Foundation", "AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    days = every_environment.environment.foundation.log_bucket_days
    has("the log bucket's lifecycle", rule, {"Status": "Enabled", "ExpirationInDays": days})
    assert not {"Prefix", "Filter", "TagFilters"} & set(rule), (
        f"the log bucket's lifecycle does not apply to all logs: {rule}"
    )
    # An expired object in a versioned bucket becomes a noncurrent version, which is billed until it expires too.
    has("the log bucket's lifecycle", rule, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})


def test_aws_delivers_logs_only_of_this_account(every_environment: Synthesized) -> None:
    """Logs of load balancers support no such condition; its path names the account."""
    policy = every_environment.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]
    for statement in policy["Statement"]:
        if statement["Effect"] == "Allow" and "elasticloadbalancing" not in str(statement["Principal"]):
            account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
            condition = statement.get("Condition", {}).get("StringEquals", {})
            has(f"the log bucket's {statement['Sid']}", condition, account)


def test_the_log_bucket_has_the_statements_that_aws_would_add_for_flow_logs(every_environment: Synthesized) -> None:
    """Without them AWS attaches its own policy, which may replace this one: refusing plain HTTP would be lost.

    Source: Amazon VPC User Guide, "Amazon S3 bucket permissions for flow logs".
    """
    policy = every_environment.only("Foundation", "AWS::S3::BucketPolicy")["PolicyDocument"]
    found = {statement["Sid"]: statement for statement in policy["Statement"] if "Sid" in statement}
    for sid, actions, of_acl in (
        ("AWSLogDeliveryWrite", ["s3:PutObject"], {"s3:x-amz-acl": "bucket-owner-full-control"}),
        ("AWSLogDeliveryAclCheck", ["s3:GetBucketAcl", "s3:ListBucket"], {}),
    ):
        statement = found[sid]
        assert listed(statement["Action"]) == actions
        assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        account = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert statement["Condition"]["StringEquals"] == account | of_acl, sid
        source = every_environment.linked.text(statement["Condition"]["ArnLike"]["aws:SourceArn"], "Foundation")
        assert source == "arn:<Partition>:logs:<Region>:<AccountId>:*", sid


def test_no_bucket_policy_has_an_element_that_stops_aws_from_extending_it(every_environment: Synthesized) -> None:
    """NotAction and NotPrincipal do (Amazon CloudWatch Logs User Guide, "Logs sent to Amazon S3")."""
    for id_, resource in every_environment.everything().items():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            assert not {"NotAction", "NotPrincipal"} & set(str(resource).replace("'", " ").split()), id_


def test_aws_delivers_logs_only_under_its_prefix(every_environment: Synthesized) -> None:
    core = synthesize(core_of(every_environment.environment))
    ((bucket, _),) = core.resources("Foundation", "AWS::S3::Bucket").items()
    arn = f"${{Foundation/{bucket}.Arn}}"
    assert log_writers(core) == {
        "logging.s3.amazonaws.com": f"{arn}/s3/*",
        "delivery.logs.amazonaws.com": f"{arn}/flow/AWSLogs/<AccountId>/*",
    }


def test_the_landing_bucket_logs_under_an_allowed_prefix(every_environment: Synthesized) -> None:
    landing = every_environment.only("Data", "AWS::S3::Bucket")["LoggingConfiguration"]
    assert landing["LogFilePrefix"].startswith("s3/"), f"the landing bucket's LogFilePrefix is {landing}"
